"""Potential, need and standing: at, just under and just over each line, what beats what, and when they wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from custrata.analytics.grading import Grading
from custrata.analytics.moments import AsOf
from custrata.analytics.silence import NOT_LEARNED
from custrata.engine import DuckEngine, Engine
from custrata.engine.functions import epoch_micros
from custrata.tiering import BUILT_IN, GradingContext
from tests.analytics.conftest import MakeProfile, by_customer, profile_table
from tests.analytics.population import feedback_table
from tests.examples import examples

AS_OF = datetime(2025, 1, 31, tzinfo=UTC)
TEXT, YES, SHARE = pa.string(), pa.bool_(), pa.decimal128(18, 4)


def graded(key: str, profile: ir.Table, **facts: ir.Table) -> Grading:
    """A profile graded by a built-in scheme."""
    return BUILT_IN[key].grade(profile, GradingContext(NOT_LEARNED, 7, AsOf(AS_OF, "UTC"), facts))


def potential_tiers(
    make_profile: MakeProfile, changes: dict[str, Any], high: str = "", orders: int = 1
) -> dict[str, Any]:
    """The tiers of customers by their change of spend; those in `high` are of high value."""
    profile = make_profile(
        {
            name: {"orders": orders, "spend_change_90d": change, "value_tier": "high" if name in high else "low"}
            for name, change in changes.items()
        },
        value_tier=TEXT,
    )
    return by_customer(graded("potential", profile).table(), "tier")


def test_the_top_three_tenths_and_their_equals_have_potential(make_profile: MakeProfile) -> None:
    """Of ten, rank 3 from the best is 7.00: so is the equal of rank 4, and a cent less is not."""
    changes = {"a": 9, "b": 8, "c": 7, "d": 7, "e": "6.99", "f": 5, "g": 4, "h": 3, "i": 2, "j": 1}
    tiers = potential_tiers(make_profile, changes)
    assert tiers == {name: "potential" if name in "abcd" else "standard" for name in changes}


def test_high_value_beats_potential_and_counts_among_the_best(make_profile: MakeProfile) -> None:
    """Rank ⌈0.3 · 4⌉ = 2 is Ben, though Ann before him is of high value already."""
    assert potential_tiers(make_profile, {"a": 9, "b": 8, "c": 7, "d": -5}, high="ad") == {
        "a": "high", "b": "potential", "c": "standard", "d": "high",
    }  # fmt: skip


def test_who_does_not_grow_has_no_potential(make_profile: MakeProfile) -> None:
    assert potential_tiers(make_profile, {"a": "0.01", "b": 0, "c": -1}) == {
        "a": "potential",
        "b": "standard",
        "c": "standard",
    }
    assert potential_tiers(make_profile, {"a": 0, "b": "-0.01"}) == {"a": "standard", "b": "standard"}


def test_who_has_no_order_is_not_among_those_compared(make_profile: MakeProfile) -> None:
    assert potential_tiers(make_profile, {"a": 5, "b": 9}, orders=0) == {"a": "standard", "b": "standard"}


def test_potential_says_which_rule_held(duck: DuckEngine) -> None:
    rows = {name: {"orders": 1, "spend_change_90d": n, "value_tier": "low"} for n, name in enumerate("abcde")}
    rows["a"]["value_tier"] = "high"
    grading = graded("potential", duck.from_arrow(profile_table(rows, value_tier=TEXT)))
    assert by_customer(grading.table(), "rule") == {"a": 0, "b": None, "c": None, "d": 1, "e": 1}


def need_tiers(engine: Engine, *rows: tuple[str, str, timedelta]) -> dict[str, Any]:
    """The tiers by what customers told: (customer, kind, how long before `AS_OF`)."""
    feedback = [
        {"customer_id": name, "kind": kind, "given_at": AS_OF - before, "score": None} for name, kind, before in rows
    ]
    answers = engine.from_arrow(feedback_table(feedback))
    profile = engine.from_arrow(profile_table({name: {"orders": 1} for name in ("silent", *(row[0] for row in rows))}))
    grading = graded("need", profile, feedback=answers.mutate(at=epoch_micros(answers.given_at)))
    return by_customer(grading.table(), "tier")


def test_feedback_counts_from_90_days_ago_until_the_instant(engine: Engine) -> None:
    day, moment = timedelta(days=90), timedelta(microseconds=1)
    assert need_tiers(
        engine,
        ("at", "complaint", day), ("before", "complaint", day + moment), ("last", "inquiry", moment),
        ("after", "complaint", -moment), ("now", "complaint", timedelta(0)), ("rated", "nps", moment),
    ) == {
        "at": "complaint", "before": "none", "last": "inquiry", "after": "none", "now": "none", "rated": "none",
        "silent": "none",
    }  # fmt: skip


def test_a_complaint_beats_an_inquiry(engine: Engine) -> None:
    hour = timedelta(hours=1)
    tiers = need_tiers(engine, ("both", "inquiry", hour), ("both", "complaint", 2 * hour), ("asked", "inquiry", hour))
    assert tiers == {"both": "complaint", "asked": "inquiry", "silent": "none"}


def test_need_waits_for_feedback(make_profile: MakeProfile) -> None:
    grading = graded("need", make_profile({"a": {"orders": 1}}))
    assert (grading.waiting, grading.notes, grading.facts["missing"]) == (True, ("waiting_trait",), ["feedback"])


TAGS = {
    "red": ("vip, red_list", "red"), "red in Chinese": ("红名单", "red"), "black": ("black_list", "black"),
    "black in Chinese": ("A级, 黑名单, 老客户", "black"), "traditional": ("黑名單", "black"),
    "both": ("black_list, red_list", "black"), "neither": ("vip", "general"), "none": (None, "general"),
    "part of a name": ("not_black_list, red_lister", "general"), "empty": ("", "general"),
}  # fmt: skip


def test_a_tag_decides_the_standing_and_black_beats_red(make_profile: MakeProfile) -> None:
    profile = make_profile({name: {"tags": tags} for name, (tags, _) in TAGS.items()}, tags=TEXT)
    assert by_customer(graded("standing", profile).table(), "tier") == {name: tier for name, (_, tier) in TAGS.items()}


def test_who_owes_and_mostly_paid_late_is_black(make_profile: MakeProfile) -> None:
    rows: dict[str, dict[str, Any]] = {
        "at": {"overdue": True, "late_share": "0.5"}, "under": {"overdue": True, "late_share": "0.4999"},
        "over": {"overdue": True, "late_share": "0.5001"}, "paid": {"overdue": False, "late_share": 1},
        "unknown": {}, "red": {"overdue": True, "late_share": 1, "tags": "red_list"},
    }  # fmt: skip
    profile = make_profile(rows, overdue=YES, late_share=SHARE, tags=TEXT)
    assert by_customer(graded("standing", profile).table(), "tier", "rule") == {
        "at": ("black", 1), "under": ("general", None), "over": ("black", 1), "paid": ("general", None),
        "unknown": ("general", None), "red": ("black", 1),
    }  # fmt: skip


def test_rules_without_their_data_are_left_out_and_told(duck: DuckEngine) -> None:
    tagged = duck.from_arrow(profile_table({"a": {"tags": "vip"}}, tags=TEXT))
    grading = graded("standing", tagged)
    assert (grading.waiting, grading.notes) == (False, ("rules_left_out",))
    assert grading.facts["missing"] == ["late_share", "overdue"]


def test_nobody_is_graded_where_nobody_is(make_profile: MakeProfile) -> None:
    row = {"tags": "red_list", "orders": 1, "spend_change_90d": 1, "value_tier": "low"}
    profile = make_profile({"a": row}, tags=TEXT, value_tier=TEXT)
    empty = profile.filter(profile.orders > 1)
    assert [by_customer(graded(key, empty).table(), "tier") for key in ("standing", "potential")] == [{}, {}]


@given(changes=st.lists(st.integers(-20, 20), min_size=1, max_size=25), high=st.sets(st.integers(0, 24)))
@examples(25)
def test_more_growth_is_never_worse_and_equals_are_alike(duck: DuckEngine, changes: list[int], high: set[int]) -> None:
    rows = {
        str(n): {"orders": 1, "spend_change_90d": change, "value_tier": "high" if n in high else "mid"}
        for n, change in enumerate(changes)
    }
    tiers = by_customer(graded("potential", duck.from_arrow(profile_table(rows, value_tier=TEXT))).table(), "tier")
    assert {n for n in range(len(changes)) if tiers[str(n)] == "high"} == high & set(range(len(changes)))
    remaining = {(change, tiers[str(n)]) for n, change in enumerate(changes) if n not in high}
    growing = {change for change, tier in remaining if tier == "potential"}
    assert growing.isdisjoint(change for change, tier in remaining if tier == "standard")
    assert all(change > 0 and change >= min(growing) for change in growing)
