"""At, just under and just over every line of the built-in schemes.

Profiles stand here as they come out of the counting, so that a value lies exactly where it should.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest

from custrata.analytics.combined import grade_combined
from custrata.analytics.grading import Grading
from custrata.analytics.ladder_schemes import (
    grade_frequency,
    grade_high_ticket,
    grade_price_sensitivity,
    grade_usage_cycle,
    grade_value,
)
from custrata.analytics.lifecycle import LifecycleLines, grade_lifecycle
from custrata.analytics.loyalty import grade_loyalty
from custrata.analytics.rfm import grade_rfm, rfm_grading, rfm_inputs, rfm_lines
from custrata.analytics.silence import NOT_LEARNED, SilenceCurve, Stratum
from custrata.analytics.traits import COMEBACKS
from custrata.engine import DuckEngine, Engine
from tests.analytics.conftest import MakeProfile, by_customer, profile_table

Profile = dict[str, dict[str, Any]]


def on(engine: Engine, customers: Profile) -> ir.Table:
    """A profile on one engine, for what needs no second."""
    return engine.from_arrow(profile_table(customers))


def each(column: str, values: dict[str, Any], **common: Any) -> Profile:
    """A profile of one trait."""
    return {customer: {column: value, **common} for customer, value in values.items()}


def test_frequency_takes_the_top_fifth_and_the_next_three_tenths_as_near_as_equals_let_it(
    make_profile: MakeProfile,
) -> None:
    orders = {"a": 9, "b": 8, "c": 8, "d": 3, "e": 3, "f": 3, "g": 2, "h": 1, "i": 1, "j": 1, "none": 0}
    grades = by_customer(grade_frequency(make_profile(each("orders", orders))).table(), "tier", "value")
    # Of ten customers, three are as far from two as one is: the stricter; six are nearer to five than three are.
    high, mid, low = (dict.fromkeys(names, tier) for names, tier in (("a", "high"), ("bcdef", "mid"), ("ghij", "low")))
    assert grades == {name: (tier, orders[name]) for name, tier in (high | mid | low).items()} | {"none": ("low", None)}


def test_value_is_high_up_to_80_of_100_mid_up_to_95(make_profile: MakeProfile) -> None:
    spend = {"a": 50, "b": 30, "c": "14.99", "d": "0.01", "e": "4.99", "f": "0.01", "none": 0, "owes": -20}
    # From the best: 50, 80, 94.99, 99.98, 99.99, 100: the first 80 is met by 30, the first 95 by 4.99.
    tiers = by_customer(grade_value(make_profile(each("spend", spend))).table(), "tier")
    assert tiers == {
        "a": "high",
        "b": "high",
        "c": "mid",
        "e": "mid",
        "d": "low",
        "f": "low",
        "none": "low",
        "owes": "low",
    }


def test_a_refund_of_a_cent_moves_the_lines_of_value(duck: DuckEngine) -> None:
    tiers = by_customer(grade_value(on(duck, each("spend", {"a": "79.99", "b": 15, "c": 5}))).table(), "tier")
    assert tiers == {"a": "high", "b": "high", "c": "mid"}


def test_high_ticket_looks_at_customers_with_two_orders(make_profile: MakeProfile) -> None:
    least = {f"c{number}": {"orders": 2, "average_order_value": 5} for number in range(8)}
    best = {
        "at": {"orders": 2, "average_order_value": "9.99"}, "same": {"orders": 3, "average_order_value": "9.99"},
        "under": {"orders": 2, "average_order_value": "9.98"}, "once": {"orders": 1, "average_order_value": 500},
    }  # fmt: skip
    grades = by_customer(
        grade_high_ticket(make_profile(least | best | {"none": {"orders": 0}})).table(), "tier", "value"
    )
    assert {name for name, (tier, _) in grades.items() if tier == "high"} == {"at", "same"}
    assert (grades["once"], grades["none"]) == (("standard", None), ("standard", None))


def test_one_order_is_never_above_low(make_profile: MakeProfile) -> None:
    orders = {"a": 3, **dict.fromkeys("bcdefghij", 1)}
    tiers = by_customer(grade_frequency(make_profile(each("orders", orders))).table(), "tier")
    assert tiers == {"a": "high", **dict.fromkeys("bcdefghij", "low")}


def test_price_sensitivity_cuts_thirds_of_discounted_repeat_buyers(make_profile: MakeProfile) -> None:
    rates = {"a": "0.5000", "b": "0.4999", "c": "0.4998", "d": "0.1000", "e": "0.0001", "f": "0.0001"}
    profile = each("discount_rate", rates, discounted_orders=1, orders=2)
    profile["once"] = {"discount_rate": "0.9", "discounted_orders": 1, "orders": 1}
    profile["never"] = {"discount_rate": 0, "discounted_orders": 0, "orders": 9}
    grading = grade_price_sensitivity(make_profile({**profile, "unknown": {"orders": 9}}), least_customers=6)
    high, mid = dict.fromkeys("ab", "high"), dict.fromkeys("cd", "mid")
    low = dict.fromkeys(("e", "f", "once", "never", "unknown"), "low")
    assert by_customer(grading.table(), "tier") == high | mid | low


def test_price_sensitivity_waits_for_thirty_discounted_repeat_buyers(duck: DuckEngine) -> None:
    bought = {"discount_rate": "0.1", "discounted_orders": 1, "orders": 2}
    many = grade_price_sensitivity(on(duck, {str(number): bought for number in range(30)}))
    few = grade_price_sensitivity(on(duck, {str(number): bought for number in range(29)}))
    assert (many.waiting, few.waiting, few.notes[-1]) == (False, True, "waiting_least")


def test_usage_cycle_cuts_thirds_of_those_with_three_order_days(make_profile: MakeProfile) -> None:
    gaps = {"a": 7, "b": 8, "c": 8, "d": 30, "e": 31, "f": 90}
    two = {"two days": {"median_gap_days": 1, "order_days": 2}, "none": {}}
    tiers = by_customer(
        grade_usage_cycle(make_profile(each("median_gap_days", gaps, order_days=3) | two)).table(), "tier"
    )
    assert tiers == {
        "a": "short", "b": "mid", "c": "mid", "d": "mid", "e": "long", "f": "long",
        "two days": "unknown", "none": "unknown",
    }  # fmt: skip


def test_loyalty_lines_are_66_and_33(make_profile: MakeProfile) -> None:
    """Without categories and answers 50 for regularity, 31.25 for repeat, 18.75 for tenure: 34.375 here and 0."""
    much, nothing = {"orders": 2, "tenure_days": 730}, {"orders": 1, "tenure_days": 0}
    regularity = {"at": "0.6325", "over": "0.6327", "under": "0.6323", "half a cent under": "0.6324"}
    profile = each("regularity", regularity, **much) | {
        "at 33": {"regularity": "0.66", **nothing}, "under 33": {"regularity": "0.6598", **nothing},
        "none": {"tenure_days": 9},
    }  # fmt: skip
    grades = by_customer(grade_loyalty(make_profile(each("categories", {}) | profile)).table(), "tier", "value")
    assert grades == {
        "at": ("loyal", Decimal("66.00")), "over": ("loyal", Decimal("66.01")),
        "under": ("potential", Decimal("65.99")), "half a cent under": ("potential", Decimal("65.995")),
        "at 33": ("potential", Decimal("33.00")), "under 33": ("none", Decimal("32.99")), "none": ("none", None),
    }  # fmt: skip


def test_combined_lines_are_70_and_40(make_profile: MakeProfile) -> None:
    """Without returns 43.75 for loyalty and 56.25 for spend, whose ranks are 1 and ½: ties share the higher."""
    loyalty = {"over": "31.43", "under": "31.42", "over 40": "27.15", "under 40": "27.14"}
    spend = {"over": 100, "under": 100, "over 40": 50, "under 40": 50}
    profile = {
        name: {"orders": 1, "loyalty_value": value, "spend": spend[name], "returned_value": 0, "return_rate": 0}
        for name, value in loyalty.items()
    }
    table = make_profile(profile | {"none": {"spend": -5}}, loyalty_value=pa.decimal128(18, 2))
    assert by_customer(grade_combined(table).table(), "tier", "value") == {
        "over": ("high", Decimal("70.000625")), "under": ("mid", Decimal("69.99625")),
        "over 40": ("mid", Decimal("40.003125")), "under 40": ("general", Decimal("39.99875")),
        "none": ("general", None),
    }  # fmt: skip


LIFECYCLE: dict[str, tuple[str, dict[str, Any]]] = {
    "no order": ("prospect", {"orders_all": 0}),
    "60 days": ("new", {"tenure_days": 60, "orders_all": 2}),
    "60 days and silent": ("new", {"tenure_days": 60, "orders_all": 2, "silence": 50}),
    "61 days": ("growing", {"tenure_days": 61, "orders_all": 2}),
    "third order": ("growing", {"tenure_days": 60, "orders_all": 3}),
    "back after more than 6": ("won_back", {"comeback_1": "6.000001"}),
    "back after 6": ("growing", {"comeback_13": "6"}),
    "back and silent again": ("won_back", {"comeback_4": "6.000001", "silence": 9}),
    "silent for more than 6": ("churned", {"silence": "6.000001"}),
    "silent for 6": ("at_risk", {"silence": "6"}),
    "silent for more than 3": ("at_risk", {"silence": "3.000001"}),
    "silent for 3": ("growing", {"silence": "3"}),
    "sixth order after 180 days": ("mature", {"orders_all": 6, "tenure_days": 180}),
    "fifth order": ("growing", {"orders_all": 5, "tenure_days": 180}),
    "after 179 days": ("growing", {"orders_all": 6, "tenure_days": 179}),
    "no rhythm known": ("mature", {"orders_all": 6, "silence": None, "recency_days": 180}),
    "no rhythm and 181 days": ("at_risk", {"orders_all": 6, "silence": None, "recency_days": 181}),
    "no rhythm and 365 days": ("at_risk", {"silence": None, "recency_days": 365}),
    "no rhythm and 366 days": ("churned", {"silence": None, "recency_days": 366}),
}
USUAL: dict[str, Any] = {"orders_all": 4, "order_days": 4, "tenure_days": 400, "recency_days": 10, "silence": 1}
USUAL |= dict.fromkeys(COMEBACKS)
STRATA = (Stratum(1, 3, None, None), Stratum(4, 12, Fraction(2), Fraction(10, 3)), Stratum(13, None, Fraction(5), None))


def test_every_line_of_the_lifecycle(make_profile: MakeProfile) -> None:
    profile = make_profile({name: {**USUAL, **traits} for name, (_, traits) in LIFECYCLE.items()})
    tiers = by_customer(grade_lifecycle(profile, NOT_LEARNED).table(), "tier")
    assert tiers == {name: stage for name, (stage, _) in LIFECYCLE.items()}


@pytest.mark.parametrize(
    ("curve", "notes"),
    [
        (NOT_LEARNED, ("not_learned",)),
        (SilenceCurve(STRATA, learned=True), ()),
        (SilenceCurve(STRATA[::2], learned=True), ("never_churned",)),
        (SilenceCurve(STRATA[:1], learned=True), ("never_at_risk", "never_churned")),
    ],
)
def test_the_lifecycle_says_what_was_not_learned(duck: DuckEngine, curve: SilenceCurve, notes: Any) -> None:
    grading = grade_lifecycle(on(duck, {"a": USUAL}), curve)
    assert grading.notes == notes


def test_a_curve_without_lines_leaves_nobody_behind(duck: DuckEngine) -> None:
    profile = on(duck, {"a": {**USUAL, "silence": 99, "comeback_1": 99}})
    grading = grade_lifecycle(profile, SilenceCurve(STRATA[:1], learned=True), LifecycleLines(mature_orders=4))
    assert by_customer(grading.table(), "tier") == {"a": "mature"}


BY_STRATUM: dict[str, tuple[str, dict[str, Any]]] = {
    "no line": ("growing", {"order_days": 3, "silence": 99}),
    "at a line": ("at_risk", {"order_days": 4, "silence": 2}),
    "under it": ("growing", {"order_days": 12, "silence": "1.999999999999"}),
    "under a third": ("at_risk", {"order_days": 12, "silence": "3.333333333332"}),
    "at a third": ("churned", {"order_days": 12, "silence": "3.333333333333"}),
    "no churned line": ("at_risk", {"order_days": 13, "silence": 99}),
    "back with 4 to 12": ("won_back", {"order_days": 13, "comeback_4": "3.333333333333"}),
    "back a little sooner": ("growing", {"order_days": 13, "comeback_4": "3.333333333332"}),
    "back without a line": ("growing", {"comeback_1": 99, "comeback_2": 99, "comeback_13": 99}),
}


def test_every_stratum_has_lines_of_its_own(make_profile: MakeProfile) -> None:
    profile = make_profile({name: {**USUAL, **traits} for name, (_, traits) in BY_STRATUM.items()})
    tiers = by_customer(grade_lifecycle(profile, SilenceCurve(STRATA, learned=True)).table(), "tier")
    assert tiers == {name: stage for name, (stage, _) in BY_STRATUM.items()}


def rfm_profile(recency: list[int], orders: list[int], sales: list[Any]) -> Profile:
    rows = zip("abcdefghij", recency, orders, sales, strict=False)
    return {name: {"recency_days": r, "orders": f, "spend": m} for name, r, f, m in rows}


def test_rfm_is_high_at_the_mean(make_profile: MakeProfile) -> None:
    """Means: 20 days, 2 orders, 10.00; a cent less or a day more is low."""
    profile = rfm_profile([20, 21, 19, 20], [2, 1, 2, 3], [10, "9.99", "10.01", 10])
    assert by_customer(grade_rfm(make_profile(profile)).table(), "tier") == {
        "a": "111",
        "b": "000",
        "c": "111",
        "d": "111",
    }


def test_rfm_means_do_not_overflow(make_profile: MakeProfile) -> None:
    """3653 days times three million customers is more than 32 bits hold."""
    inputs = rfm_inputs(make_profile(rfm_profile([3653, 1], [9000, 1], ["9999999.99", 1])))
    lines = rfm_lines(inputs)
    assert lines.customers == 2
    many = type(lines)(
        **{**vars(lines), "customers": 3_000_000, "sums": {"r": -3_653_000_000, "f": 9, "m": Decimal(9)}}
    )
    assert by_customer(rfm_grading(inputs, many).table(), "tier") == {"a": "011", "b": "111"}


@pytest.mark.parametrize(
    ("orders", "scores", "tied"),
    [
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], False),
        ([1, 2, 2, 4, 5], [1, 2, 2, 4, 5], True),
        ([1, 2, 3, 4, 4], [1, 2, 3, 4, 4], True),  # no two cuts are one, and yet nobody has 5
        ([7, 7, 7, 7, 7], [1, 1, 1, 1, 1], True),
    ],
)
def test_rfm_says_when_ties_leave_a_score_empty(
    duck: DuckEngine, orders: list[int], scores: list[int], tied: bool
) -> None:
    grading = grade_rfm(on(duck, rfm_profile([5, 4, 3, 2, 1], orders, [1, 2, 3, 4, 5])))
    assert list(by_customer(grading.table(), "f_score").values()) == scores
    assert ("scores_tied" in grading.notes) is tied


@pytest.mark.parametrize(
    ("bins", "labels"),
    [
        (2, ["lost", "champions"]),
        (4, ["lost", "hibernating", "loyal", "champions"]),
        (3, ["lost", "need_attention", "champions"]),
    ],
)
def test_other_scores_than_five_are_labelled_in_proportion(duck: DuckEngine, bins: int, labels: list[str]) -> None:
    """Of four bins 1, 2, 3, 4 are 1, 2, 4, 5 of five: 1 + ⅔·2·2 rounded half up."""
    many = list(range(1, bins + 1))
    grading: Grading = grade_rfm(on(duck, rfm_profile(many[::-1], many, many)), bins=bins)
    assert list(by_customer(grading.table(), "label").values()) == labels
