"""What a scheme may say of its tiers' lives, and what is refused by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from custrata.errors import BadInput
from custrata.tiering.life import Life, Review, Rung, rules

BASIC = Rung("basic", None)


@pytest.mark.parametrize(
    ("rungs", "error"),
    [
        ((), rules.NoTiers),
        ((Rung("gold", 2), Rung("gold", 1), BASIC), rules.RungTwice),
        ((Rung("gold", None), BASIC), rules.EnterLineMissing),
        ((Rung("gold", 2),), rules.LowestHasLine),
        ((Rung("gold", 2), Rung("basic", None, keep=1)), rules.LowestHasLine),
        ((Rung("gold", 1), Rung("silver", Decimal("1.01")), BASIC), rules.RungsOutOfOrder),
        ((Rung("gold", 1, keep=Decimal("1.01")), BASIC), rules.KeepBeyondEnter),
    ],
)
def test_refuses_lines_that_make_no_ladder(rungs: tuple[Rung, ...], error: type[BadInput]) -> None:
    with pytest.raises(error):
        Life(rungs)


def test_with_less_is_better_the_keep_line_is_the_larger() -> None:
    rungs = (Rung("quick", 7, keep=10), Rung("normal", 30), BASIC)
    assert Life(rungs, less_is_better=True).rungs[0].keep_line == 10
    with pytest.raises(rules.KeepBeyondEnter):
        Life((Rung("quick", 7, keep=6), BASIC), less_is_better=True)
    with pytest.raises(rules.RungsOutOfOrder):
        Life((Rung("normal", 30), Rung("quick", 7), BASIC), less_is_better=True)


def test_equal_lines_are_allowed_as_a_quantile_may_draw_them() -> None:
    assert Life((Rung("high", 1), Rung("mid", 1), BASIC)).tiers == ("high", "mid", "basic")


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
        Rung(**{"tier": "gold", "enter": 1, **fields})


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
