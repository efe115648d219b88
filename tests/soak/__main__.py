"""The soak, from the shell: `make soak`, or `make soak SOAK='--minutes 120'`."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.soak.run import Outcome, soak


def main() -> int:
    """Run the soak; 0 where nothing grew, failed or crashed."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--sessions", type=int, default=3, help="that call functions")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="stopgap-soak-"))
    folder.chmod(0o755)
    print(f"seed {given.seed}, {given.minutes:g} minutes", flush=True)
    try:
        outcome = soak(
            folder,
            seconds=given.minutes * 60,
            sessions=given.sessions,
            seed=given.seed,
        )
    finally:
        shutil.rmtree(folder)
    _show(outcome)
    return 0 if outcome.is_clean else 1


def _show(outcome: Outcome) -> None:
    for name, count in sorted(outcome.done.items()):
        print(f"{count:>9,}  {name}")
    for state, count in sorted(outcome.ended.items()):
        print(f"{count:>9,}  ended with {state}")
    print(f"{outcome.canceled:>9,}  cancels, {outcome.terminated:,} terminations")
    for first, last in outcome.private_kb:
        print(f"private memory {first:,} kB, in the end {last:,} kB")
    for failure in outcome.failures:
        print(f"failed: {failure}")
    if not outcome.judged:
        print("it was too short to tell whether anything grows")
    print("clean" if outcome.is_clean else "not clean")


if __name__ == "__main__":
    sys.exit(main())
