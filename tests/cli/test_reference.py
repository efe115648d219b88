"""The reference of the command line is what the command line says of itself."""

from __future__ import annotations

import generate_cli_reference


def test_the_reference_is_current() -> None:
    assert generate_cli_reference.REFERENCE.read_text() == (
        generate_cli_reference.render()
    ), "run `make fmt`"
