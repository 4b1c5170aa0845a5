"""How long stays last, also those that still go on: the product-limit estimate.

Source: E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations", Journal of the American
Statistical Association 53 (1958), 457–481.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

HORIZONS = (30, 90, 180, 365)


@dataclass(frozen=True)
class Lasted:
    """So many stays of one length in days: those that ended then, and those that were seen no longer than that."""

    days: int
    ended: int = 0
    going_on: int = 0


@dataclass(frozen=True)
class StayStep:
    """A step of the curve: so many were still there on the day and how many left; `share` is still there after it."""

    days: int
    there: int
    left: int
    share: Fraction


@dataclass(frozen=True)
class Survival:
    """The curve of one kind of stay: its steps down, and the longest time that any stay was seen, in days."""

    steps: tuple[StayStep, ...]
    longest: int | None

    @property
    def median(self) -> int | None:
        """After so many days at most half is still there; nothing where the curve never falls that low."""
        return next((step.days for step in self.steps if step.share <= Fraction(1, 2)), None)

    def after(self, days: int) -> Fraction | None:
        """The share that is still there after so many days; nothing beyond what was ever seen."""
        if self.longest is None or (days > self.longest and (not self.steps or self.steps[-1].share)):
            return None
        return next((step.share for step in reversed(self.steps) if step.days <= days), Fraction(1))

    def shares(self, horizons: Sequence[int] = HORIZONS) -> dict[int, Fraction | None]:
        """The same for several lengths."""
        return {days: self.after(days) for days in horizons}


def survival(stays: Iterable[Lasted]) -> Survival:
    """The share of stays that lasts longer than t: the product over every day d ≤ t on which any ended of
    `1 − ended / there`, `there` being all stays of at least d days.

    A stay that still goes on counts as there up to the last day it was seen, that day included. Exact fractions, so a
    median is never decided by rounding.

    >>> six = [Lasted(30, 1), Lasted(60, 1, 1), Lasted(90, 1), Lasted(120, 0, 1), Lasted(150, 1)]
    >>> curve = survival(six)
    >>> [(step.days, step.there, str(step.share)) for step in curve.steps]
    [(30, 6, '5/6'), (60, 5, '2/3'), (90, 3, '4/9'), (150, 1, '0')]
    >>> curve.median, str(curve.after(75))
    (90, '2/3')
    """
    together: dict[int, tuple[int, int]] = {}
    for stay in stays:
        ended, going_on = together.get(stay.days, (0, 0))
        together[stay.days] = (ended + stay.ended, going_on + stay.going_on)
    there, share = sum(ended + going_on for ended, going_on in together.values()), Fraction(1)
    steps: list[StayStep] = []
    for days, (ended, going_on) in sorted(together.items()):
        if ended:
            share *= 1 - Fraction(ended, there)
            steps.append(StayStep(days, there, ended, share))
        there -= ended + going_on
    return Survival(tuple(steps), max(together, default=None))
