"""Retention and compaction leave the history unchanged."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from custrata.engine import DuckEngine
from custrata.ingest import import_file
from custrata.lake import Busy, Workspace
from custrata.pipeline import rebuild, verify, withdraw
from custrata.pipeline.reading import NoSuchRun, RunRemoved, collect, history_of, moved_between, reading, stays
from custrata.pipeline.upkeep import compact_if_due, disk_use, retain, tidy
from custrata.pipeline.verifying import RunBeforeRemoved
from tests.pipeline.conftest import AT, opened, shop, stock
from tests.pipeline.lives import SIZE, VIP, intervals_of, order, publish, run_at

DAYS = (
    *("2024-09-10", "2024-09-20", "2024-09-25", "2024-10-05", "2024-10-15"),
    *("2024-10-25", "2025-01-05", "2025-03-01", "2025-03-02"),
)
# The run of 5 October is the first that graded by `size`: how long customers stay is counted from it on.
REMOVED = ("20240920", "20241015")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, duck: DuckEngine) -> Workspace:
    """Forty customers over nine runs, `size` published at the fourth."""
    workspace = opened(tmp_path_factory.mktemp("lived"))
    stock(workspace, duck, shop(40))
    publish(workspace, VIP)
    for place, day in enumerate(DAYS):
        if place == 3:
            publish(workspace, VIP, SIZE)
        run_at(workspace, duck, day)
    return workspace


@pytest.fixture
def lived(graded: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it."""
    return Workspace.open(shutil.copytree(graded.folder, tmp_path / "lived"))


def removed(workspace: Workspace) -> tuple[str, ...]:
    return tuple(run[:8] for run in workspace.runs.traces())


def test_history_and_stays_are_the_same_when_runs_are_removed(lived: Workspace) -> None:
    before = intervals_of(lived), stays(lived, "vip"), stays(lived, "size"), history_of(lived, "c3")
    done = retain(lived)
    assert (removed(lived), len(done.runs), done.freed > 0) == (REMOVED, 2, True)
    assert (intervals_of(lived), stays(lived, "vip"), stays(lived, "size"), history_of(lived, "c3")) == before
    assert retain(lived).runs == ()


def test_curves_go_on_with_the_moves_and_marks_over_what_was_removed(lived: Workspace) -> None:
    retain(lived)
    run = next(run for run in lived.runs.all() if run.id.startswith("20241025"))
    data = collect.collect(lived, run, "en")
    vip = next(scheme for scheme in data.schemes if scheme.key == "vip")
    assert len(vip.history) == 4
    before = lived.runs.all()[2]
    assert run.record["before"] in lived.runs.traces()
    assert [vars(move) for move in vip.moves] == [vars(move) for move in moved_between(before, run, "vip")]
    assert sum(move.customers for move in vip.moves if move.target) == data.headline.customers.now


def test_a_removed_run_is_named_where_it_is_asked_for(lived: Workspace, duck: DuckEngine) -> None:
    old = reading(lived, lived.runs.ids()[4])
    assert old is not None
    retain(lived)
    with pytest.raises(RunRemoved, match="was removed"):
        reading(lived, lived.runs.traces()[1])
    with pytest.raises(RunRemoved):
        old.customers(columns=("spend",))
    with pytest.raises(NoSuchRun, match="no run"):
        reading(lived, "20200101T000000000000Z-00000000")
    follower = next(run for run in lived.runs.all() if run.id.startswith("20241025"))
    with pytest.raises(RunBeforeRemoved):
        verify(lived, duck, follower.id)


def test_rebuilding_says_how_many_removed_runs_leave_the_history(lived: Workspace, duck: DuckEngine) -> None:
    retain(lived)
    done = rebuild(lived, duck, at=AT)
    assert (done.traces, lived.runs.traces()) == (2, ())
    assert {run.id[:8] for run in done.runs} >= {"20241001", "20241025", "20250302"}


def test_withdrawing_an_old_run_takes_what_was_removed_after_it_along(lived: Workspace, duck: DuckEngine) -> None:
    retain(lived)
    second = lived.runs.ids()[1]
    assert second.startswith("20240925")
    assert withdraw(lived, duck, second, at=AT).traces == 2
    for rows in intervals_of(lived).values():
        assert rows[-1]["valid_until"] is None


def test_a_refresh_after_runs_were_removed_goes_on_as_if_they_were_there(lived: Workspace, duck: DuckEngine) -> None:
    retain(lived)
    run = run_at(lived, duck, "2025-04-01")
    assert (removed(lived), run.record["before"]) == (REMOVED, lived.runs.ids()[-2])


def test_compacting_leaves_a_run_that_can_still_be_verified(lived: Workspace, duck: DuckEngine) -> None:
    for number in range(3):
        stock(lived, duck, [order("late", f"2025-03-0{number + 1}")])
    run = run_at(lived, duck, "2025-04-01")
    tidy(lived, at=AT)
    verification = verify(lived, duck, run.id)
    assert (verification.equal, verification.facts) == (True, True)


def test_disk_use_tells_beforehand_what_is_freed(lived: Workspace, duck: DuckEngine) -> None:
    for number in range(3):
        stock(lived, duck, [order("c1", "2025-01-01", amount=number + 1)])
    before = disk_use(lived, at=AT)
    done = tidy(lived, at=AT)
    after = disk_use(lived, at=AT)
    assert (before.expendable, after.expendable, len(done.runs)) == (2, 0, 2)
    assert before.parts["runs"] - after.parts["runs"] == pytest.approx(before.freeable["runs"], rel=0.3)
    assert (before.freeable["dead"] > 0, after.parts["dead"]) == (True, 0)
    folder = sum(path.stat().st_size for path in lived.folder.rglob("*") if path.is_file())
    assert after.total == folder
    assert before.total - after.total == pytest.approx(done.total, rel=0.1)


def test_an_empty_workspace_takes_next_to_nothing_and_has_nothing_to_free(workspace: Workspace) -> None:
    use = disk_use(workspace, at=AT)
    assert (use.parts["facts"], use.expendable, sum(use.freeable.values())) == (0, 0, 0)
    assert (tidy(workspace, at=AT).total, compact_if_due(workspace, at=AT)) == (0, 0)


def test_rejected_rows_of_long_ago_leave_and_newer_ones_stay(workspace: Workspace) -> None:
    file = workspace.folder.parent / "orders.csv"
    for number in range(2):
        file.write_text(f"order_id,customer_id,date,amount\n{number},a,2025-01-01,5\n9,b,nonsense,1\n", "utf-8")
        import_file(workspace, "orders", file, at=AT + timedelta(days=200 * number), accept_defaults=True)
    assert len(list(workspace.quarantine.glob("*.csv"))) == 2
    assert tidy(workspace, at=AT + timedelta(days=201)).quarantined == 1
    assert len(list(workspace.quarantine.glob("*.csv"))) == 1


def test_what_others_are_at_work_on_is_left_alone_and_named(lived: Workspace) -> None:
    with lived.lake.reading(), lived.runs.draft():
        done = tidy(lived, at=AT, wait=0)
    assert (set(done.busy), removed(lived)) == ({"dead", "runs"}, ())
    with lived.lake.change(at=AT), pytest.raises(Busy):
        lived.lake.compact(at=AT, wait=0)


def test_all_runs_stay_where_the_workspace_says_so(lived: Workspace) -> None:
    settings = lived.folder / "custrata.toml"
    settings.write_text(settings.read_text("utf-8").replace('keep_runs = "60"', 'keep_runs = "all"'), "utf-8")
    workspace = Workspace.open(lived.folder)
    assert (retain(workspace).runs, len(workspace.runs.ids())) == ((), len(DAYS))
