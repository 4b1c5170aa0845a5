"""When a lower tier is considered, from which day a period counts, and when the next review is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import ibis
import pytest

from custrata.analytics.moments import AsOf
from custrata.engine import Engine
from custrata.schema.zones import day_from_number, day_number
from custrata.tiering.life import Life, LifeTier, Review, next_review, review_start
from tests.tiering.lives import ZONE, at, columns_of, customer, lived, table_of

RUNGS = (LifeTier("gold", 1000), LifeTier("basic", None))
APRIL = Life(RUNGS, Review("calendar", ((4, 1),)), qualify="since_review")
QUARTERS = Life(RUNGS, Review("calendar", ((10, 1), (1, 1), (4, 1), (7, 1))), qualify="since_review")
LEAP = Life(RUNGS, Review("calendar", ((2, 29),)))
ENTRY = Life(RUNGS, Review("tier_anniversary"), qualify="since_review")
MEMBER = Life(RUNGS, Review("member_anniversary"), qualify="since_review")
ROLLING = Life(RUNGS)


def failing(
    ran: str | None, since: str = "2024-03-05T10:00", member: date | None = date(2020, 6, 15), **more: Any
) -> Any:
    """A gold customer who fails its keep line; the run before was at `ran`."""
    return customer(1, "gold", was_at=ran, was_since=since, member_since=member, **more)


def fallen(engine: Engine, life: Life, as_of: str, *rows: Any, zone: str = ZONE) -> list[bool]:
    return [row["status"] == "downgraded" for row in lived(engine, life, as_of, rows, zone)]


def periods(engine: Engine, life: Life, as_of: str, *rows: Any) -> list[tuple[date | None, ...]]:
    """The days from which and until which facts count, and from which those count that came since."""
    starts = engine.arrow(review_start(life, AsOf.of(as_of, ZONE), engine.from_arrow(table_of(rows)))).to_pylist()
    ordered = sorted(starts, key=lambda row: str(row["customer_id"]))
    days = [(row["counts_from"], row["counts_until"], row["fresh_from"]) for row in ordered]
    return [tuple(None if day is None else day_from_number(day) for day in three) for three in days]


def test_a_calendar_review_lies_after_the_run_before_and_up_to_this_one(engine: Engine) -> None:
    before, on_it = failing("2025-03-31T23:59:59"), failing("2025-04-01")
    assert fallen(engine, APRIL, "2025-03-31T23:59:59.999999", failing("2025-03-01")) == [False]
    assert fallen(engine, APRIL, "2025-04-01", before, on_it) == [True, False]
    assert fallen(engine, APRIL, "2026-03-31", before, on_it, failing("2023-01-01")) == [True, False, True]


def test_between_reviews_a_tier_is_protected_and_going_up_does_not_wait(engine: Engine) -> None:
    states = lived(engine, APRIL, "2025-05-01", [failing("2025-04-30"), customer(1000, "basic", was_at="2025-04-30")])
    assert columns_of(states, "status", "reason") == [("protected", "no_review_yet"), ("upgraded", "met_enter")]
    assert columns_of(states, "until") == [None, None]


def test_the_anniversary_of_a_tier_is_the_day_it_was_entered(engine: Engine) -> None:
    rows = [failing("2025-03-04"), failing("2025-03-05"), failing("2025-03-04", since="2025-03-05")]
    assert fallen(engine, ENTRY, "2025-03-05", *rows) == [True, False, False]
    assert fallen(engine, ENTRY, "2025-03-04T23:59", failing("2024-03-06")) == [False]


def test_the_anniversary_of_a_member_is_the_day_of_the_first_order(engine: Engine) -> None:
    rows = [failing("2025-06-14"), failing("2025-06-15"), failing("2024-01-01", member=date(2025, 6, 15))]
    assert fallen(engine, MEMBER, "2025-06-15", *rows) == [True, False, False]


def test_a_member_without_a_first_order_is_reviewed_on_the_day_the_tier_was_entered(engine: Engine) -> None:
    assert fallen(engine, MEMBER, "2025-03-05", failing("2025-03-04", member=None)) == [True]


@pytest.mark.parametrize("kind", ["int32", "date", "timestamp('UTC', 6)"])
def test_the_first_order_may_be_a_day_number_a_date_or_an_instant(engine: Engine, kind: str) -> None:
    table = engine.from_arrow(table_of([failing("2025-06-14")]))
    values: dict[str, Any] = {"int32": day_number(date(2020, 6, 15)), "date": date(2020, 6, 15)}
    first = ibis.literal(values.get(kind, at("2020-06-15"))).cast(kind)
    starts = engine.arrow(review_start(MEMBER, AsOf.of("2025-06-15", ZONE), table.mutate(member_since=first)))
    assert starts["counts_until"].to_pylist() == [day_number(date(2025, 6, 15))]


@pytest.mark.parametrize(
    ("as_of", "is_over"), [("2025-02-28T23:59", False), ("2025-03-01", True), ("2028-02-29", True)]
)
def test_29_february_is_1_march_in_common_years(engine: Engine, as_of: str, is_over: bool) -> None:
    ran = "2028-02-28" if as_of.startswith("2028") else "2025-02-27"
    row = failing(ran, since="2024-02-29", member=date(2024, 2, 29))
    assert [fallen(engine, life, as_of, row) for life in (ENTRY, MEMBER, LEAP)] == [[is_over]] * 3


def test_a_review_on_a_day_without_midnight_is_at_its_first_instant(engine: Engine) -> None:
    november = Life(RUNGS, Review("calendar", ((11, 4),)))
    row = customer(1, "gold", was_at=datetime.fromisoformat("2018-11-04T02:59:00+00:00"))
    assert fallen(engine, november, "2018-11-04T03:00:00+00:00", row, zone="America/Sao_Paulo") == [True]
    assert fallen(engine, november, "2018-11-04T02:59:59+00:00", row, zone="America/Sao_Paulo") == [False]


def test_nobody_falls_for_want_of_a_run_before(engine: Engine) -> None:
    assert fallen(engine, APRIL, "2026-06-15", failing(None)) == [False]
    assert fallen(engine, ENTRY, "2026-06-15", failing(None)) == [False]


def test_a_safe_tier_is_not_taken_at_a_review(engine: Engine) -> None:
    (state,) = lived(engine, APRIL, "2025-04-01", [failing("2025-03-31", was_until="2025-04-02")])
    assert (state["status"], state["reason"]) == ("protected", "safe_until")


def test_a_review_judges_the_period_it_ends_and_looks_at_the_new_one(engine: Engine) -> None:
    first, last = date(2024, 4, 1), date(2025, 4, 1)
    assert periods(engine, APRIL, "2025-03-31", failing("2025-03-30")) == [(first, None, None)]
    assert periods(engine, APRIL, "2025-04-01", failing("2025-03-31")) == [(first, last, last)]
    assert periods(engine, APRIL, "2025-04-09", failing("2025-03-31")) == [(first, last, last)]
    assert periods(engine, APRIL, "2025-04-10", failing("2025-04-09")) == [(last, None, None)]


def test_of_several_reviews_since_the_run_before_the_last_one_counts(engine: Engine) -> None:
    judged = (date(2025, 1, 1), date(2025, 4, 1), date(2025, 4, 1))
    assert periods(engine, QUARTERS, "2025-05-20", failing("2024-02-20")) == [judged]
    assert periods(engine, ENTRY, "2027-06-01", failing("2024-06-01")) == [
        (date(2026, 3, 5), date(2027, 3, 5), date(2027, 3, 5))
    ]


def test_the_first_run_judges_the_last_full_period_as_well(engine: Engine) -> None:
    judged = (date(2025, 1, 1), date(2025, 4, 1), date(2025, 4, 1))
    assert periods(engine, QUARTERS, "2025-05-20", customer(1)) == [judged]
    assert periods(engine, QUARTERS, "2025-04-01", customer(1)) == [judged]
    assert periods(engine, MEMBER, "2022-08-01", customer(1, member_since=date(2020, 6, 15))) == [
        (date(2021, 6, 15), date(2022, 6, 15), date(2022, 6, 15))
    ]


def test_an_anniversary_period_begins_with_the_tier_or_the_first_order_else_a_year_before(engine: Engine) -> None:
    entered, again = date(2024, 3, 5), date(2025, 3, 5)
    assert periods(engine, ENTRY, "2025-03-04", failing("2025-03-03")) == [(entered, None, None)]
    assert periods(engine, ENTRY, "2025-03-05", failing("2025-03-04")) == [(entered, again, again)]
    assert periods(engine, ENTRY, "2026-03-05", failing("2026-03-04")) == [(again, date(2026, 3, 5), date(2026, 3, 5))]
    assert periods(engine, ENTRY, "2025-03-04", customer(1)) == [(date(2024, 3, 4), None, None)]
    assert periods(engine, ENTRY, "2024-02-29", customer(1)) == [(date(2023, 2, 28), None, None)]
    assert periods(engine, MEMBER, "2020-12-01", customer(1, member_since=date(2020, 6, 15))) == [
        (date(2020, 6, 15), None, None)
    ]


def test_with_a_review_at_each_run_no_day_sets_a_limit(engine: Engine) -> None:
    assert periods(engine, ROLLING, "2025-03-04", failing("2025-03-03")) == [(None, None, None)]


@pytest.mark.parametrize(
    ("life", "as_of", "expected"),
    [
        (ROLLING, "2025-01-01", None),
        (APRIL, "2025-03-31T23:59", date(2025, 4, 1)),
        (APRIL, "2025-04-01", date(2026, 4, 1)),
        (QUARTERS, "2025-10-01", date(2026, 1, 1)),
        (LEAP, "2025-01-01", date(2025, 3, 1)),
        (LEAP, "2027-03-01", date(2028, 2, 29)),
        (ENTRY, "2025-03-04", date(2025, 3, 5)),
        (ENTRY, "2025-03-05", date(2026, 3, 5)),
        (ENTRY, "2024-03-05", date(2025, 3, 5)),
        (MEMBER, "2024-07-01", date(2025, 6, 15)),
    ],
)
def test_tells_the_day_of_the_next_review(life: Life, as_of: str, expected: date | None) -> None:
    assert next_review(life, at("2024-03-05T10:00"), date(2020, 6, 15), as_of, ZONE) == expected
    assert next_review(life, at("2024-03-05T10:00"), day_number(date(2020, 6, 15)), as_of, ZONE) == expected


def test_knows_no_next_review_without_a_day_to_reckon_from() -> None:
    assert next_review(ENTRY, None, date(2020, 6, 15), "2025-01-01", ZONE) is None
    assert next_review(MEMBER, at("2024-03-05"), None, "2025-01-01", ZONE) == date(2025, 3, 5)
