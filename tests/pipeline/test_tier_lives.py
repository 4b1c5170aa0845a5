"""The life of tiers through refreshes: courtesies, customers who leave, and what counts since a review."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline.reading import history_of
from tests.pipeline.conftest import AT, stock
from tests.pipeline.lives import VIP, by_hand, column, order, publish, run_at, tiers_of


def test_a_courtesy_never_keeps_anybody_below_what_they_earned(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("a", "2025-01-05", 10), order("a", "2025-03-05", 5000)])
    publish(workspace, VIP)
    courtesy = by_hand("a", "vip", "silver", datetime(2026, 1, 1, tzinfo=UTC))
    runs = [run_at(workspace, duck, day, decisions=courtesy) for day in ("2025-02-01", "2025-04-01")]
    assert [tiers_of(run, duck, "vip")["a"] for run in runs] == ["silver", "gold"]
    assert [column(run, duck, "vip_status")["a"] for run in runs] == ["override", "upgraded"]
    assert [column(run, duck, "vip_own_tier")["a"] for run in runs] == ["basic", "gold"]


def test_who_leaves_every_run_ends_in_the_history_and_comes_back_anew(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("a", "2024-12-01", 500, "1"), order("b", "2024-12-02", 10)])
    publish(workspace, VIP)
    first = run_at(workspace, duck, "2025-01-01")
    stock(workspace, duck, [order("b", "2024-12-01", 900, "1")], at=AT + timedelta(days=1))
    moved = run_at(workspace, duck, "2025-02-01")
    (closed,) = history_of(workspace, "a")
    assert (closed.valid_until, closed.ended_by, closed.run) == (moved.as_of, "no_facts", first.id)
    assert {size["tier"]: size["customers"] for size in moved.record["tiers"]["vip"]} == {"gold": 1}
    stock(workspace, duck, [order("a", "2025-02-03", 20)], at=AT + timedelta(days=2))
    back = run_at(workspace, duck, "2025-03-01")
    assert [(interval.tier, interval.valid_from, interval.valid_until) for interval in history_of(workspace, "a")] == [
        ("basic", back.as_of, None),
        ("silver", first.as_of, moved.as_of),
    ]


JANUARY = {"kind": "calendar", "dates": ["01-01"]}
MEMBER, TIER = "member_anniversary", "tier_anniversary"
YEARLY: dict[str, Any] = {
    "key": "club",
    "kind": "threshold",
    "trait": "spend",
    "tiers": [{"key": "gold", "line": 1000}, {"key": "basic"}],
    "review": JANUARY,
    "qualify": "since_review",
}


@pytest.mark.parametrize(
    "story",
    [
        (JANUARY, [("2024-06-01", 1200)], ["2025-01-15"], ["gold"]),
        (JANUARY, [("2023-06-01", 1200)], ["2025-01-15"], ["basic"]),
        (JANUARY, [("2025-01-05", 1500)], ["2024-12-15", "2025-01-15"], ["gold"]),
        (JANUARY, [("2023-06-01", 1200), ("2025-02-01", 1500)], ["2024-01-15", "2025-03-15"], ["gold"] * 2),
        (JANUARY, [("2023-06-01", 1200), ("2025-02-01", 500)], ["2024-01-15", "2025-03-15"], ["gold", "basic"]),
        (JANUARY, [("2022-06-01", 1200)], ["2023-01-15", "2025-03-15", "2025-04-15"], ["gold", "basic", "basic"]),
        (MEMBER, [("2023-03-10", 5), ("2024-12-01", 1200)], ["2025-05-01"], ["gold"]),
        (MEMBER, [("2023-03-10", 1200)], ["2025-05-01"], ["basic"]),
        (MEMBER, [("2023-03-10", 5), ("2025-03-20", 1200)], ["2025-03-01", "2025-04-01"], ["basic", "gold"]),
        (TIER, [("2024-12-01", 1200)], ["2025-05-01"], ["gold"]),
        (TIER, [("2023-12-01", 1200)], ["2025-05-01"], ["basic"]),
        (TIER, [("2024-12-01", 1200), ("2026-05-10", 1200)], ["2025-05-01", "2026-06-01"], ["gold", "gold"]),
    ],
)  # fmt: skip
def test_since_a_review_the_period_that_ended_is_judged_and_the_new_one_lets_up_at_once(
    workspace: Workspace, duck: DuckEngine, story: Any
) -> None:
    review, orders, runs, tiers = story
    stock(workspace, duck, [order("a", day, amount) for day, amount in orders] + [order("b", "2020-01-01", 1)])
    publish(workspace, {**YEARLY, "review": review})
    tiers_by_run = [tiers_of(run_at(workspace, duck, day), duck, "club").get("a", "basic") for day in runs]
    assert tiers_by_run[-len(tiers) :] == tiers


def test_a_scheme_that_turns_to_reviews_judges_the_last_full_period_too(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("a", "2024-01-10", 1200), order("b", "2020-01-01", 1)])
    rolling = {name: value for name, value in YEARLY.items() if name not in ("review", "qualify")}
    publish(workspace, rolling | {"window": 30})
    before = run_at(workspace, duck, "2025-01-15")
    publish(workspace, YEARLY)
    after = run_at(workspace, duck, "2025-01-16")
    assert [tiers_of(run, duck, "club")["a"] for run in (before, after)] == ["basic", "gold"]
