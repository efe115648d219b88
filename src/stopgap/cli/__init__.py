"""The command line: `stopgap <verb>`, one verb a file."""

from __future__ import annotations

from stopgap.cli.app import main

__all__ = ["main"]
