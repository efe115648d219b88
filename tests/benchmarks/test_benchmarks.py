"""The benchmarks: they run, they check what they time, and their sums are right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.result import Aim, Row, WrongResult
from benchmarks.timing import calibrate, compete


@pytest.mark.slow
def test_every_benchmark_measures_ours(tmp_path: Path) -> None:
    file = tmp_path / "result.json"

    exit_code = main(["--quick", "--json", str(file)])

    rows = json.loads(file.read_text())["rows"]
    assert {row["name"]: row["failures"] for row in rows if row["failures"]} == {}
    assert [row["name"] for row in rows if "plts" not in row["values"]] == []
    assert exit_code == 0


def test_the_names_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0

    assert {"int-to-int", "first-call", "deploy-1000"} <= set(
        capsys.readouterr().out.split()
    )


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--only", "nothing"])

    assert ended.value.code == 2
    assert "no benchmark is called nothing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("aim", "values", "reached"),
    [
        (Aim(1.5), {"plts": 1.5}, True),
        (Aim(1.5), {"plts": 1.6}, False),
        (Aim(1.5), {"plpgsql": 1.0}, None),
        (Aim(2.0, times="plpgsql"), {"plts": 4.0, "plpgsql": 2.0}, True),
        (Aim(2.0, times="plpgsql"), {"plts": 4.1, "plpgsql": 2.0}, False),
        (Aim(2.0, times="plpgsql"), {"plts": 4.0}, None),
    ],
)
def test_an_aim_is_reached(
    aim: Aim, values: dict[str, float], reached: bool | None
) -> None:
    assert aim.reached(values) is reached


def test_a_ratio_is_to_the_peer_that_the_aim_names() -> None:
    values = {"plts": 3.0, "plpgsql": 1.0, "plpython": 6.0}

    row = Row("rows", "rows", "ms", values, aim=Aim(0.5, times="plpython"))

    assert row.ratio() == 0.5


def test_contestants_take_turns_and_get_their_medians() -> None:
    turns: list[str] = []
    samples = {"one": [3.0, 1.0, 2.0], "two": [6.0, 5.0, 4.0]}

    def take(name: str) -> float:
        turns.append(name)
        return samples[name].pop()

    outcome = compete(
        {"one": lambda: lambda: take("one"), "two": lambda: lambda: take("two")},
        repetitions=3,
    )

    assert outcome.values == {"one": 2.0, "two": 5.0}
    assert turns == ["one", "two"] * 3


def test_a_contestant_that_fails_is_out_and_says_why() -> None:
    def fail() -> float:
        raise WrongResult("it is 2, not 3")

    outcome = compete({"bad": lambda: fail, "good": lambda: lambda: 1.0}, repetitions=2)

    assert outcome.values == {"good": 1.0}
    assert outcome.failures == {"bad": "it is 2, not 3"}


def test_a_run_is_calibrated_to_last_as_long_as_it_should() -> None:
    calls = calibrate(lambda calls: 0.002 + calls * 0.001, seconds=0.1)

    assert 80 <= calls <= 120
