"""Rebuilding the history: a run at every past period's end, from the run before it; repeatable."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline import rebuild
from custrata.pipeline.reading import history_of
from custrata.pipeline.rebuild import Every, NothingToRebuild, TooManyRuns, moments_to_rebuild
from custrata.pipeline.snapshot import NoFacts
from tests.pipeline.conftest import AT, opened, shop, stock
from tests.pipeline.lives import SIZE, VIP, Row, by_hand, intervals_of, order, publish, run_at, tiers_of

START = date(2025, 2, 15)


@pytest.fixture
def stocked(workspace: Workspace, duck: DuckEngine) -> Workspace:
    """Twenty customers and two schemes, and no run."""
    stock(workspace, duck, shop(20))
    publish(workspace, VIP, SIZE)
    return workspace


def days(workspace: Workspace) -> list[str]:
    return [run.as_of.date().isoformat() for run in workspace.runs.all()]


def rebuild_again(workspace: Workspace, duck: DuckEngine, start: date | None = START, **more: Any) -> int:
    return len(rebuild(workspace, duck, at=AT + timedelta(days=9), start=start, **more).runs)


def test_a_workspace_gets_the_past_it_never_saw(stocked: Workspace, duck: DuckEngine) -> None:
    assert (rebuild_again(stocked, duck), days(stocked)) == (
        4,
        ["2025-03-01", "2025-04-01", "2025-05-01", "2025-06-01"],
    )


def test_twice_changes_nothing(stocked: Workspace, duck: DuckEngine) -> None:
    rebuild_again(stocked, duck)
    before = stocked.runs.ids(), intervals_of(stocked)
    assert (rebuild_again(stocked, duck), (stocked.runs.ids(), intervals_of(stocked))) == (0, before)


def test_runs_before_the_start_are_left_alone(stocked: Workspace, duck: DuckEngine) -> None:
    early = run_at(stocked, duck, "2025-01-01").id
    rebuild_again(stocked, duck)
    assert (stocked.runs.ids()[0], stocked.runs.all()[1].record["before"]) == (early, early)


def test_runs_between_period_ends_are_made_anew_too(stocked: Workspace, duck: DuckEngine) -> None:
    run_id = run_at(stocked, duck, "2025-04-17").id
    rebuild_again(stocked, duck)
    assert ("2025-04-17" in days(stocked), run_id in stocked.runs.ids()) == (True, False)


def test_stopped_half_way_it_goes_on_and_ends_the_same(stocked: Workspace, duck: DuckEngine) -> None:
    def stop(step: str, fraction: float) -> None:
        if fraction > 0.55:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild_again(stocked, duck, progress=stop)
    half, started_at = days(stocked), stocked.runs.rebuilding()
    rebuild_again(stocked, duck)
    stopped = intervals_of(stocked)
    other = opened(stocked.folder.parent / "other")
    stock(other, duck, shop(20))
    publish(other, VIP, SIZE)
    rebuild_again(other, duck)
    assert (half, started_at, stocked.runs.rebuilding()) == ([], AT + timedelta(days=9), None)
    assert _without_runs(stopped) == _without_runs(intervals_of(other))


def _without_runs(intervals: dict[tuple[str, str], list[Row]]) -> dict[tuple[str, str], list[Row]]:
    return {key: [dict(row) | {"run": ""} for row in rows] for key, rows in intervals.items()}


def test_rebuilt_history_appears_whole_or_not_at_all(stocked: Workspace, duck: DuckEngine) -> None:
    run_at(stocked, duck, "2025-04-17")
    before, during = stocked.runs.ids(), []

    def look(step: str, fraction: float) -> None:
        during.append((stocked.runs.ids(), stocked.runs.rebuilding()))

    rebuild_again(stocked, duck, progress=look)
    assert set(during) == {(before, AT + timedelta(days=9))}
    assert (len(stocked.runs.ids()), stocked.runs.rebuilding()) == (5, None)


def test_what_is_given_by_hand_today_does_not_reach_the_past(stocked: Workspace, duck: DuckEngine) -> None:
    run_at(stocked, duck, "2025-06-10", decisions=by_hand("c3", "vip", "gold"))
    rebuild_again(stocked, duck)
    statuses = {interval.run: interval.status for interval in history_of(stocked, "c3", ["vip"])}
    last = stocked.runs.all()[-1]
    assert (
        statuses[last.id],
        [status for run, status in statuses.items() if run != last.id and status == "override"],
    ) == (
        "override",
        [],
    )


def test_what_was_given_by_hand_stays_given_after_its_run(stocked: Workspace, duck: DuckEngine) -> None:
    run_at(stocked, duck, "2025-03-10", decisions=by_hand("c3", "vip", "gold"))
    rebuild_again(stocked, duck)
    assert [tiers_of(run, duck, "vip")["c3"] == "gold" for run in stocked.runs.all()][1:] == [True] * 4
    assert history_of(stocked, "c3", ["vip"])[0].status == "override"


@pytest.mark.parametrize(
    ("zone", "every", "expected"),
    [
        ("Asia/Shanghai", "month", ["2025-04-30T16:00", "2025-05-31T16:00"]),
        ("America/New_York", "month", ["2025-05-01T04:00", "2025-06-01T04:00"]),
        ("UTC", "week", [f"2025-{day}T00:00" for day in ("04-21", "04-28", "05-05", "05-12")]),
    ],
)
def test_moments_are_starts_of_periods_in_the_workspaces_zone(
    tmp_path_factory: pytest.TempPathFactory, duck: DuckEngine, zone: str, every: Every, expected: list[str]
) -> None:
    workspace = opened(tmp_path_factory.mktemp("zone"), zone)
    stock(workspace, duck, shop(20))
    moments = moments_to_rebuild(workspace, duck, at=AT, start=date(2025, 4, 20), every=every)
    assert [moment.instant.astimezone(UTC).isoformat()[:16] for moment in moments][: len(expected)] == expected


def test_it_refuses_what_lies_after_the_facts(stocked: Workspace, duck: DuckEngine) -> None:
    with pytest.raises(NothingToRebuild):
        rebuild_again(stocked, duck, date(2025, 8, 1))
    assert stocked.runs.ids() == ()


def test_facts_of_before_all_time_do_not_stand_in_the_way(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("a", "1950-01-01"), order("a", "1970-04-20")])
    moments = moments_to_rebuild(workspace, duck, at=AT)
    assert [moment.date.isoformat() for moment in moments] == ["1970-02-01", "1970-03-01", "1970-04-01"]


def test_it_refuses_what_has_no_end_and_no_facts(workspace: Workspace, duck: DuckEngine) -> None:
    with pytest.raises(NoFacts):
        rebuild_again(workspace, duck)
    stock(workspace, duck, [order("a", "1971-01-01"), order("a", "2025-01-01")])
    with pytest.raises(TooManyRuns):
        rebuild_again(workspace, duck, start=None, every="week")
    assert workspace.runs.ids() == ()


def test_the_first_fact_is_where_it_begins_by_default(stocked: Workspace, duck: DuckEngine) -> None:
    first = moments_to_rebuild(stocked, duck, at=AT, every="quarter")[0]
    assert first.instant == datetime(2024, 4, 1, tzinfo=UTC)
