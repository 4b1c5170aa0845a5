"""Potential, need and standing: at, just under and just over each line, what beats what, and when they wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custrata.analytics.moments import AsOf
from custrata.analytics.need import grade_need, needs
from custrata.analytics.potential import grade_potential, potential
from custrata.analytics.standing import grade_standing
from custrata.engine import DuckEngine, Engine
from tests.analytics.conftest import MakeOrders, MakeProfile, by_customer, profile_table
from tests.analytics.population import feedback_table

AS_OF = datetime(2025, 1, 31, tzinfo=UTC)
TEXT, YES, SHARE = pa.string(), pa.bool_(), pa.decimal128(18, 4)


def growing(make_profile: MakeProfile, changes: dict[str, Any], high: str = "", orders: int = 1) -> dict[str, Any]:
    """The tiers of customers by their change of spend; those in `high` are of high value."""
    profile = make_profile(
        {
            name: {"orders": orders, "spend_change_90d": change, "value_tier": "high" if name in high else "low"}
            for name, change in changes.items()
        },
        value_tier=TEXT,
    )
    return by_customer(grade_potential(profile).table(), "tier")


def test_the_top_three_tenths_and_their_equals_have_potential(make_profile: MakeProfile) -> None:
    """Of ten, rank 3 from the best is 7.00: so is the equal of rank 4, and a cent less is not."""
    changes = {"a": 9, "b": 8, "c": 7, "d": 7, "e": "6.99", "f": 5, "g": 4, "h": 3, "i": 2, "j": 1}
    found = growing(make_profile, changes)
    assert found == {name: "potential" if name in "abcd" else "standard" for name in changes}


def test_high_value_beats_potential_and_counts_among_the_best(make_profile: MakeProfile) -> None:
    """Rank ⌈0.3 · 4⌉ = 2 is Ben, though Ann before him is of high value already."""
    assert growing(make_profile, {"a": 9, "b": 8, "c": 7, "d": -5}, high="ad") == {
        "a": "high", "b": "potential", "c": "standard", "d": "high",
    }  # fmt: skip


def test_who_does_not_grow_has_no_potential(make_profile: MakeProfile) -> None:
    assert growing(make_profile, {"a": "0.01", "b": 0, "c": -1}) == {"a": "potential", "b": "standard", "c": "standard"}
    assert growing(make_profile, {"a": 0, "b": "-0.01"}) == {"a": "standard", "b": "standard"}


def test_who_has_no_order_is_not_among_those_compared(make_profile: MakeProfile) -> None:
    assert growing(make_profile, {"a": 5, "b": 9}, orders=0) == {"a": "standard", "b": "standard"}


def test_potential_says_which_rule_held_and_where_its_line_was(duck: DuckEngine) -> None:
    rows = {name: {"orders": 1, "spend_change_90d": n, "value_tier": "low"} for n, name in enumerate("abcde")}
    rows["a"]["value_tier"] = "high"
    graded = grade_potential(duck.from_arrow(profile_table(rows, value_tier=TEXT)))
    assert by_customer(graded.table(), "rule", "value") == {
        "a": (0, 0), "b": (None, 1), "c": (None, 2), "d": (1, 3), "e": (1, 4),
    }  # fmt: skip
    assert graded.facts["line"] == 3


def answers(engine: Engine, *rows: tuple[str, str, timedelta]) -> dict[str, Any]:
    """Complaints and inquiries counted from (customer, kind, how long before `AS_OF`)."""
    told = [
        {"customer_id": name, "kind": kind, "given_at": AS_OF - before, "score": None} for name, kind, before in rows
    ]
    found = needs(engine.from_arrow(feedback_table(told)), AsOf(AS_OF, "UTC"))
    return by_customer(found, "complaints_90d", "inquiries_90d")


def test_feedback_counts_from_90_days_ago_until_the_instant(engine: Engine) -> None:
    day, moment = timedelta(days=90), timedelta(microseconds=1)
    assert answers(
        engine,
        ("at", "complaint", day), ("before", "complaint", day + moment), ("last", "inquiry", moment),
        ("after", "complaint", -moment), ("now", "complaint", timedelta(0)),
        ("both", "complaint", moment), ("both", "inquiry", day), ("both", "inquiry", moment), ("rated", "nps", moment),
    ) == {"at": (1, 0), "before": (0, 0), "last": (0, 1), "both": (1, 2), "rated": (0, 0)}  # fmt: skip


def test_a_complaint_beats_an_inquiry(make_profile: MakeProfile) -> None:
    counts = {"both": (1, 5), "complained": (2, 0), "asked": (0, 3), "rated": (0, 0), "silent": (None, None)}
    rows = {name: {"complaints_90d": c, "inquiries_90d": i} for name, (c, i) in counts.items()}
    graded = grade_need(make_profile(rows, complaints_90d=pa.int32(), inquiries_90d=pa.int32()))
    assert by_customer(graded.table(), "tier", "value") == {
        "both": ("complaint", 1), "complained": ("complaint", 2), "asked": ("inquiry", 3), "rated": ("none", None),
        "silent": ("none", None),
    }  # fmt: skip
    assert not graded.waiting


def test_need_waits_for_feedback(make_profile: MakeProfile) -> None:
    graded = grade_need(make_profile({"a": {"orders": 1}}))
    assert (graded.waiting, graded.notes) == (True, ("waiting_feedback",))
    assert by_customer(graded.table(), "tier") == {"a": "none"}


TAGS = {
    "red": ("vip, red_list", "red"), "red in Chinese": ("红名单", "red"), "black": ("black_list", "black"),
    "black in Chinese": ("A级, 黑名单, 老客户", "black"), "traditional": ("黑名單", "black"),
    "both": ("black_list, red_list", "black"), "neither": ("vip", "general"), "none": (None, "general"),
    "part of a name": ("not_black_list, red_lister", "general"), "empty": ("", "general"),
}  # fmt: skip


def test_a_tag_decides_the_standing_and_black_beats_red(make_profile: MakeProfile) -> None:
    profile = make_profile({name: {"tags": tags} for name, (tags, _) in TAGS.items()}, tags=TEXT)
    assert by_customer(grade_standing(profile).table(), "tier") == {name: tier for name, (_, tier) in TAGS.items()}


def test_who_owes_and_mostly_paid_late_is_black(make_profile: MakeProfile) -> None:
    rows: dict[str, dict[str, Any]] = {
        "at": {"overdue": True, "late_share": "0.5"}, "under": {"overdue": True, "late_share": "0.4999"},
        "over": {"overdue": True, "late_share": "0.5001"}, "paid": {"overdue": False, "late_share": 1},
        "unknown": {}, "red": {"overdue": True, "late_share": 1, "tags": "red_list"},
    }  # fmt: skip
    profile = make_profile(rows, overdue=YES, late_share=SHARE, tags=TEXT)
    assert by_customer(grade_standing(profile).table(), "tier", "rule") == {
        "at": ("black", 1), "under": ("general", None), "over": ("black", 1), "paid": ("general", None),
        "unknown": ("general", None), "red": ("black", 1),
    }  # fmt: skip
    stricter = by_customer(grade_standing(profile, Decimal("0.4999")).table(), "tier")
    assert stricter["under"] == "black"


def test_payments_alone_or_tags_alone_are_enough(duck: DuckEngine) -> None:
    paid = duck.from_arrow(profile_table({"a": {"overdue": True, "late_share": 1}}, overdue=YES, late_share=SHARE))
    assert not grade_standing(paid).waiting
    assert not grade_standing(duck.from_arrow(profile_table({"a": {"tags": "vip"}}, tags=TEXT))).waiting
    owing = duck.from_arrow(profile_table({"a": {"overdue": True}}, overdue=YES))
    assert by_customer(grade_standing(owing).table(), "tier") == {"a": "general"}
    assert grade_standing(owing).notes == ("waiting_marks",)


def test_nobody_is_graded_where_nobody_is(make_profile: MakeProfile) -> None:
    row = {"tags": "red_list", "complaints_90d": 1, "inquiries_90d": 0, "orders": 1, "spend_change_90d": 1}
    kinds = {"tags": TEXT, "complaints_90d": pa.int32(), "inquiries_90d": pa.int32(), "value_tier": TEXT}
    profile = make_profile({"a": {**row, "value_tier": "low"}}, **kinds)
    empty = profile.filter(profile.orders > 1)
    graded = [grade(empty) for grade in (grade_standing, grade_need, grade_potential)]
    assert [by_customer(found.table(), "tier") for found in graded] == [{}, {}, {}]


@given(changes=st.lists(st.integers(-20, 20), min_size=1, max_size=25), high=st.sets(st.integers(0, 24)))
@settings(max_examples=25)
def test_more_growth_is_never_worse_and_equals_are_alike(duck: DuckEngine, changes: list[int], high: set[int]) -> None:
    rows = {
        str(n): {"orders": 1, "spend_change_90d": change, "value_tier": "high" if n in high else "mid"}
        for n, change in enumerate(changes)
    }
    found = by_customer(grade_potential(duck.from_arrow(profile_table(rows, value_tier=TEXT))).table(), "tier")
    assert {n for n in range(len(changes)) if found[str(n)] == "high"} == high & set(range(len(changes)))
    others = {(change, found[str(n)]) for n, change in enumerate(changes) if n not in high}
    growing = {change for change, tier in others if tier == "potential"}
    assert growing.isdisjoint(change for change, tier in others if tier == "standard")
    assert all(change > 0 and change >= min(growing) for change in growing)


@pytest.mark.parametrize("window", [365, None])
def test_potential_of_orders_alone(make_orders: MakeOrders, window: int | None) -> None:
    orders = make_orders(
        ("a", "2024-06-01", 900), ("b", "2025-01-10", 40), ("b", "2024-11-02", 1), ("c", "2024-09-01", 20),
        ("d", "2024-10-30", 30), ("d", "2024-11-02", 20),
    )  # fmt: skip
    found = by_customer(potential(orders, as_of="2025-01-31", window=window), "tier", "value")
    assert found == {"a": ("high", 0), "b": ("potential", 41), "c": ("standard", -20), "d": ("standard", 20 - 30)}
