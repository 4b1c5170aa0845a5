"""History: intervals that tile the life of every customer in every scheme, and stays counted out of them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from custrata.engine import DuckEngine, Engine
from custrata.lake import Run, Workspace
from custrata.pipeline.reading import biggest_movers, history_of, late_moves, moved_between, stays
from custrata.pipeline.reading.stays import stays_of
from tests.pipeline.conftest import AddOrders, opened, shop, stock
from tests.pipeline.lives import SIZE, VIP, by_hand, changed, intervals_of, order, publish, run_at, tiers_of

FOREVER = datetime.max.replace(tzinfo=UTC)
MONTHS = ("2024-09-01", "2024-11-01", "2025-01-01", "2025-03-01", "2025-05-01")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, duck: DuckEngine) -> Workspace:
    """Sixty customers over five runs; `size` is published at the second, retired at the fourth, back at the fifth;
    somebody is put into gold by hand at the third, for sixty days."""
    workspace = opened(tmp_path_factory.mktemp("lived"))
    stock(workspace, duck, shop(60))
    publish(workspace, VIP)
    run_at(workspace, duck, MONTHS[0])
    library = publish(workspace, VIP, SIZE)
    run_at(workspace, duck, MONTHS[1])
    until = datetime(2025, 3, 2, tzinfo=UTC)
    run_at(workspace, duck, MONTHS[2], decisions=by_hand("c3", "vip", "gold", until))
    library.retire("size")
    run_at(workspace, duck, MONTHS[3])
    library.restore("size")
    run_at(workspace, duck, MONTHS[4])
    return workspace


def test_intervals_tile_without_gap_or_overlap(lived: Workspace) -> None:
    for (_, scheme), rows in intervals_of(lived).items():
        for interval, following in pairwise(rows):
            gap = interval["valid_until"] != following["valid_from"]
            assert interval["valid_from"] < interval["valid_until"]
            assert gap == (scheme == "size" and following["run"].startswith("20250501"))
        assert rows[-1]["valid_until"] is None


@pytest.mark.parametrize("place", range(len(MONTHS)))
@pytest.mark.parametrize("scheme", ["vip", "size"])
def test_at_every_run_the_interval_says_what_the_profile_does(
    lived: Workspace, duck: DuckEngine, place: int, scheme: str
) -> None:
    run = lived.runs.all()[place]
    graded = scheme in run.record["schemes"]
    rows = [row for intervals in intervals_of(lived, schemes=[scheme]).values() for row in intervals]
    valid = [row for row in rows if row["valid_from"] <= run.as_of < (row["valid_until"] or FOREVER)]
    assert {row["customer_id"]: row["tier"] for row in valid} == (tiers_of(run, duck, scheme) if graded else {})


def test_a_retired_scheme_ends_everybodys_interval_and_begins_anew(lived: Workspace) -> None:
    fourth, fifth = lived.runs.all()[3:]
    rows = intervals_of(lived, schemes=["size"])
    assert {interval["valid_until"] for intervals in rows.values() for interval in intervals} >= {fourth.as_of, None}
    assert {intervals[-1]["valid_from"] for intervals in rows.values()} == {fifth.as_of}
    assert {intervals[-1]["status"] for intervals in rows.values()} == {"entered"}


def test_a_status_of_its_own_is_an_interval_of_its_own(lived: Workspace) -> None:
    statuses = [interval.status for interval in reversed(history_of(lived, "c3", ["vip"]))]
    assert "override" in statuses
    assert all(status != following for status, following in pairwise(statuses) if status != "kept")


def test_the_history_of_one_is_that_among_all(lived: Workspace) -> None:
    alone = [(interval.scheme, interval.tier, interval.valid_from) for interval in history_of(lived, "c7")]
    among = [row for intervals in intervals_of(lived).values() for row in intervals if row["customer_id"] == "c7"]
    assert sorted(alone) == sorted((row["scheme"], row["tier"], row["valid_from"]) for row in among)


def test_there_is_no_history_without_a_run_or_of_a_stranger(workspace: Workspace, lived: Workspace) -> None:
    assert (history_of(lived, "nobody"), history_of(workspace, "c1"), stays(workspace, "vip").tiers) == ([], [], ())


def test_a_tier_by_hand_changes_nothing_for_anybody_else(
    workspace: Workspace, duck: DuckEngine, add_orders: AddOrders
) -> None:
    add_orders(workspace, shop(20))
    publish(workspace, SIZE)
    run_at(workspace, duck, "2025-01-01")
    put = by_hand("c3", "size", "many", datetime(2025, 1, 3, tzinfo=UTC))
    overridden = run_at(workspace, duck, "2025-01-02", decisions=put)
    ended = run_at(workspace, duck, "2025-01-04")
    assert {row["customer_id"] for row in changed(overridden, duck) if row["direction"] == "stayed"} <= {"c3"}
    assert [interval.status for interval in history_of(workspace, "c3", ["size"])][:2] != ["override", "override"]
    assert history_of(workspace, "c3", ["size"])[0].run == ended.id


def test_an_instant_again_changes_nothing(lived: Workspace, duck: DuckEngine) -> None:
    before = intervals_of(lived)
    run_at(lived, duck, MONTHS[4])
    assert intervals_of(lived) == before


def test_spark_grades_and_moves_as_duckdb_does_to_the_cent(
    workspace: Workspace, duck: DuckEngine, spark: Engine, add_orders: AddOrders
) -> None:
    add_orders(workspace, shop(40))
    publish(workspace, VIP, SIZE)
    run_at(workspace, duck, MONTHS[1])
    on_duckdb = profile_and_changes(run_at(workspace, duck, MONTHS[3]), duck)
    add_orders(workspace, [order("c0", "2025-04-30", 1)])  # after both: only the fingerprint is another
    on_spark = profile_and_changes(run_at(workspace, spark, MONTHS[3]), duck)
    assert on_spark.keys() == on_duckdb.keys()
    assert [name for name, values in on_duckdb.items() if values != on_spark[name]] == []


def profile_and_changes(run: Run, duck: DuckEngine) -> dict[str, object]:
    """The columns of a run's profile, and who moved."""
    profile = duck.arrow(run.read("profile", duck).order_by("customer_id"))
    return {**profile.to_pydict(), "changes": changed(run, duck)}


@pytest.fixture(scope="module")
def stayed(tmp_path_factory: pytest.TempPathFactory, duck: DuckEngine) -> Workspace:
    """`many` is entered by a and b at the second run; a leaves at the third, b is there at the last; c always was."""
    orders = [order(who, f"2025-01-0{n}") for who in "c" for n in (1, 2, 3)]
    orders += [order("c", f"2025-0{month}-0{n}") for month in (2, 3, 4) for n in (1, 2, 3)]
    orders += [order(who, f"2025-01-1{n}") for who in "ab" for n in (1, 2, 3)]
    orders += [order("b", f"2025-0{month}-0{n}") for month in (2, 3, 4) for n in (1, 2, 3)]
    orders += [order("a", "2024-06-01"), order("b", "2024-06-01")]
    workspace = opened(tmp_path_factory.mktemp("stayed"))
    stock(workspace, duck, orders)
    publish(workspace, SIZE | {"window": 30})
    for day in ("2025-01-05", "2025-02-04", "2025-03-06", "2025-04-05"):
        run_at(workspace, duck, day)
    return workspace


def test_stays_are_counted_with_those_that_go_on(stayed: Workspace) -> None:
    many, few = stays(stayed, "size").tiers
    assert (many.tier, many.stays, many.going_on, many.before) == ("many", 2, 1, 1)
    assert [(step.days, step.there, step.left) for step in many.curve.steps] == [(30, 2, 1)]
    assert (many.curve.median, many.curve.longest) == (30, 60)
    assert (few.stays, few.going_on, few.before) == (1, 1, 2)


def test_stays_are_told_no_finer_than_the_runs_lie_apart(stayed: Workspace) -> None:
    summary = stays(stayed, "size")
    assert (summary.runs, summary.left_out, summary.spacing, summary.horizons) == (4, 0, 30, (30, 90, 180, 365))
    fewer = stays_of([run for place, run in enumerate(stayed.runs.all()) if place != 2], "size")
    assert (fewer.spacing, fewer.horizons) == (30, (30, 90, 180, 365))
    sparse = stays_of(stayed.runs.all()[::3], "size")
    assert (sparse.spacing, sparse.horizons) == (90, (90, 180, 365))


def test_stays_seen_by_other_methods_are_not_pooled(stayed: Workspace) -> None:
    early, later = stayed.runs.all()[:2], stayed.runs.all()[2:]
    for run in early:
        run.record["schemes"]["size"]["version"] = 0  # as the record is in memory alone
    summary = stays_of([*early, *later], "size")
    assert (summary.runs, summary.left_out, summary.first) == (2, 2, later[0].as_of)
    assert {tier.tier: (tier.stays, tier.before) for tier in summary.tiers} == {"many": (0, 2), "few": (0, 1)}
    assert (stays_of(later[:1], "size").spacing, stays_of(later[:1], "size").horizons) == (None, ())


def test_moves_between_any_two_runs(stayed: Workspace) -> None:
    first, *_, last = stayed.runs.all()
    moved = {(move.source, move.target): move.customers for move in moved_between(first, last, "size")}
    assert moved == {("few", "few"): 1, ("few", "many"): 1, ("many", "many"): 1}


def test_who_moved_most_value_comes_first(stayed: Workspace) -> None:
    second, third = stayed.runs.all()[1:3]
    assert [(mover.customer_id, mover.direction) for mover in biggest_movers(second, "size")] == [
        ("b", "up"),
        ("a", "up"),
    ]
    assert [(mover.customer_id, mover.target) for mover in biggest_movers(third, "size")] == [("a", "few")]
    assert (late_moves(third, "size").moved, late_moves(third, "size").late) == (1, 0)


def test_a_stay_that_ends_with_its_scheme_was_not_seen_to_end(lived: Workspace) -> None:
    fourth = lived.runs.all()[3]
    ended = [
        row
        for intervals in intervals_of(lived, schemes=["size"]).values()
        for row in intervals
        if row["valid_until"] == fourth.as_of
    ]
    assert (
        sum(tier.going_on for tier in stays(lived, "size").tiers)
        >= sum(row["status"] != "entered" for row in ended)
        > 0
    )
