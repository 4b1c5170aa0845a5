"""What a scheme may say of its tiers' lives, and what is refused by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from custrata.errors import BadInput
from custrata.tiering.life import Life, LifeTier, Review, rules

BASIC = LifeTier("basic", None)


@pytest.mark.parametrize(
    ("rungs", "error"),
    [
        ((), rules.NoTiers),
        ((LifeTier("gold", 2), LifeTier("gold", 1), BASIC), rules.RungTwice),
        ((LifeTier("gold", None), BASIC), rules.EnterLineMissing),
        ((LifeTier("gold", 2),), rules.LowestHasLine),
        ((LifeTier("gold", 2), LifeTier("basic", None, keep=1)), rules.LowestHasLine),
        ((LifeTier("gold", 1), LifeTier("silver", Decimal("1.01")), BASIC), rules.RungsOutOfOrder),
        ((LifeTier("gold", 1, keep=Decimal("1.01")), BASIC), rules.KeepBeyondEnter),
    ],
)
def test_refuses_lines_that_make_no_ladder(rungs: tuple[LifeTier, ...], error: type[BadInput]) -> None:
    with pytest.raises(error):
        Life(rungs)


def test_with_less_is_better_the_keep_line_is_the_larger() -> None:
    rungs = (LifeTier("quick", 7, keep=10), LifeTier("normal", 30), BASIC)
    assert Life(rungs, less_is_better=True).rungs[0].keep_line == 10
    with pytest.raises(rules.KeepBeyondEnter):
        Life((LifeTier("quick", 7, keep=6), BASIC), less_is_better=True)
    with pytest.raises(rules.RungsOutOfOrder):
        Life((LifeTier("normal", 30), LifeTier("quick", 7), BASIC), less_is_better=True)


def test_equal_lines_are_allowed_as_a_quantile_may_draw_them() -> None:
    assert Life((LifeTier("high", 1), LifeTier("mid", 1), BASIC)).tiers == ("high", "mid", "basic")


@pytest.mark.parametrize(
    "fields",
    [
        {"valid_days": -1},
        {"valid_days": 36_501},
        {"grace_days": 1.5},
        {"grace_days": True},
        {"drop_at_most": 0},
        {"enter": 1.5},
        {"enter": True},
        {"keep": "800"},
        {"keep": Decimal("NaN")},
    ],
)
def test_refuses_numbers_that_are_none_or_lie_outside(fields: dict[str, Any]) -> None:
    with pytest.raises(rules.BadLifeNumber, match="gold"):
        LifeTier(**{"tier": "gold", "enter": 1, **fields})


@pytest.mark.parametrize(
    ("kind", "dates"), [("calendar", ()), ("each_run", ((4, 1),)), ("calendar", ((2, 30),)), ("calendar", ((13, 1),))]
)
def test_refuses_dates_that_are_none_or_not_asked_for(kind: Any, dates: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(rules.BadReviewDates):
        Review(kind, dates)


def test_refuses_words_it_does_not_know() -> None:
    with pytest.raises(rules.UnknownLifeWord, match="each_run, tier_anniversary"):
        Review("weekly")  # type: ignore[arg-type]  # what a file may say
    with pytest.raises(rules.UnknownLifeWord, match="rolling, since_review"):
        Life((BASIC,), qualify="ever")  # type: ignore[arg-type]  # what a file may say


def test_refuses_to_count_since_a_review_that_is_every_run() -> None:
    with pytest.raises(rules.NothingSince):
        Life((BASIC,), qualify="since_review")
