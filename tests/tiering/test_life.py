"""One run to the next: lines, validity, grace, steps, and tiers by hand, on both engines."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import pytest

from custrata.analytics.moments import AsOf
from custrata.engine import DuckEngine, Engine
from custrata.tiering.life import LIVED, Life, LifeTier, Review, Term, live
from custrata.tiering.life.terms import NotATerm
from tests.tiering.lives import at, columns_of, customer, lived, table_of

NOW = "2026-01-01"
GOLD = LifeTier("gold", 1000, keep=Decimal("800.00"))
SILVER, BASIC = LifeTier("silver", 500, keep=400), LifeTier("basic", None)
PLAIN = Life((GOLD, SILVER, BASIC))
SAFE = Life(
    (LifeTier("gold", 1000, keep=800, valid_days=365, grace_days=30), LifeTier("silver", 500, valid_days=90), BASIC)
)
STEPS = Life((LifeTier("gold", 1000, drop_at_most=1), SILVER, LifeTier("bronze", 100), BASIC))
FAST = Life((LifeTier("quick", 7, keep=10), LifeTier("normal", 30), LifeTier("slow", None)), less_is_better=True)


def test_a_new_customer_enters_at_the_line_and_not_one_cent_under(engine: Engine) -> None:
    values = ("1000.01", "1000.00", "999.99", "500.01", "500.00", "499.99", "0", "-5", None)
    states = lived(engine, PLAIN, NOW, [customer(value) for value in values])
    assert columns_of(states, "tier") == ["gold"] * 2 + ["silver"] * 3 + ["basic"] * 4
    assert set(columns_of(states, "status")) == {"entered"}
    assert columns_of(states, "reason") == ["met_enter"] * 5 + ["met_none"] * 3 + ["no_value"]


def test_a_tier_is_kept_at_its_keep_line_and_lost_one_cent_under(engine: Engine) -> None:
    states = lived(engine, PLAIN, NOW, [customer(value, "gold") for value in ("800.01", "800.00", "799.99", None)])
    assert columns_of(states, "tier") == ["gold", "gold", "silver", "basic"]
    assert columns_of(states, "status", "reason")[1:3] == [("kept", "met_keep"), ("downgraded", "fell")]


def test_going_up_takes_the_enter_line_of_the_higher_tier(engine: Engine) -> None:
    states = lived(engine, PLAIN, NOW, [customer(value, "silver") for value in ("999.99", "1000.00", "1000.01")])
    assert columns_of(states, "tier", "status") == [("silver", "kept"), ("gold", "upgraded"), ("gold", "upgraded")]
    assert columns_of(states, "since") == [at("2025-01-01"), at(NOW), at(NOW)]


def test_less_is_better_turns_every_line_round(engine: Engine) -> None:
    rows = [customer("7.00"), customer("7.01"), customer("10.00", "quick"), customer("10.01", "quick"), customer(None)]
    assert columns_of(lived(engine, FAST, NOW, rows), "tier") == ["quick", "normal", "quick", "normal", "slow"]


def test_a_tier_entered_or_renewed_is_valid_for_its_days(engine: Engine) -> None:
    rows = [
        customer(1000),
        customer(1000, "silver"),
        customer(1000, "gold"),
        customer(600, "gold", "grace"),
        customer(1),
    ]
    until = columns_of(lived(engine, SAFE, NOW, rows), "until")
    assert until == [at("2027-01-01")] * 3 + [at("2026-04-01"), None]


def test_validity_is_neither_renewed_by_the_keep_line_nor_shortened_by_the_enter_line(engine: Engine) -> None:
    rows = [customer(800, "gold", was_until="2026-02-01"), customer(1000, "gold", was_until="2028-02-01")]
    assert columns_of(lived(engine, SAFE, NOW, rows), "until") == [at("2026-02-01"), at("2028-02-01")]


def test_a_new_version_without_validity_keeps_what_the_former_one_promised(engine: Engine) -> None:
    rows = [customer(1000, "gold", was_until="2026-02-01"), customer(1, "gold", was_until="2026-02-01")]
    states = lived(engine, PLAIN, NOW, rows)
    assert columns_of(states, "status", "until") == [("kept", at("2026-02-01")), ("protected", at("2026-02-01"))]


def test_a_valid_tier_is_safe_to_the_last_microsecond(engine: Engine) -> None:
    ends = ("2026-01-01T00:00:00.000001", NOW, "2025-12-31T23:59:59.999999", None)
    states = lived(engine, SAFE, NOW, [customer(1, "gold", was_until=end) for end in ends])
    assert columns_of(states, "status") == ["protected", "grace", "grace", "grace"]
    assert columns_of(states, "reason", "until")[:2] == [("safe_until", at(ends[0])), ("grace_until", at("2026-01-31"))]


def test_grace_lasts_its_days_and_then_the_tier_falls_without_another_review(engine: Engine) -> None:
    yearly = Life(SAFE.rungs, Review("calendar", ((7, 1),)))
    rows = [customer(600, "gold", "grace", was_until=end) for end in ("2026-01-02", NOW)]
    states = lived(engine, yearly, NOW, rows)
    assert columns_of(states, "tier", "status") == [("gold", "grace"), ("silver", "downgraded")]
    assert columns_of(states, "until") == [at("2026-01-02"), at("2026-04-01")]


def test_back_above_the_keep_line_ends_grace_and_a_later_failure_gets_its_own(engine: Engine) -> None:
    (first,) = lived(engine, SAFE, NOW, [customer(800, "gold", "grace", was_until="2026-01-20")])
    assert (first["status"], first["until"]) == ("kept", None)
    (again,) = lived(engine, SAFE, "2026-01-10", [customer(1, "gold", first["status"], was_until=first["until"])])
    assert (again["status"], again["until"]) == ("grace", at("2026-02-09"))


def test_a_fall_takes_at_most_so_many_tiers_of_the_tier_it_leaves(engine: Engine) -> None:
    rows = [customer(150, "gold"), customer(1, "silver"), customer(600, "gold"), customer(1, "bronze")]
    states = lived(engine, STEPS, NOW, rows)
    assert columns_of(states, "tier") == ["silver", "basic", "silver", "basic"]
    assert columns_of(states, "reason") == ["fell_at_most", "fell", "fell", "fell"]


def test_the_lowest_tier_is_kept_by_anything(engine: Engine) -> None:
    states = lived(engine, SAFE, NOW, [customer(value, "basic") for value in (499, None)])
    assert columns_of(states, "tier", "status", "reason") == [
        ("basic", "kept", "met_none"),
        ("basic", "kept", "no_value"),
    ]


def test_a_tier_the_life_does_not_know_is_a_new_entry(engine: Engine) -> None:
    (state,) = lived(engine, SAFE, NOW, [customer(600, "platinum", was_until="2027-01-01")])
    assert (state["tier"], state["status"], state["since"]) == ("silver", "entered", at(NOW))


def test_a_tier_given_exactly_beats_all_until_its_end(engine: Engine) -> None:
    by_hand = {"put_tier": "silver", "put_mode": "exactly", "put_reason": "a friend", "put_approver": "Wu"}
    ends = ("2026-01-02", None, NOW)
    rows = [customer(5000, "gold", was_until="2026-06-01", put_until=end, **by_hand) for end in ends]
    states = lived(engine, SAFE, NOW, rows)
    assert columns_of(states, "tier", "status") == [("silver", "override")] * 2 + [("gold", "kept")]
    assert columns_of(states, "until", "put_approver", "put_reason")[0] == (at("2026-01-02"), "Wu", "a friend")
    assert columns_of(states, "until", "put_approver", "put_reason")[1:] == [
        (None, "Wu", "a friend"),
        (at("2027-01-01"), None, None),
    ]


def test_at_least_a_tier_counts_unless_ones_own_is_better(engine: Engine) -> None:
    rows = [customer(value, "basic", put_tier="silver", put_reason="a friend") for value in (1, 499, 500, 1000)]
    states = lived(engine, SAFE, NOW, rows)
    assert columns_of(states, "tier") == ["silver", "silver", "silver", "gold"]
    assert columns_of(states, "status") == ["override"] * 3 + ["upgraded"]
    assert columns_of(states, "put_reason") == ["a friend"] * 3 + [None]


def test_ones_own_life_goes_on_unseen_beneath_a_tier_by_hand(engine: Engine) -> None:
    rows = [
        customer(1, "silver", put_tier="gold"),
        customer(600, "silver", put_tier="gold"),
        customer(5, put_tier="gold"),
    ]
    states = lived(engine, SAFE, NOW, rows)
    assert columns_of(states, "tier", "status") == [("gold", "override")] * 3
    assert columns_of(states, "own_tier", "own_status") == [
        ("basic", "downgraded"),
        ("silver", "kept"),
        ("basic", "entered"),
    ]
    assert columns_of(states, "own_since", "own_until")[1] == (at("2025-01-01"), at("2026-04-01"))


def test_a_tier_by_hand_that_the_life_does_not_know_is_nothing(engine: Engine) -> None:
    (state,) = lived(engine, SAFE, NOW, [customer(600, put_tier="platinum")])
    assert (state["tier"], state["status"]) == ("silver", "entered")


def test_a_tier_whose_entry_nobody_knows_counts_from_this_run(engine: Engine) -> None:
    (state,) = lived(engine, PLAIN, NOW, [customer(900, "gold", None, was_since=None, was_at=None)])
    assert (state["status"], state["since"]) == ("kept", at(NOW))


def test_the_tier_by_hand_is_entered_when_it_is_another_one(engine: Engine) -> None:
    rows = [customer(1, "gold", put_tier="gold"), customer(1, "basic", put_tier="gold"), customer(1, put_tier="gold")]
    assert columns_of(lived(engine, SAFE, NOW, rows), "since") == [at("2025-01-01"), at(NOW), at(NOW)]


def test_after_an_override_ones_own_tier_stands_without_grace(engine: Engine) -> None:
    life = Life((LifeTier("gold", 1000, grace_days=60, drop_at_most=1), LifeTier("silver", 500, grace_days=60), BASIC))
    was = {"shown_tier": "gold", "shown_status": "override", "shown_since": "2025-12-01"}
    rows = [customer(5, "basic", **was), customer(1000, "basic", **was), customer(600, "silver", **was)]
    states = lived(engine, life, NOW, rows)
    assert columns_of(states, "tier", "status") == [
        ("basic", "downgraded"),
        ("gold", "upgraded"),
        ("silver", "downgraded"),
    ]
    assert columns_of(states, "reason") == ["override_over", "met_enter", "override_over"]
    assert columns_of(states, "since", "own_since")[2] == (at(NOW), at("2025-01-01"))


def test_the_same_instant_over_its_own_result_moves_nobody(engine: Engine) -> None:
    rows = [customer(value, was) for value in (1, 150, 600, 1000, None) for was in STEPS.tiers]
    for life in (SAFE, STEPS, PLAIN):
        first = lived(engine, life, NOW, rows)
        states = [{f"was_{name}": row[f"own_{name}"] for name in ("tier", "status", "since", "until")} for row in first]
        again = lived(
            engine, life, NOW, [{**row, **was, "was_at": at(NOW)} for row, was in zip(rows, states, strict=True)]
        )
        assert columns_of(again, "own_tier", "own_since", "own_until") == columns_of(
            first, "own_tier", "own_since", "own_until"
        )


def test_what_came_since_a_review_lets_up_and_never_down(engine: Engine) -> None:
    rows = [customer(0, "gold", fresh=1500), customer(0, "basic", fresh=1500), customer(900, "gold", fresh=0)]
    states = lived(engine, PLAIN, NOW, [*rows, customer(0, "gold", fresh=850), customer(0, fresh=1000)])
    assert columns_of(states, "tier", "status") == [
        ("gold", "kept"),
        ("gold", "upgraded"),
        ("gold", "kept"),
        ("silver", "downgraded"),
        ("gold", "entered"),
    ]


@pytest.mark.parametrize(
    ("term", "start", "end"),
    [
        ("1 year", "2024-02-01", "2025-02-01"),
        ("1 year", "2024-02-29", "2025-02-28"),
        ("4 years", "2024-02-29", "2028-02-29"),
        ("12 months", "2024-02-29", "2025-02-28"),
        ("1 month", "2025-01-31", "2025-02-28"),
        ("1 month", "2024-01-31", "2024-02-29"),
        ("3 months", "2025-11-30", "2026-02-28"),
        ("90 days", "2024-02-01", "2024-05-01"),
        ("365 days", "2024-02-01", "2025-01-31"),
        ("0 days", "2024-02-01", None),
    ],
)
def test_a_term_is_one_of_the_calendar(engine: Engine, term: str, start: str, end: str | None) -> None:
    safe, graced = LifeTier("gold", 10, valid=Term.of(term)), LifeTier("gold", 10, grace=Term.of(term))
    (entered,) = lived(engine, Life((safe, BASIC)), start, [customer(10)])
    (failed,) = lived(engine, Life((graced, BASIC)), start, [customer(1, "gold", was_at="2020-01-01")])
    assert (entered["until"], failed["until"]) == (end and at(end), end and at(end))


@pytest.mark.parametrize("term", ["", "a year", "1.5 years", "-1 day", "101 years", "1 fortnight", True, None])
def test_no_term_is_refused_by_name(term: object) -> None:
    with pytest.raises(NotATerm):
        Term.of(cast(str, term))


def test_without_life_rules_a_tier_follows_its_value(engine: Engine) -> None:
    follow = Life((LifeTier("gold", 1000), LifeTier("silver", 500), BASIC))
    rows = [customer(value, was) for value in (1000, 500, 0, None) for was in follow.tiers]
    tiers = columns_of(lived(engine, follow, NOW, rows), "tier")
    assert tiers == [tier for tier in ("gold", "silver", "basic", "basic") for _ in range(3)]


def test_a_life_of_one_tier_holds_everybody(engine: Engine) -> None:
    states = lived(engine, Life((BASIC,)), NOW, [customer(5), customer(None, "basic"), customer(1, "gold")])
    assert columns_of(states, "tier", "status") == [("basic", "entered"), ("basic", "kept"), ("basic", "entered")]


def test_days_are_days_of_the_zone_also_where_midnight_does_not_exist(engine: Engine) -> None:
    life = Life((LifeTier("gold", 10, valid_days=3), BASIC))
    (state,) = lived(engine, life, "2018-11-01", [customer(10)], zone="America/Sao_Paulo")
    assert state["until"] == at("2018-11-04", "America/Sao_Paulo")
    (safe, over) = (
        lived(engine, life, when, [customer(1, "gold", was_until=state["until"])], zone="America/Sao_Paulo")[0]
        for when in ("2018-11-03T23:59:59", "2018-11-04")
    )
    assert (safe["status"], over["status"]) == ("protected", "downgraded")


def test_the_result_has_the_same_columns_on_every_engine(engine: Engine) -> None:
    nobody = engine.from_arrow(table_of([]))
    assert live(nobody, SAFE, AsOf.of(NOW, "UTC")).schema() == LIVED
    assert live(nobody.drop("put_tier"), SAFE, AsOf.of(NOW, "UTC")).schema() == LIVED
    assert engine.arrow(live(nobody, SAFE, AsOf.of(NOW, "UTC"))).num_rows == 0


@pytest.mark.parametrize("line", [Decimal("0.005"), Decimal("799.999"), 800])
def test_a_line_finer_than_the_value_is_not_rounded(duck: DuckEngine, line: Decimal) -> None:
    (under, over) = lived(
        duck, Life((LifeTier("gold", line), BASIC)), NOW, [customer(float(line) - 0.006), customer(line + 1)]
    )
    assert (under["tier"], over["tier"]) == ("basic", "gold")
