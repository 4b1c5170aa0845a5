"""The history on the command line: of one customer, of all, between runs; and the past made anew."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Run


def test_one_customer_the_newest_first(custrata: Run, lived: Path) -> None:
    ended = custrata("history", "show", "a", "--scheme", "frequency", "-w", lived)
    assert ended.code == 0
    head, *rows = ended.out.splitlines()[1:]
    assert head.split() == ["From", "Until", "Tier", "Status", "Value", "Reason", "Note"]
    assert (rows[-1].startswith("Feb 1, 2025"), " now " in rows[0]) == (True, True)


def test_in_chinese(custrata: Run, lived: Path) -> None:
    ended = custrata("history", "show", "a", "--language", "zh-hans", "-w", lived)
    assert ("购买频率" in ended.out, "至今" in ended.out, "新进入" in ended.out) == (True, True, True)


def test_an_unknown_customer_has_no_history(custrata: Run, lived: Path) -> None:
    assert "No run has graded" in custrata("history", "show", "zz", "-w", lived).out


def test_all_into_a_file(custrata: Run, lived: Path, tmp_path: Path) -> None:
    wrote = {fmt: tmp_path / f"all.{fmt}" for fmt in ("csv", "parquet")}
    for fmt, path in wrote.items():
        assert custrata("history", "export", "--format", fmt, "-o", path, "-w", lived).code == 0
    whole = pq.read_table(wrote["parquet"])
    assert pacsv.read_csv(wrote["csv"]).num_rows == whole.num_rows > 0
    assert {"a", "b", "c"} == set(whole["customer_id"].to_pylist())
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "all.csv",
        "all.parquet",
        "orders.csv",
    ]


@pytest.mark.parametrize("wrong", [("show", "a", "--scheme", "nothing"), ("export", "-o", "x", "--scheme", "nothing")])
def test_an_unknown_scheme_is_named(custrata: Run, lived: Path, wrong: tuple[str, ...]) -> None:
    ended = custrata("history", *wrong, "-w", lived)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (2, "", 1)


def test_a_file_that_cannot_be_written_is_named(custrata: Run, lived: Path) -> None:
    ended = custrata("history", "export", "-o", lived / "no" / "x.parquet", "-w", lived)
    assert (ended.code, "cannot be written" in ended.err) == (2, True)


def test_the_matrix_between_runs_named_by_day_or_id(custrata: Run, lived: Path) -> None:
    first = sorted(path.name for path in (lived / "derived" / "runs").iterdir())[0]
    by_day = custrata("history", "matrix", "value", "--from", "2025-02-10", "-w", lived)
    by_id = custrata("history", "matrix", "value", "--from", first, "-w", lived)
    assert (by_day.code, by_day.out) == (0, by_id.out)
    assert by_day.out.splitlines()[0].endswith("Feb 1, 2025 → Mar 2, 2025")


@pytest.mark.parametrize(
    ("start", "message"), [("nonsense", "not a date either"), ("2020-01-01", "No run up to 2020-01-01")]
)
def test_a_run_that_is_not_there_is_named(custrata: Run, lived: Path, start: str, message: str) -> None:
    ended = custrata("history", "matrix", "value", "--from", start, "-w", lived)
    assert (ended.code, message in ended.err) == (2, True)


def test_stays_and_movers(custrata: Run, lived: Path) -> None:
    assert "Still there after 365 days" in custrata("history", "stays", "value", "-w", lived).out
    assert custrata("history", "movers", "value", "--most", "3", "-w", lived).code == 0


def test_rebuilding_tells_what_it_did_and_a_second_time_nothing(custrata: Run, lived: Path) -> None:
    first = custrata("history", "rebuild", "--from", date(2025, 1, 10), "--every", "month", "-w", lived)
    assert (first.code, "Graded 2 runs again, from Mar 1, 2025 to Mar 2, 2025." in first.out) == (0, True)
    assert "Nothing changed" in custrata("history", "rebuild", "--from", "2025-01-10", "-w", lived).out


def test_without_a_run_there_is_nothing_to_tell(custrata: Run, shop: Path) -> None:
    assert custrata("history", "stays", "value", "-w", shop).code == 1
