"""stopgap export: write a deployment into a file, for another database."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from stopgap.bundle_file import write_bundle
from stopgap.cli.options import (
    DbOption,
    DirOption,
    EnvOption,
    Output,
    OutputOption,
    check_bigint,
)
from stopgap.cli.render import print_human, print_json, print_talk, progress, table
from stopgap.cli.session import open_client
from stopgap.engine.words import counted
from stopgap.errors import UsageError
from stopgap.output_file import is_standard_output


def export_(
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="FILE", help="File to write; - is standard output."
        ),
    ],
    db: DbOption = None,
    directory: DirOption = None,
    env: EnvOption = "prod",
    deployment: Annotated[
        int | None,
        typer.Option(
            "--deployment",
            metavar="DEPLOYMENT_ID",
            callback=check_bigint,
            help="Which deployment.  [default: what the environment runs]",
            show_default=False,
        ),
    ] = None,
    sign_key: Annotated[
        Path | None,
        typer.Option(
            "--sign-key", metavar="FILE", help="Sign with this ed25519 key (PEM)."
        ),
    ] = None,
    output: OutputOption = Output.HUMAN,
) -> None:
    """Write a deployment with its sources into one file.

    `stopgap import` deploys it to another database.
    """
    is_json = output is Output.JSON
    to_stdout = is_standard_output(out)
    if is_json and to_stdout:
        raise UsageError(
            "the bundle and the answer cannot both go to standard output",
            hint="name a file with --out, or leave --output json out",
        )
    with (
        open_client(db, directory, quiet=is_json) as client,
        progress(f"exporting {env}", quiet=is_json),
    ):
        bundle = client.export_deployment(env, deployment)
        write_bundle(out, bundle, sign_key=sign_key)
    exported = bundle["deployment"]
    skipped = list(bundle.get("skipped") or ())
    if is_json:
        print_json(
            {
                "command": "export",
                "env": env,
                "deployment_id": exported["id"],
                "out": str(out),
                "digest": bundle["digest"],
                "signed": sign_key is not None,
                "skipped": skipped,
            }
        )
    else:
        wrote = (
            f"Wrote deployment {exported['id']} of {env} to {out}: "
            f"{counted(len(bundle['functions']), 'function')}"
            + (", signed" if sign_key else "")
        )
        if to_stdout:
            print_talk(wrote)
            return
        command = f"stopgap import --env ENV {shlex.quote(str(out))}"
        print_human(wrote, f"To deploy it: {command}")
        if skipped:
            rows = [(each["fn_name"], each["reason"]) for each in skipped]
            print_human("", table(("skipped", "why"), rows))
