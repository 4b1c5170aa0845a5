"""Fits the silence curve of each stratum to what was observed, reads the lines, and tests the claims.

All counts are whole numbers and all lines exact fractions, so the same observations give the same curve whatever
engine they come from and in whatever order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import norm

from custrata.analytics.silence import LINED, Calibration, SilenceRules, Stratum, Stretch

Whole = NDArray[np.int64]
SEED = 1955
LEAST_ON_A_DATE = 20
TIERS = ("in_rhythm", *LINED)


@dataclass(frozen=True)
class Observed:
    """What was seen on past dates, a row per date and customer: whole numbers alone.

    `person` counts customers from 0; `order_days` known on the `date`; silence is `days` ÷ `usual`; `back` is 1 where
    the customer ordered within the horizon.
    """

    person: Whole
    date: Whole
    order_days: Whole
    days: Whole
    usual: Whole
    back: Whole

    def where(self, rows: NDArray[Any]) -> Observed:
        """Some of the rows, or all in another order."""
        return Observed(*(getattr(self, column.name)[rows] for column in fields(self)))

    def within(self, least: int, most: int | None) -> Observed:
        """Those of a stratum."""
        inside = self.order_days >= least
        return self.where(inside if most is None else inside & (self.order_days <= most))

    @cached_property
    def silence(self) -> NDArray[np.float64]:
        """Equal where the fractions are equal, and in their order."""
        silence: NDArray[np.float64] = self.days / self.usual
        return silence

    @property
    def in_rhythm(self) -> NDArray[np.bool_]:
        """Whether the silence is at most one usual gap."""
        in_rhythm: NDArray[np.bool_] = self.days <= self.usual
        return in_rhythm

    def __len__(self) -> int:
        return len(self.person)


class Resamples:
    """Samples of customers drawn anew, with replacement, the same ones in every call: how often each was drawn."""

    def __init__(self, many: int, resamples: int) -> None:
        self.many, self.resamples = many, resamples

    def interval(self, observed: Observed, parts: Whole, count: int) -> list[tuple[Decimal, Decimal]]:
        """Where the share that came back lies in 95 of 100 samples, for each of `count` parts of the rows.

        Where all came back, or nobody, the samples cannot differ: then by Wilson's interval of as many people.
        """
        key, row = np.unique(observed.person * count + parts, return_inverse=True)
        person, part = key // count, key % count
        there, back = np.bincount(row), np.bincount(row, weights=observed.back)
        draw = np.random.default_rng(SEED)
        shares = np.full((self.resamples, count), np.nan)
        for number in range(self.resamples):
            drawn = np.bincount(draw.integers(self.many, size=self.many), minlength=self.many)[person]
            total = np.bincount(part, weights=drawn * there, minlength=count)
            came = np.bincount(part, weights=drawn * back, minlength=count)
            np.divide(came, total, out=shares[number], where=total > 0)
        sums = (np.bincount(part, weights=many, minlength=count) for many in (there, back, np.ones(len(key))))
        return [self._of(shares[:, number], *map(int, totals)) for number, totals in enumerate(zip(*sums, strict=True))]

    @staticmethod
    def _of(shares: NDArray[np.float64], count: int, back: int, people: int) -> tuple[Decimal, Decimal]:
        if back in (0, count):
            if not count:
                return _decimal(0), _decimal(1)
            square = float(norm.ppf(0.975)) ** 2
            reach = square / (people + square)
            return (_decimal(0), _decimal(reach)) if back == 0 else (_decimal(1 - reach), _decimal(1))
        defined = np.sort(shares[~np.isnan(shares)])
        low, high = (int(share * (len(defined) - 1) + 0.5) for share in (0.025, 0.975))
        return _decimal(defined[low]), _decimal(defined[high])


class Curve:
    """The falling curve of one stratum: the observed silences in rising order, in blocks of one fitted share."""

    def __init__(self, observed: Observed) -> None:
        self.observed = observed.where(np.lexsort((observed.date, observed.person, observed.silence)))
        self.values, first, counts = np.unique(self.observed.silence, return_index=True, return_counts=True)
        self.firsts = np.append(first, len(self.observed))
        self.back = np.add.reduceat(self.observed.back, first) if len(first) else first
        fit = isotonic_regression(self.back / counts, weights=counts.astype(float), increasing=False)
        self.share, self.blocks = fit.x, [int(end) for end in fit.blocks]

    def claims(self, silence: NDArray[np.float64]) -> NDArray[np.float64]:
        """The fitted share at each silence; before the first that was observed as there."""
        at = np.searchsorted(self.values, silence, side="right") - 1
        claims: NDArray[np.float64] = self.share[np.maximum(at, 0)]
        return claims

    def rows(self, start: int, end: int) -> Observed:
        """The rows from one observed silence up to another, both by their place."""
        return self.observed.where(np.arange(self.firsts[start], self.firsts[end]))

    def fraction(self, place: int) -> Fraction:
        """The exact silence at a place."""
        row = self.firsts[place]
        return Fraction(int(self.observed.days[row]), int(self.observed.usual[row]))

    def place(self, silence: Fraction) -> int:
        """The first place at or after a silence."""
        return int(np.searchsorted(self.values, float(silence)))

    def line(self, low: Fraction) -> Fraction | None:
        """Where the curve falls below a share, though never before one usual gap."""
        for start, end in pairwise(self.blocks):
            rows = self.rows(start, end)
            if Fraction(int(rows.back.sum()), len(rows)) < low:
                return max(Fraction(1), self.fraction(start))
        return None


def fit_strata(observed: Observed, rules: SilenceRules) -> tuple[Stratum, ...]:
    """The curve of every stratum, those with too little joined with their neighbour.

    >>> days = np.repeat([1, 2, 5], 300)
    >>> back = np.tile(np.arange(300), 3) < np.repeat([240, 150, 60], 300)
    >>> people, same = np.arange(900), np.ones(900, dtype=np.int64)
    >>> seen = Observed(people, same, same, days, same, back.astype(np.int64))
    >>> stratum, = fit_strata(seen, SilenceRules(strata=(1,)))
    >>> stratum.at_risk, stratum.churned, stratum.stretch(Decimal("2.5")).share
    (Fraction(2, 1), Fraction(5, 1), Decimal('0.5000'))
    """
    people = Resamples(int(observed.person.max(initial=-1)) + 1, rules.resamples)
    return tuple(
        _fit_stratum(observed.within(*bounds), *bounds, rules, people) for bounds in _stratum_bounds(observed, rules)
    )


def _stratum_bounds(observed: Observed, rules: SilenceRules) -> list[tuple[int, int | None]]:
    """The strata's bounds: one that has too little is joined with the one before, the first with the one after."""
    starts = list(rules.strata)
    while len(starts) > 1:
        bounds = _bounds(starts)
        thin = next(
            (number for number, (low, high) in enumerate(bounds) if _thin(observed.within(low, high), rules)), None
        )
        if thin is None:
            break
        del starts[max(1, thin)]
    return _bounds(starts)


def _bounds(starts: Sequence[int]) -> list[tuple[int, int | None]]:
    return list(zip(starts, [*(start - 1 for start in starts[1:]), None], strict=True))


def _thin(observed: Observed, rules: SilenceRules) -> bool:
    """Whether a stratum has too little for a curve, or too little in rhythm to compare it with."""
    rhythmic = observed.back[observed.in_rhythm]
    few = len(observed) < rules.least_seen or int(observed.back.sum()) < rules.least_back
    return few or len(rhythmic) < rules.least_in_rhythm or not rhythmic.any()


def _fit_stratum(observed: Observed, least: int, most: int | None, rules: SilenceRules, people: Resamples) -> Stratum:
    if not len(observed):
        return Stratum(least, most)
    curve, rhythmic = Curve(observed), observed.back[observed.in_rhythm]
    lines: dict[str, Fraction | None] = dict.fromkeys(LINED)
    thin: list[str] = []
    for tier, part in zip(LINED, (rules.at_risk_share, rules.churned_share), strict=True):
        line = curve.line(part * Fraction(int(rhythmic.sum()), len(rhythmic))) if len(rhythmic) else None
        if line is not None and not _rests_on_enough(curve, curve.place(line), len(curve.values), rules):
            thin, line = [*thin, tier], None
        lines[tier] = line
    return Stratum(
        least,
        most,
        lines["at_risk"],
        lines["churned"],
        tuple(thin),
        seen=len(observed),
        people=len(np.unique(observed.person)),
        back=int(observed.back.sum()),
        rhythmic=len(rhythmic),
        in_rhythm=_decimal(Fraction(int(rhythmic.sum()), len(rhythmic))) if len(rhythmic) else None,
        stretches=_stretches(curve, [line for line in lines.values() if line is not None], rules, people),
    )


def _rests_on_enough(curve: Curve, start: int, end: int, rules: SilenceRules) -> bool:
    """Whether enough observations of enough people lie between two places."""
    many = int(curve.firsts[end] - curve.firsts[start])
    if many < rules.beyond_seen:
        return False
    return len(np.unique(curve.rows(start, end).person)) >= rules.beyond_people


def _stretches(curve: Curve, lines: Sequence[Fraction], rules: SilenceRules, people: Resamples) -> tuple[Stretch, ...]:
    """The blocks of the curve, joined until each rests on enough, never across a line."""
    cuts = _cuts(curve, [curve.place(line) for line in lines], rules)
    lengths = np.diff(curve.firsts[cuts])
    parts = np.repeat(np.arange(len(lengths)), lengths)
    intervals = people.interval(curve.observed, parts, len(lengths))
    return tuple(
        _stretch(curve.rows(start, end), curve.fraction(start), interval)
        for (start, end), interval in zip(pairwise(cuts), intervals, strict=True)
    )


def _cuts(curve: Curve, lines: Sequence[int], rules: SilenceRules) -> list[int]:
    """The places where stretches begin, and the end of the last."""
    last = len(curve.values)
    sections = [0, *sorted({place for place in lines if 0 < place < last}), last]
    # A section that rests on too little is told together with the one after it, the last with the one before.
    for place in sections[1:-1]:
        below = sections[sections.index(place) - 1]
        if not _rests_on_enough(curve, below, place, rules):
            sections.remove(place)
    cuts = [0]
    for start, end in pairwise(sections):
        # Six stretches at most between two lines: more would be told apart by chance alone.
        least = int(curve.firsts[end] - curve.firsts[start]) // 6
        section_start = start
        for place in curve.blocks:
            if start < place < end and _parts(curve, (section_start, place, end), least, rules):
                section_start = place
                cuts.append(place)
        cuts.append(end)
    return cuts


def _parts(curve: Curve, places: tuple[int, int, int], least: int, rules: SilenceRules) -> bool:
    """Whether enough lies on both sides of the middle one of three places."""
    return all(
        curve.firsts[last] - curve.firsts[first] >= least and _rests_on_enough(curve, first, last, rules)
        for first, last in pairwise(places)
    )


def _stretch(rows: Observed, start: Fraction, interval: tuple[Decimal, Decimal]) -> Stretch:
    shares = [Fraction(int(back.sum()), len(back)) for back in _by_date(rows) if len(back) >= LEAST_ON_A_DATE]
    return Stretch(
        start,
        len(rows),
        int(rows.back.sum()),
        len(np.unique(rows.person)),
        *interval,
        date_low=_decimal(min(shares)) if shares else None,
        date_high=_decimal(max(shares)) if shares else None,
    )


def _by_date(rows: Observed) -> Iterator[Whole]:
    for day in np.unique(rows.date):
        yield rows.back[rows.date == day]


def calibrate(
    claimed_by: Observed, observed: Observed, strata: Sequence[Stratum], rules: SilenceRules
) -> tuple[Calibration, ...]:
    """Claimed against actual for every stratum and tier of a curve: what `claimed_by` says of what was `seen` later."""
    people = Resamples(int(observed.person.max(initial=-1)) + 1, rules.resamples)
    rows: list[Calibration] = []
    for stratum in strata:
        before, after = (part.within(stratum.least, stratum.most) for part in (claimed_by, observed))
        if not len(before) or not len(after):
            continue
        claims, tiers = Curve(before).claims(after.silence), _tiers(after, stratum)
        intervals = people.interval(after, tiers, len(TIERS))
        for number, tier in enumerate(TIERS):
            inside = tiers == number
            if inside.any():
                rows.append(_calibration(stratum, tier, after.where(inside), claims[inside], intervals[number]))
    return tuple(rows)


def _tiers(observed: Observed, stratum: Stratum) -> Whole:
    """0 in rhythm, 1 at risk, 2 churned, by the stratum's lines."""
    tiers = np.zeros(len(observed), dtype=np.int64)
    for number, tier in enumerate(LINED, start=1):
        line = stratum.line(tier)
        if line is not None:
            tiers[observed.silence >= float(line)] = number
    return tiers


def _calibration(
    stratum: Stratum, tier: str, rows: Observed, claims: NDArray[np.float64], interval: tuple[Decimal, Decimal]
) -> Calibration:
    return Calibration(
        stratum.least,
        stratum.most,
        tier,
        len(rows),
        len(np.unique(rows.person)),
        _decimal(np.sort(claims).mean()),
        _decimal(Fraction(int(rows.back.sum()), len(rows))),
        *interval,
    )


def _decimal(value: Any) -> Decimal:
    exact = value if isinstance(value, Fraction) else Fraction(float(value))
    return (Decimal(exact.numerator) / exact.denominator).quantize(Decimal("0.0001"))
