"""What a scheme says of the life of its tiers, checked when it is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Literal, get_args

from custrata.errors import BadInput
from custrata.tiering.life.terms import LONGEST, Term

Number = int | Decimal
ReviewKind = Literal["each_run", "tier_anniversary", "member_anniversary", "calendar"]
Qualify = Literal["rolling", "since_review"]
LEAP_YEAR = 2024


class NoTiers(BadInput):
    template = "There are no tiers: define at least one, for customers who meet no line."


class RungTwice(BadInput):
    template = "The tier “{tier}” appears twice. Give every tier a different key."


class EnterLineMissing(BadInput):
    template = "The tier “{tier}” has no line to enter. Only the last tier can be without one."


class LowestHasLine(BadInput):
    template = "The last tier, “{tier}”, includes everyone who meets no line. Remove its lines to enter and to keep."


class RungsOutOfOrder(BadInput):
    template = (
        "The tier “{tier}” is harder to enter ({enter}) than “{above}” above it ({line}). Put the best tier first."
    )


class KeepBeyondEnter(BadInput):
    template = (
        "The tier “{tier}” is harder to keep ({keep}) than to enter ({enter}). Its line to keep must not exceed the "
        "line to enter."
    )


class BadLifeNumber(BadInput):
    template = "“{given}” is not valid for {what} of the tier “{tier}”. Use {wanted}."


class UnknownLifeWord(BadInput):
    template = "“{given}” is not valid in the life of a tier. Choose from: {known}."


class TwoTerms(BadInput):
    template = "The tier “{tier}” has both {what} and a term, {term}. Remove one of them."


class BadReviewDates(BadInput):
    template = (
        "“{given}” is not valid as dates of a review. Use month and day, such as 04-01, and only with “calendar”."
    )


class NothingSince(BadInput):
    template = (
        "With a review at each run, there is no period since the last review. Choose another review, or set qualify "
        "to “rolling”."
    )


@dataclass(frozen=True)
class LifeTier:
    """One tier of a life; the best comes first, the last is the lowest.

    - `enter` a value at or beyond this line gets in; `None` for the last alone.
    - `keep` a value at or beyond this line stays; `None` is the enter line, and it may not be the harder of the two.
    - `valid_days`, or `valid` as a term of the calendar: how long the tier is safe once entered, or renewed by a value
      at or beyond the enter line.
    - `grace_days`, or `grace`: how long it stays after the first failure that counts.
    - `drop_at_most` how many tiers one run may take; `None` is any number.

    Days are those of the workspace's zone: until the same time on the clock, that many days later.
    """

    tier: str
    enter: Number | None
    keep: Number | None = None
    valid_days: int = 0
    grace_days: int = 0
    drop_at_most: int | None = None
    valid: Term | None = None
    grace: Term | None = None

    def __post_init__(self) -> None:
        for what in ("enter", "keep"):
            self._check_line(what, getattr(self, what))
        for what in ("valid_days", "grace_days"):
            self._check(what, getattr(self, what), 0, LONGEST["day"])
        if self.drop_at_most is not None:
            self._check("drop_at_most", self.drop_at_most, 1, LONGEST["day"])
        for days, term in (("valid_days", self.valid), ("grace_days", self.grace)):
            if term is not None and getattr(self, days):
                raise TwoTerms(what=days, term=term, tier=self.tier)

    def _check_line(self, what: str, value: object) -> None:
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return
        if not (isinstance(value, Decimal) and value.is_finite()):
            raise BadLifeNumber(given=value, what=what, tier=self.tier, wanted="12, Decimal('12.50')")

    def _check(self, what: str, value: object, least: int, most: int) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadLifeNumber(given=value, what=what, tier=self.tier, wanted=f"{least} … {most}")

    @property
    def validity(self) -> Term:
        """How long the tier is safe once entered or renewed."""
        return Term(self.valid_days) if self.valid is None else self.valid

    @property
    def respite(self) -> Term:
        """How long the tier stays after the first failure that counts."""
        return Term(self.grace_days) if self.grace is None else self.grace

    @property
    def keep_line(self) -> Number | None:
        """The line that keeps: `keep`, or where there is none `enter`."""
        return self.enter if self.keep is None else self.keep


@dataclass(frozen=True)
class Review:
    """When a lower tier is considered at all: going up never waits.

    `each_run`; `tier_anniversary`, every year on the day the tier was entered; `member_anniversary`, on the day of the
    first order; `calendar`, on `dates` of (month, day). A review is at the start of its day. One on 29 February is on
    1 March in common years, when 28 February is over.
    """

    kind: ReviewKind = "each_run"
    dates: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(ReviewKind):
            raise UnknownLifeWord(given=self.kind, known=", ".join(get_args(ReviewKind)))
        if bool(self.dates) != (self.kind == "calendar"):
            raise BadReviewDates(given=list(self.dates))
        for month, day in self.dates:
            try:
                date(LEAP_YEAR, month, day)
            except (TypeError, ValueError) as error:
                raise BadReviewDates(given=f"{month}-{day}") from error


@dataclass(frozen=True)
class Life:
    """The lives of all tiers of a scheme, best first.

    `less_is_better` turns every line round: a value at or below it is in. `qualify` says which facts the value counts:
    those of the scheme's rolling window, or those `since_review`.

    Raises `NoTiers`, `RungTwice`, `EnterLineMissing`, `LowestHasLine`, `RungsOutOfOrder`, `KeepBeyondEnter`,
    `NothingSince`, `UnknownLifeWord`; a `LifeTier` raises `BadLifeNumber` and a `Review` `BadReviewDates`.

    >>> life = Life((LifeTier("gold", 1000, keep=800, valid_days=365), LifeTier("basic", None)))
    >>> life.tiers
    ('gold', 'basic')
    """

    rungs: tuple[LifeTier, ...]
    review: Review = Review()
    less_is_better: bool = False
    qualify: Qualify = "rolling"

    def __post_init__(self) -> None:
        if not self.rungs:
            raise NoTiers
        if self.qualify not in get_args(Qualify):
            raise UnknownLifeWord(given=self.qualify, known=", ".join(get_args(Qualify)))
        if self.qualify == "since_review" and self.review.kind == "each_run":
            raise NothingSince
        for place, rung in enumerate(self.rungs):
            if rung.tier in self.tiers[:place]:
                raise RungTwice(tier=rung.tier)
        self._check_lines()

    def _check_lines(self) -> None:
        *upper, lowest = self.rungs
        if lowest.enter is not None or lowest.keep is not None:
            raise LowestHasLine(tier=lowest.tier)
        for rung in upper:
            if rung.enter is None:
                raise EnterLineMissing(tier=rung.tier)
            if rung.keep is not None and self.beyond(rung.keep, rung.enter):
                raise KeepBeyondEnter(tier=rung.tier, keep=rung.keep, enter=rung.enter)
        for above, rung in pairwise(upper):
            if self.beyond(_line(rung), _line(above)):
                raise RungsOutOfOrder(tier=rung.tier, enter=rung.enter, above=above.tier, line=above.enter)

    @cached_property
    def tiers(self) -> tuple[str, ...]:
        """The keys of the tiers, best first."""
        return tuple(rung.tier for rung in self.rungs)

    def beyond(self, number: Number, line: Number) -> bool:
        """Whether a number is better than a line, and not just as good."""
        return number < line if self.less_is_better else number > line


def _line(rung: LifeTier) -> Number:
    assert rung.enter is not None
    return rung.enter
