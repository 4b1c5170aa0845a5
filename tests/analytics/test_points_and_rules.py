"""Points that conditions give and take, and rules of which the first decides."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.analytics import points, rules, threshold
from custrata.analytics.grading import Grading
from custrata.analytics.points import grade_points
from custrata.analytics.rules import grade_rules
from custrata.engine import DuckEngine
from tests.analytics.conftest import MakeProfile, by_customer, profile_table
from tests.examples import examples

TIERS = ("gold", "silver", "basic")


def graded_by_points(profile: ir.Table, **more: Any) -> Grading:
    """10 for five orders, 5 for 100 spent, −4 for a silence of over 90 days; gold from 11, silver from 1."""
    point_rules = [
        ("often", profile.orders >= 5, 10),
        ("much", profile.spend >= 100, 5),
        ("silent", profile.recency_days > 90, -4),
    ]
    return grade_points(profile, point_rules, TIERS, (11, 1), **more)


def test_points_add_up_and_a_line_is_met_at_its_value(make_profile: MakeProfile) -> None:
    profile = make_profile({
        "all": {"orders": 5, "spend": 100, "recency_days": 91},
        "good": {"orders": 5, "spend": 100, "recency_days": 90},
        "under gold": {"orders": 5, "spend": "99.99", "recency_days": 1},
        "at silver": {"orders": 4, "spend": 100, "recency_days": 91},
        "never": {"orders": 0, "spend": 0},
        "lost": {"orders": 4, "spend": 99, "recency_days": 91},
    })  # fmt: skip
    assert by_customer(graded_by_points(profile).table(), "tier", "value", "often", "much", "silent") == {
        "all": ("gold", 11, 10, 5, -4),
        "good": ("gold", 15, 10, 5, 0),
        "under gold": ("silver", 10, 10, 0, 0),
        "at silver": ("silver", 1, 0, 5, -4),
        "never": ("basic", 0, 0, 0, 0),
        "lost": ("basic", -4, 0, 0, -4),
    }


def test_who_takes_no_part_has_no_points(make_profile: MakeProfile) -> None:
    profile = make_profile({"a": {"orders": 9}, "none": {"spend": 500, "recency_days": None}})
    graded = graded_by_points(profile, has=profile.orders > 0)
    assert by_customer(graded.table(), "tier", "value") == {"a": ("silver", 10), "none": ("basic", None)}
    assert graded.facts == {"points": {"often": 10, "much": 5, "silent": -4}, "customers": 1}


def test_points_that_make_no_sense_are_refused(duck: DuckEngine) -> None:
    profile = duck.from_arrow(profile_table({"a": {"orders": 1}}))
    often = profile.orders >= 5
    with pytest.raises(points.NoRules):
        grade_points(profile, [], TIERS, (11, 1))
    with pytest.raises(points.RuleTwice, match="often"):
        grade_points(profile, [("often", often, 1), ("often", often, 2)], TIERS, (11, 1))
    with pytest.raises(points.BadPoints, match="often"):
        grade_points(profile, [("often", often, 1.5)], TIERS, (11, 1))  # type: ignore[list-item]  # refused by name
    with pytest.raises(threshold.LinesOutOfOrder):
        grade_points(profile, [("often", often, 1)], TIERS, (1, 11))


def graded_by_rules(profile: ir.Table) -> Grading:
    """Gold for five orders, basic for a silence of over 90 days, gold again for 100 spent; otherwise silver."""
    ordered = [
        ("gold", profile.orders >= 5),
        ("basic", profile.recency_days > 90),
        ("gold", profile.spend >= 100),
    ]
    return grade_rules(profile, ordered, "silver", TIERS)


def test_the_first_rule_that_holds_decides(make_profile: MakeProfile) -> None:
    profile = make_profile({
        "often and silent": {"orders": 5, "recency_days": 91, "spend": 1},
        "silent and much": {"orders": 4, "recency_days": 91, "spend": 100},
        "much": {"orders": 4, "recency_days": 90, "spend": 100},
        "no rule": {"orders": 4, "recency_days": 90, "spend": "99.99"},
        "nothing known": {},
    })  # fmt: skip
    assert by_customer(graded_by_rules(profile).table(), "tier", "rule", "value") == {
        "often and silent": ("gold", 0, None),
        "silent and much": ("basic", 1, None),
        "much": ("gold", 2, None),
        "no rule": ("silver", None, None),
        "nothing known": ("silver", None, None),
    }


def test_nobody_is_graded_where_nobody_is(make_profile: MakeProfile) -> None:
    profile = make_profile({"a": {"orders": 1, "recency_days": 1, "spend": 1}})
    empty = profile.filter(profile.orders > 1)
    assert (
        by_customer(graded_by_rules(empty).table(), "tier")
        == by_customer(graded_by_points(empty).table(), "tier")
        == {}
    )


def test_rules_that_make_no_sense_are_refused(duck: DuckEngine) -> None:
    profile = duck.from_arrow(profile_table({"a": {"orders": 1}}))
    with pytest.raises(points.NoRules):
        grade_rules(profile, [], "basic", TIERS)
    for ordered, otherwise in (([("best", profile.orders > 1)], "basic"), ([("gold", profile.orders > 1)], "best")):
        with pytest.raises(rules.TierNotListed, match="“best” is not among the tiers of the scheme: gold, silver"):
            grade_rules(profile, ordered, otherwise, TIERS)


@given(conditions=st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.booleans())), min_size=1, max_size=8))
@examples(20)
def test_equals_are_treated_alike_in_any_order(duck: DuckEngine, conditions: list[tuple[bool, bool | None]]) -> None:
    rows = [{"customer_id": str(n), "first": first, "second": second} for n, (first, second) in enumerate(conditions)]
    schema = ibis.schema({"customer_id": "string", "first": "boolean", "second": "boolean"})
    for way in (rows, rows[::-1]):
        table = duck.from_arrow(ibis.memtable(way, schema=schema).to_pyarrow())
        ordered = [("gold", table.first), ("silver", table.second)]
        tiers = by_customer(grade_rules(table, ordered, "basic", TIERS).table(), "tier")
        expected = ["gold" if first else "silver" if second else "basic" for first, second in conditions]
        assert [tiers[str(n)] for n in range(len(conditions))] == expected
