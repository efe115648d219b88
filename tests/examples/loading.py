"""Loads the example's functions and deploys them, as the demo's commands do."""

from __future__ import annotations

from pathlib import Path

import psycopg

from examples.shop.load import SHOP, read_folder, script

Connection = psycopg.Connection[tuple[object, ...]]


def load(session: Connection, folder: str | Path) -> None:
    """Make the schema shop_src hold the functions of the folder."""
    session.execute(script(read_folder(SHOP / folder), schema="shop_src").encode())


def deploy(session: Connection, folder: str, *, prune: bool = False) -> None:
    """Load the functions of the folder and deploy them to prod."""
    load(session, folder)
    session.execute(
        "select stopgap.deploy('prod', 'shop_src', %s, %s)",
        [folder, '{"prune": true}' if prune else "{}"],
    )
