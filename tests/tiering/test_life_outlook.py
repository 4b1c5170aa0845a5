"""What is missing for the next tier and what keeps the present one, and how it is said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from custrata.analytics.moments import AsOf
from custrata.tiering.life import REASONS, STATUSES, Life, LifeTier, Outlook, Review, outlook
from custrata.wording import LANGUAGES, catalogue
from custrata.wording.writer import Writer
from tests.tiering.lives import ZONE, at

NOW = AsOf.of("2026-01-01", ZONE)
RUNGS = (LifeTier("gold", 1000, keep=800, valid_days=365), LifeTier("silver", 500, keep=400), LifeTier("basic", None))
PLAIN, APRIL = Life(RUNGS), Life(RUNGS, Review("calendar", ((4, 1),)))
FAST = Life((LifeTier("quick", 7, keep=10), LifeTier("slow", None)), less_is_better=True)


def test_tells_the_way_up_and_the_line_that_keeps() -> None:
    forecast = outlook(PLAIN, "silver", Decimal("679.99"), None, NOW)
    assert forecast == Outlook("gold", Decimal("320.01"), 400, 0, None)


def test_the_top_has_no_way_up_and_the_lowest_nothing_to_keep() -> None:
    assert outlook(PLAIN, "gold", 1200, None, NOW) == Outlook(None, None, 800, 0, None)
    assert outlook(PLAIN, "basic", 0, None, NOW) == Outlook("silver", 500, None, None, None)


def test_without_a_value_no_distance_is_known() -> None:
    assert outlook(PLAIN, "silver", None, None, NOW) == Outlook("gold", None, 400, None, None)


def test_where_less_is_better_the_distance_goes_the_other_way() -> None:
    assert outlook(FAST, "slow", 9, None, NOW).missing == 2
    assert outlook(FAST, "quick", 12, None, NOW).keep_missing == 2


def test_a_tier_by_hand_may_have_the_next_line_met_already() -> None:
    assert outlook(PLAIN, "silver", 5000, None, NOW, status="override").missing == 0


@pytest.mark.parametrize(
    ("life", "until", "status", "expected"),
    [
        (PLAIN, "2026-07-01", "protected", date(2026, 6, 30)),
        (PLAIN, "2026-07-01T10:00", "protected", date(2026, 7, 1)),
        (APRIL, None, "protected", date(2026, 3, 31)),
        (APRIL, "2026-04-01", "protected", date(2026, 3, 31)),
        (APRIL, "2026-04-02", "protected", date(2027, 3, 31)),
        (APRIL, "2026-02-01", "grace", date(2026, 1, 31)),
        (APRIL, "2026-02-01", "override", date(2026, 1, 31)),
        (Life(RUNGS, Review("tier_anniversary")), None, "kept", date(2026, 3, 4)),
        (Life(RUNGS, Review("member_anniversary")), None, "kept", date(2026, 6, 14)),
    ],
)
def test_the_last_day_to_keep_a_tier(life: Life, until: str | None, status: str, expected: date) -> None:
    end = None if until is None else at(until)
    days: dict[str, Any] = {"since": at("2025-03-05"), "member_since": date(2020, 6, 15)}
    assert outlook(life, "gold", 700, end, NOW, status=status, **days).keep_by == expected


def test_says_what_keeps_a_tier_in_three_languages() -> None:
    forecast = outlook(PLAIN, "gold", Decimal(720), at("2026-07-01"), NOW)
    assert forecast.keep_by is not None
    writers = [Writer(language, "CNY", ZONE, "life") for language in LANGUAGES]
    facts: dict[str, Any] = {"tier": "Gold", "missing": "¥80.00", "day": forecast.keep_by.isoformat()}
    assert [write("keep.more_by", **facts) for write in writers] == [
        "在 2026-06-30 前（含当天）再增加 ¥80.00 可保留Gold",
        "在 2026-06-30 前（含當天）再增加 ¥80.00 可保留Gold",
        "¥80.00 more by 2026-06-30 to stay Gold",
    ]


def test_every_status_and_reason_has_its_words() -> None:
    names = set(catalogue()["life"])
    assert {f"statuses.{status}" for status in STATUSES} | {f"reasons.{reason}" for reason in REASONS} <= names
