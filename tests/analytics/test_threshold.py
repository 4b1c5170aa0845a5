"""Lines, shares and ABC lines through any value: at, just under and just over; bad ones are refused by name."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.analytics.threshold import (
    LinesDoNotFit,
    LinesOutOfOrder,
    SharesOutOfOrder,
    TierTwice,
    grade_pareto,
    grade_quantile,
    grade_threshold,
)
from custrata.engine import DuckEngine
from tests.analytics.conftest import MakeProfile, by_customer, profile_table

CLASSES = ("gold", "silver", "basic")
LINES = (Decimal(1000), Decimal("99.50"))

cents = st.one_of(st.none(), st.integers(-200, 200000).map(lambda number: Decimal(number).scaleb(-2)))


def test_a_value_at_its_line_is_in_and_a_cent_less_is_not(make_profile: MakeProfile) -> None:
    spend = {"over": "1000.01", "at": "1000.00", "under": "999.99", "at two": "99.50", "under two": "99.49"}
    profile = make_profile({name: {"average_order_value": value} for name, value in spend.items()} | {"none": {}})
    tiers = by_customer(grade_threshold(profile, profile.average_order_value, CLASSES, LINES).table(), "tier")
    expected = ("gold", "gold", "silver", "silver", "basic", "basic")
    assert tiers == dict(zip((*spend, "none"), expected, strict=True))


def test_where_less_is_better_a_value_at_its_line_is_in_too(make_profile: MakeProfile) -> None:
    days = {"under": 29, "at": 30, "over": 31, "at two": 90, "over two": 91, "never": None}
    profile = make_profile({name: {"recency_days": value} for name, value in days.items()})
    graded = grade_threshold(profile, profile.recency_days, CLASSES, (30, 90), less_is_better=True)
    expected = ("gold", "gold", "silver", "silver", "basic", "basic")
    assert by_customer(graded.table(), "tier") == dict(zip(days, expected, strict=True))


def test_any_value_can_be_parted_by_shares(make_profile: MakeProfile) -> None:
    """Of 5 the first 20 % are rank 1, 50 % rank 3: lines 9 and 6, since two are nearer to 2.5 than four."""
    items = {"a": 9, "b": 6, "c": 5, "d": 5, "e": 1, "none": None}
    profile = make_profile({name: {"recency_days": value} for name, value in items.items()})
    graded = grade_quantile(profile, profile.recency_days, CLASSES, (Decimal("0.2"), Decimal("0.5")))
    assert by_customer(graded.table(), "tier") == {
        "a": "gold", "b": "silver", "c": "basic", "d": "basic", "e": "basic", "none": "basic",
    }  # fmt: skip
    assert (graded.facts, graded.notes) == ({"customers": 5}, ())


def test_a_tier_that_equal_values_leave_empty_is_noted(make_profile: MakeProfile) -> None:
    profile = make_profile({name: {"recency_days": 7} for name in "abcdefghij"})
    graded = grade_quantile(profile, profile.recency_days, CLASSES, (Decimal("0.2"), Decimal("0.5")))
    assert set(by_customer(graded.table(), "tier").values()) == {"basic"}
    missed = [{"tier": tier, "share": share, "customers": 0} for tier, share in
              (("gold", Fraction(1, 5)), ("silver", Fraction(3, 10)))]  # fmt: skip
    assert (graded.notes, graded.facts["missed"]) == (("shares_missed",), missed)


@pytest.mark.parametrize("tiers", [("short", "long", "unknown"), ("short", "long")])
def test_those_without_the_value_can_have_a_tier_of_their_own(duck: DuckEngine, tiers: tuple[str, ...]) -> None:
    days = {"a": 1, "b": 5, "c": 9, "none": None}
    profile = duck.from_arrow(profile_table({name: {"recency_days": value} for name, value in days.items()}))
    graded = grade_quantile(profile, profile.recency_days, tiers, [Fraction(1, 3)], less_is_better=True, rest="unknown")
    assert graded.tiers == ("short", "long", "unknown")
    assert by_customer(graded.table(), "tier") == {"a": "short", "b": "long", "c": "long", "none": "unknown"}


def test_those_without_the_value_can_have_a_tier_in_the_middle(duck: DuckEngine) -> None:
    profile = duck.from_arrow(profile_table({"a": {"recency_days": 3}, "b": {"recency_days": 1}, "none": {}}))
    graded = grade_quantile(profile, profile.recency_days, CLASSES, [Fraction(1, 3), Fraction(1, 2)], rest="silver")
    assert by_customer(graded.table(), "tier") == {"a": "gold", "b": "basic", "none": "silver"}


def test_any_value_can_be_parted_by_its_sum(make_profile: MakeProfile) -> None:
    worth = {"a": 80, "b": 15, "c": 5, "d": 0, "e": -9, "none": None}
    profile = make_profile({name: {"largest_order": value} for name, value in worth.items()})
    graded = grade_pareto(profile, profile.largest_order, ("A", "B", "C"), (Decimal("0.8"), Decimal("0.95")))
    assert by_customer(graded.table(), "tier") == {"a": "A", "b": "B", "c": "C", "d": "C", "e": "C", "none": "C"}


def test_nobody_is_graded_where_nobody_is(make_profile: MakeProfile) -> None:
    profile = make_profile({}).mutate(spend=0)
    for graded in (
        grade_threshold(profile, profile.spend, CLASSES, LINES),
        grade_quantile(profile, profile.spend, CLASSES, (Decimal("0.2"), Decimal("0.5"))),
        grade_pareto(profile, profile.spend, CLASSES, (Decimal("0.8"), Decimal("0.95"))),
    ):
        assert by_customer(graded.table(), "tier") == {}


@pytest.mark.parametrize(
    ("tiers", "lines", "error"),
    [
        (CLASSES, (10,), LinesDoNotFit),
        (CLASSES, (10, 5, 1), LinesDoNotFit),
        (CLASSES, (5, 10), LinesOutOfOrder),
        (CLASSES, (5, 5), LinesOutOfOrder),
        (("gold", "gold", "basic"), (10, 5), TierTwice),
    ],
)
def test_lines_that_make_no_ladder_are_refused(duck: DuckEngine, tiers: Any, lines: Any, error: Any) -> None:
    profile = duck.from_arrow(profile_table({"a": {"orders": 1}}))
    with pytest.raises(error):
        grade_threshold(profile, profile.orders, tiers, lines)


@pytest.mark.parametrize("shares", ["0.5 0.2", "0.5 0.5", "0 0.5", "0.5 1.1", "-0.1 0.5"])
def test_shares_that_are_not_cumulated_are_refused(duck: DuckEngine, shares: str) -> None:
    profile = duck.from_arrow(profile_table({"a": {"orders": 1}}))
    for grade in (grade_quantile, grade_pareto):
        with pytest.raises(SharesOutOfOrder):
            grade(profile, profile.orders, CLASSES, [Decimal(share) for share in shares.split()])


def test_a_share_too_few_is_refused(duck: DuckEngine) -> None:
    profile = duck.from_arrow(profile_table({"a": {"orders": 1}}))
    with pytest.raises(LinesDoNotFit, match="3 tiers require 2 lines or shares between them, and there are 1"):
        grade_quantile(profile, profile.orders, CLASSES, [Decimal("0.2")])


@given(values=st.lists(cents, min_size=1, max_size=30), lines=st.sets(st.integers(0, 2000), min_size=2, max_size=2))
def test_everybody_is_in_the_first_tier_whose_line_is_met(
    duck: DuckEngine, values: list[Decimal | None], lines: set[int]
) -> None:
    ordered = sorted(lines, reverse=True)
    profile = duck.from_arrow(profile_table({str(n): {"largest_order": v} for n, v in enumerate(values)}))
    tiers = by_customer(grade_threshold(profile, profile.largest_order, CLASSES, ordered).table(), "tier")
    met = [[value is not None and value >= line for line in ordered] for value in values]
    assert [tiers[str(n)] for n in range(len(values))] == [CLASSES[(*each, True).index(True)] for each in met]
