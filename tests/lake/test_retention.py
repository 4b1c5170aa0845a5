"""Which runs are removed, which stay, and what is left of those that were removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.errors import BadInput
from custrata.lake import Busy, Damaged, Run, Runs, Workspace
from custrata.lake.retention import compacting_share, days_kept, instant_of, runs_to_remove
from tests.lake.conftest import StartWorker
from tests.lake.facts import AT
from tests.lake.jobs import hold_reading_runs, remove_runs_on, stray_files

START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = st.lists(st.integers(0, 1500), unique=True, max_size=60).map(sorted)


def id_of(day: int) -> str:
    return f"{START + timedelta(days=day):%Y%m%dT%H%M%S%fZ}-aaaa"


def publish_run(runs: Runs, day: int, before: str | None = None) -> Run:
    """A run of two tables."""
    with runs.draft() as draft:
        for name in ("profile", "changes"):
            pq.write_table(pa.table({"customer_id": ["a", "b"], "day": [day, day]}), draft / f"{name}.parquet")
        return runs.publish(draft, {"as_of": START + timedelta(days=day), "before": before})


@pytest.fixture
def chain(workspace: Workspace) -> list[Run]:
    """Five runs, each made from the one before."""
    runs: list[Run] = []
    for day in range(5):
        runs.append(publish_run(workspace.runs, day, runs[-1].id if runs else None))
    return runs


def remove_runs(runs: Runs, *some: Run) -> None:
    runs.reduce_to_traces({run.id: {"as_of": run.as_of} for run in some})


@given(DAYS, st.integers(1, 400))
def test_the_first_the_last_two_the_recent_and_one_of_each_month_stay(days: list[int], retention: int) -> None:
    ids = [id_of(day) for day in days]
    gone = set(runs_to_remove(ids, days=retention, zone="UTC"))
    stay = [run for run in ids if run not in gone]
    assert {*ids[:1], *ids[-2:]} <= set(stay)
    assert all(days[-1] - day > retention for day, run in zip(days, ids, strict=True) if run in gone)
    moment = timedelta(microseconds=1)
    months = [{f"{instant_of(run) - moment:%Y-%m}" for run in some} for some in (ids, stay)]
    assert months[0] == months[1]
    assert runs_to_remove(stay, days=retention, zone="UTC") == []


def test_a_run_at_the_start_of_a_month_closes_the_month_before_in_the_zone() -> None:
    ids = ["20240115T000000000000Z-a", "20240130T160000000000Z-b", "20240131T160000000000Z-c", id_of(300), id_of(301)]
    assert runs_to_remove(ids, days=60, zone="Asia/Shanghai") == [ids[1]]
    assert runs_to_remove(ids, days=60, zone="UTC") == [ids[1]]
    assert runs_to_remove(ids, days=None, zone="UTC") == []


@pytest.mark.parametrize("value", ["", "0", "-1", "1.5", "36501", "1e5", "99999999999", "sixty", "６０"])
def test_what_is_no_number_of_days_is_refused(value: str) -> None:
    with pytest.raises(BadInput):
        days_kept(value)


@pytest.mark.parametrize("value", ["", "0%", "50", "1001%", "1e9%", "-5%", "5.5%", "always"])
def test_what_is_no_share_is_refused(value: str) -> None:
    with pytest.raises(BadInput):
        compacting_share(value)


def test_a_removed_run_leaves_its_changes_and_a_short_record(workspace: Workspace, chain: list[Run]) -> None:
    runs = workspace.runs
    remove_runs(runs, chain[1], chain[2])
    assert [run.id for run in runs.all()] == [chain[at].id for at in (0, 3, 4)]
    assert [run.id for run in runs.history()] == [run.id for run in chain]
    assert runs.traces() == (chain[1].id, chain[2].id)
    assert sorted(path.name for path in chain[1].folder.iterdir()) == ["changes.parquet", "trace.json"]
    with pytest.raises(Damaged):
        runs.run(chain[1].id)


def test_the_current_run_is_never_removed(workspace: Workspace, chain: list[Run]) -> None:
    remove_runs(workspace.runs, chain[-1])
    assert workspace.runs.published() == chain[-1]


def test_traces_leave_with_a_run_that_goes_on_from_before_them(workspace: Workspace, chain: list[Run]) -> None:
    remove_runs(workspace.runs, chain[1], chain[3])
    with workspace.runs.draft() as draft:
        pq.write_table(pa.table({"customer_id": ["a"]}), draft / "changes.parquet")
        record = {"as_of": chain[4].as_of, "before": chain[2].id}
        anew = workspace.runs.publish(draft, record, supersedes=[chain[4].id])
    assert workspace.runs.history_ids() == (*(chain[at].id for at in (0, 1, 2)), anew.id)
    assert not chain[3].folder.exists()


def test_nothing_is_removed_while_a_rebuilding_was_stopped(workspace: Workspace, chain: list[Run]) -> None:
    def stopped() -> None:
        with workspace.runs.staging(at=AT) as stage, stage.draft() as draft:
            pq.write_table(pa.table({"customer_id": ["a"]}), draft / "changes.parquet")
            stage.publish(draft, {"as_of": chain[1].as_of})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    remove_runs(workspace.runs, chain[1])
    assert workspace.runs.traces() == ()


def test_an_erasure_reaches_the_changes_of_removed_runs(workspace: Workspace, chain: list[Run]) -> None:
    remove_runs(workspace.runs, chain[1])
    workspace.runs.remove_customers("a")
    assert pq.read_table(chain[1].folder / "changes.parquet")["customer_id"].to_pylist() == ["b"]


def test_files_of_a_removed_run_stay_for_who_is_reading(
    workspace: Workspace, start: StartWorker, chain: list[Run]
) -> None:
    reader = start(hold_reading_runs)
    assert reader.receive() == "in"
    remove_runs(workspace.runs, chain[1])
    assert pq.read_table(chain[1].folder / "profile.parquet").num_rows == 2
    reader.line.send("enough")
    assert reader.receive() == "out"
    workspace.runs.clear()
    assert not (chain[1].folder / "profile.parquet").exists()


def test_only_one_refresh_removes_runs_at_a_time(workspace: Workspace, chain: list[Run]) -> None:
    with workspace.runs.draft(), pytest.raises(Busy):
        remove_runs(workspace.runs, chain[1])


def test_killed_while_it_removes_runs_each_is_whole_or_a_trace(workspace: Workspace, start: StartWorker) -> None:
    before = [publish_run(workspace.runs, day).id for day in range(12)]
    for _ in range(12):
        worker = start(remove_runs_on)
        worker.receive()
        worker.kill()
        stray_files(workspace.runs, before)
    workspace.runs.clear()
    assert stray_files(workspace.runs, before) == []
