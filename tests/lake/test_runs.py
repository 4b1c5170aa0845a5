"""Runs: drafts are invisible, publishing is atomic, and the list is ordered by the instant of the run."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custrata.engine import DuckEngine
from custrata.lake import Busy, Damaged, NoSuchRunTable, Run, Runs, Stage, Workspace
from tests.lake.facts import AT, day

PEOPLE = pa.table({"customer_id": ["Ann", "Bob", None], "since": [AT, AT, None], "net": [Decimal("1.50")] * 3})


@pytest.fixture
def runs(workspace: Workspace) -> Runs:
    """The runs of a workspace that has none."""
    return workspace.runs


def publish(runs: Runs, as_of: datetime, *supersedes: str, **record: Any) -> Run:
    """Publish a run of one table, of people."""
    with runs.draft() as draft:
        pq.write_table(PEOPLE, draft / "profile.parquet")
        return runs.publish(draft, {"as_of": as_of, **record}, supersedes=supersedes)


def test_a_published_run_is_read_back(runs: Runs, duck: DuckEngine) -> None:
    run = publish(runs, day(2))
    assert runs.published() == run
    assert (run.as_of, run.folder.parent) == (day(2), runs.folder / "runs")
    assert duck.arrow(run.read("profile", duck))["net"].to_pylist() == [Decimal("1.50")] * 3


def test_no_run_is_published_at_first(runs: Runs) -> None:
    assert (runs.published(), runs.all()) == (None, [])


def test_runs_are_listed_by_what_they_look_at_and_the_latest_is_current(runs: Runs) -> None:
    published = [publish(runs, day(number)) for number in (3, 1, 2)]
    assert [run.as_of for run in runs.all()] == [day(1), day(2), day(3)]
    assert runs.published() == published[0]


def test_a_record_keeps_decimals_and_days_as_text(runs: Runs) -> None:
    run = publish(runs, day(2), cut=Decimal("250.150"), first=date(2025, 1, 31), at=AT, tiers=["金", None], n=3)
    expected = {
        "cut": "250.150",
        "first": "2025-01-31",
        "at": "2025-03-01T08:00:00+00:00",
        "tiers": ["金", None],
        "n": 3,
    }
    assert runs.all()[0].record == {"as_of": "2025-03-02T00:00:00+00:00", **expected} == run.record


def test_the_instant_may_be_given_as_text(runs: Runs) -> None:
    with runs.draft() as draft:
        assert runs.publish(draft, {"as_of": "2025-03-02T08:00:00+08:00"}).as_of == day(2)


def test_superseded_runs_leave_list_and_disk(runs: Runs) -> None:
    old, other = publish(runs, day(2)), publish(runs, day(1))
    new = publish(runs, day(2), old.id)
    assert runs.all() == [other, new]
    assert sorted(runs.folder.glob("runs/*")) == sorted([other.folder, new.folder])


def test_a_draft_that_is_not_published_is_removed(runs: Runs) -> None:
    with runs.draft() as draft:
        pq.write_table(PEOPLE, draft / "profile.parquet")
        assert runs.published() is None
    assert not draft.exists()


def test_an_error_while_drafting_publishes_nothing(runs: Runs) -> None:
    before = publish(runs, day(1))
    with pytest.raises(ZeroDivisionError), runs.draft() as draft:
        draft.joinpath("profile.parquet").write_bytes(b"%d" % (1 // 0))
    assert (runs.all(), runs.published()) == ([before], before)


def test_the_next_draft_removes_files_of_killed_refreshes(runs: Runs) -> None:
    run = publish(runs, day(1))
    for left in (".draft-dead", "runs/20250301T000000Z-dead"):
        (runs.folder / left).mkdir()
    (run.folder / "profile.parquet.new").touch()
    with runs.draft() as draft:
        assert sorted(path.name for path in runs.folder.rglob("*dead*")) == []
        assert draft.exists()
    assert {path.name for path in run.folder.iterdir()} == {".sums.json", "profile.parquet", "run.json"}


def test_one_refresh_at_a_time(runs: Runs) -> None:
    with runs.draft() as draft, pytest.raises(Busy), runs.draft():
        pass
    assert not draft.exists()


def test_refuses_a_table_the_run_does_not_hold(runs: Runs, duck: DuckEngine) -> None:
    run = publish(runs, day(1))
    with pytest.raises(NoSuchRunTable, match="no table “baskets”"):
        run.read("baskets", duck)


def test_a_customer_leaves_every_run(runs: Runs, duck: DuckEngine) -> None:
    published = [publish(runs, day(number)) for number in (1, 2)]
    assert runs.remove_customers("Ann") == 2
    for run in published:
        assert duck.arrow(run.read("profile", duck)).to_pylist() == PEOPLE.to_pylist()[1:]
        assert {path.name for path in run.folder.iterdir()} == {".sums.json", "profile.parquet", "run.json"}


def test_runs_without_the_customer_stay_as_they_are(runs: Runs) -> None:
    run = publish(runs, day(1))
    pq.write_table(pa.table({"day": [1]}), run.folder / "curve.parquet")
    before = {path: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    assert runs.remove_customers("O'Neil") == 0
    assert {path: path.stat().st_mtime_ns for path in run.folder.iterdir()} == before


def test_refuses_a_damaged_pointer(runs: Runs) -> None:
    publish(runs, day(1))
    (runs.folder / "published.json").write_text("{")
    with pytest.raises(Damaged, match=r"published\.json cannot be read"):
        runs.all()


def test_refuses_a_run_whose_record_is_gone(runs: Runs) -> None:
    (publish(runs, day(1)).folder / "run.json").unlink()
    with pytest.raises(Damaged, match=r"run\.json cannot be read"):
        runs.published()


def test_staged_runs_appear_together(runs: Runs) -> None:
    old, other = publish(runs, day(1)), publish(runs, day(3))
    with runs.staging(at=AT) as stage:
        new_runs = [staged(stage, day(number)) for number in (1, 2)]
        assert (runs.all(), stage.all()) == ([old, other], [*new_runs, other])
        assert runs.rebuilding() == AT
    assert (runs.all(), runs.rebuilding(), old.folder.exists()) == ([*new_runs, other], None, False)


def test_what_was_staged_before_an_error_waits_for_the_next_stage(runs: Runs) -> None:
    old = publish(runs, day(1))
    interrupted = stopped(runs)
    publish(runs, day(2))
    assert (runs.all()[0], interrupted.folder.exists()) == (old, True)
    with runs.staging(at=AT) as stage:
        waiting = stage.waiting(day(1))
        assert waiting == interrupted
        stage.take(interrupted)
    assert (runs.all()[0], old.folder.exists()) == (interrupted, False)


def test_what_no_stage_takes_is_removed(runs: Runs) -> None:
    interrupted = stopped(runs)
    with runs.staging(at=AT):
        pass
    assert (interrupted.folder.exists(), runs.all()) == (False, [])


def stopped(runs: Runs) -> Run:
    """Stage a run, and stop by an error."""
    interrupted: list[Run] = []
    with suppress(ZeroDivisionError), runs.staging(at=AT) as stage:
        interrupted.append(staged(stage, day(1)))
        assert 1 // 0
    return interrupted[0]


def staged(stage: Stage, as_of: datetime) -> Run:
    """Put a run of one table on a stage."""
    with stage.draft() as draft:
        pq.write_table(PEOPLE, draft / "profile.parquet")
        return stage.publish(draft, {"as_of": as_of})
