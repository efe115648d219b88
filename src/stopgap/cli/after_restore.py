"""stopgap after-restore: put right what a restore or a template left out."""

from __future__ import annotations

from stopgap.cli.options import DbOption, DirOption, Output, OutputOption
from stopgap.cli.render import print_human, print_json
from stopgap.cli.session import open_client
from stopgap.engine.words import counted


def after_restore(
    db: DbOption = None,
    directory: DirOption = None,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Put right what a restore, or a template, left out. For superusers.

    Gives stopgap_owner back CREATE on the database, the live schemas and their
    functions, and adds the foreign keys. Doing it again changes nothing.
    """
    is_json = output is Output.JSON
    with open_client(db, directory, quiet=is_json) as client:
        done = client.after_restore()
    if is_json:
        print_json({"command": "after-restore", **done})
    else:
        print_human(
            f"Database {done['database']} is in order: "
            f"{counted(len(done['live_schemas']), 'live schema')}, "
            f"{counted(len(done['functions']), 'function')} given to stopgap_owner"
        )
