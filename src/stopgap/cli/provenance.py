"""Provenance of a deploy, as far as git and the common CI systems tell."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from stopgap.errors import UsageError

MessageOption = Annotated[
    str | None,
    typer.Option("--message", metavar="TEXT", help="Why: kept with the deployment."),
]
SourcesOption = Annotated[
    Path | None,
    typer.Option(
        "--sources",
        metavar="DIR",
        help="Folder that the schema was written from: record the commit it is of.",
    ),
]
NoProvenanceOption = Annotated[
    bool,
    typer.Option("--no-provenance", help="Do not record what git and the CI tell."),
]

_GIT_SECONDS = 10
_MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class _System:
    """A CI system: how it is known, and the variables that it sets."""

    name: str
    mark: str
    # A URL with the names of variables in braces.
    url: str
    commit: str
    # The first that is set.
    branch: tuple[str, ...]


_SYSTEMS = (
    _System(
        "github",
        "GITHUB_ACTIONS",
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
        "GITHUB_SHA",
        ("GITHUB_HEAD_REF", "GITHUB_REF_NAME"),
    ),
    _System(
        "gitlab", "GITLAB_CI", "{CI_JOB_URL}", "CI_COMMIT_SHA", ("CI_COMMIT_REF_NAME",)
    ),
    _System("jenkins", "JENKINS_URL", "{BUILD_URL}", "GIT_COMMIT", ("GIT_BRANCH",)),
    _System(
        "circleci", "CIRCLECI", "{CIRCLE_BUILD_URL}", "CIRCLE_SHA1", ("CIRCLE_BRANCH",)
    ),
    _System(
        "buildkite",
        "BUILDKITE",
        "{BUILDKITE_BUILD_URL}",
        "BUILDKITE_COMMIT",
        ("BUILDKITE_BRANCH",),
    ),
    _System(
        "azure",
        "TF_BUILD",
        "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
        "BUILD_SOURCEVERSION",
        ("BUILD_SOURCEBRANCHNAME",),
    ),
)


def gather(
    message: str | None,
    *,
    no_provenance: bool = False,
    variables: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> dict[str, object]:
    """Return what is known of where the sources come from, for stopgap.deploy()."""
    found: dict[str, object] = {}
    if not no_provenance:
        # What the CI says of its checkout wins: that is often on no branch.
        found = {**_git(folder or Path.cwd()), **_ci(variables)}
    if message is not None:
        found["message"] = _text(message)
    return found


def of_schema(
    message: str | None, sources: Path | None, *, no_provenance: bool = False
) -> dict[str, object]:
    """Return where the functions of a schema come from, as far as anybody says so.

    They are the database's: the folder and the checkout here may be of something else.
    """
    if sources is None:
        return ci_only(message, no_provenance=no_provenance)
    if no_provenance:
        raise UsageError("--sources and --no-provenance exclude each other")
    if not sources.is_dir():
        raise UsageError(f"{sources} is no folder", hint="--sources names one")
    found = gather(message, folder=sources)
    if "git_commit" not in found:
        raise UsageError(
            f"{sources} is of no commit that git knows",
            hint="leave --sources out, or commit what is deployed",
        )
    return found


def ci_only(message: str | None, *, no_provenance: bool = False) -> dict[str, object]:
    """Return who runs this, without where sources come from: they are not from here."""
    found = {} if no_provenance else _ci(os.environ)
    kept = {key: value for key, value in found.items() if key in ("ci", "ci_url")}
    return kept if message is None else {**kept, "message": _text(message)}


def _ci(variables: Mapping[str, str]) -> dict[str, object]:
    system = next((each for each in _SYSTEMS if variables.get(each.mark)), None)
    if system is None:
        return {}
    try:
        url = system.url.format_map(variables)
    except KeyError:
        url = ""
    told = {
        "ci": system.name,
        "ci_url": url,
        "git_commit": variables.get(system.commit, ""),
        "git_branch": next(filter(None, map(variables.get, system.branch)), ""),
    }
    return {key: _text(text)[:_MAX_TEXT] for key, text in told.items() if text}


def _text(text: str) -> str:
    """Return a text without what its encoding could not read."""
    return text.encode(errors="replace").decode()


def _git(folder: Path) -> dict[str, object]:
    program = shutil.which("git")
    if program is None:
        return {}
    commit = _ask(program, folder, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return {}
    found: dict[str, object] = {"git_commit": commit}
    branch = _ask(program, folder, "symbolic-ref", "--short", "-q", "HEAD")
    if branch:
        found["git_branch"] = branch[:_MAX_TEXT]
    changes = _ask(program, folder, "status", "--porcelain", "--", ".")
    if changes is not None:
        found["git_dirty"] = changes != ""
    return found


def _ask(program: str, folder: Path, *arguments: str) -> str | None:
    """Return what git answers, None where it fails. A repository's hooks do not run."""
    try:
        done = subprocess.run(
            [program, "-c", "core.fsmonitor=false", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
