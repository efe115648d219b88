"""Private PostgreSQL servers: built from the machine's own binaries, changing none.

`tree` makes the PostgreSQL installation, `account` chooses who runs it, `cluster` runs
one data folder, and `local` is the server that `stopgap up` keeps for a project.
"""

from __future__ import annotations

from stopgap.server.account import Account, server_account
from stopgap.server.cluster import Cluster
from stopgap.server.local import LocalServer, find_local_dsn
from stopgap.server.tree import Tree, build_tree

__all__ = [
    "Account",
    "Cluster",
    "LocalServer",
    "Tree",
    "build_tree",
    "find_local_dsn",
    "server_account",
]
