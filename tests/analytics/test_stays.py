"""How long stays last: the estimate of Kaplan and Meier, by hand and against the published example."""

from __future__ import annotations

from fractions import Fraction

import pytest

from custrata.analytics.stays import Lasted, survival

# Weeks in remission under 6-MP (Freireich and others, 1963), the example that textbooks compute; + goes on.
REMISSIONS = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PUBLISHED = {6: "0.857", 7: "0.807", 10: "0.753", 13: "0.690", 16: "0.627", 22: "0.538", 23: "0.448"}


def lasted(text: str) -> Lasted:
    days, going_on = int(text.rstrip("+")), text.endswith("+")
    return Lasted(days, 0 if going_on else 1, 1 if going_on else 0)


def test_the_published_example() -> None:
    curve = survival(map(lasted, REMISSIONS.split()))
    assert {step.days: f"{float(step.share):.3f}" for step in curve.steps} == PUBLISHED
    assert (curve.median, curve.longest) == (23, 35)


def test_without_any_that_go_on_it_is_the_plain_share() -> None:
    curve = survival([Lasted(10, 1), Lasted(20, 2), Lasted(30, 1)])
    assert [curve.after(days) for days in (5, 10, 20, 30, 99)] == [1, Fraction(3, 4), Fraction(1, 4), 0, 0]


def test_exactly_half_is_the_median() -> None:
    assert survival([Lasted(7, 1), Lasted(9, 0, 1)]).median == 7


def test_what_goes_on_counts_on_its_last_day() -> None:
    assert survival([Lasted(30, 1, 1)]).steps[0].share == Fraction(1, 2)


@pytest.mark.parametrize("stays", [[], [Lasted(40, 0, 3)]])
def test_nobody_left_means_no_median(stays: list[Lasted]) -> None:
    assert (survival(stays).median, survival(stays).steps) == (None, ())


def test_beyond_what_was_seen_nothing_is_said() -> None:
    curve = survival([Lasted(30, 1), Lasted(40, 0, 3)])
    assert curve.shares() == {30: Fraction(3, 4), 90: None, 180: None, 365: None}


def test_one_length_told_in_parts_is_one() -> None:
    assert survival([Lasted(5, 1), Lasted(5, 1), Lasted(8, 1)]) == survival([Lasted(5, 2), Lasted(8, 1)])
