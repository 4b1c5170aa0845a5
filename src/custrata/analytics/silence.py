"""The silence curve: how likely a customer comes back, by order days and by how many usual gaps of silence.

For past dates every 30 days, each seen only with what was known then: did the customer order again within the
horizon? For each stratum of order days a curve that never rises is fitted (isotonic regression: Barlow, Bartholomew,
Bremner and Brunk, Statistical Inference under Order Restrictions, 1972), and the lines of the lifecycle are read from
it. What is fitted stands here; `silence_fit` fits, `silence_learning` observes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

HORIZON = 90
STRATA = (1, 2, 4, 13)
LINED = ("at_risk", "churned")


@dataclass(frozen=True)
class SilenceRules:
    """By what a curve is learned; days, order days, customers and shares.

    `strata` are the order days from which each stratum begins. `least_seen` and `least_back` are what a stratum needs
    so as not to be joined with its neighbour, `least_in_rhythm` how many of its observations must be in rhythm;
    `beyond_seen` observations of `beyond_people` people must lie beyond a line. Of past dates the newest `most_dates`
    are used, which is a year; beyond `most_customers` the curve is learned from a sample.
    """

    horizon: int = HORIZON
    stride: int = 30
    strata: tuple[int, ...] = STRATA
    at_risk_share: Fraction = Fraction(3, 4)
    churned_share: Fraction = Fraction(1, 2)
    least_history: int = 180
    least_dates: int = 3
    least_customers: int = 500
    least_seen: int = 200
    least_back: int = 50
    least_in_rhythm: int = 10
    beyond_seen: int = 100
    beyond_people: int = 50
    most_dates: int = 12
    most_customers: int = 40_000
    resamples: int = 200


@dataclass(frozen=True)
class Stretch:
    """A stretch of a stratum's curve: silences from `start` on.

    Of `seen` observations of `people` customers `back` came back within the horizon. `low` and `high` hold the share
    in 95 of 100 samples of people drawn anew; `date_low` and `date_high` are the least and the largest share of one
    past date, of those dates with at least 20 observations.
    """

    start: Fraction
    seen: int
    back: int
    people: int | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    date_low: Decimal | None = None
    date_high: Decimal | None = None

    @property
    def share(self) -> Decimal:
        """The share of those seen that came back, four places."""
        return (Decimal(self.back) / self.seen).quantize(Decimal("0.0001"))


@dataclass(frozen=True)
class Stratum:
    """The curve of customers with `least` to `most` order days (`None`: and more), and the lines read from it.

    `at_risk` and `churned` are silences, in usual gaps, from which on a customer is so; `None` where the curve never
    falls that low, or, where `thin` names the tier, too little lies beyond the line. `in_rhythm` is the share that
    came back of those silent for at most one gap, `rhythmic` how many observations that rests on.
    """

    least: int
    most: int | None
    at_risk: Fraction | None = None
    churned: Fraction | None = None
    thin: tuple[str, ...] = ()
    seen: int = 0
    people: int = 0
    back: int = 0
    rhythmic: int = 0
    in_rhythm: Decimal | None = None
    stretches: tuple[Stretch, ...] = ()

    def line(self, tier: str) -> Fraction | None:
        """The line of `at_risk` or `churned`."""
        return self.at_risk if tier == "at_risk" else self.churned

    def stretch(self, silence: Fraction | Decimal) -> Stretch | None:
        """The stretch that a silence lies in; a silence before the first is nowhere."""
        reached = [stretch for stretch in self.stretches if stretch.start <= Fraction(silence)]
        return reached[-1] if reached else None


@dataclass(frozen=True)
class Calibration:
    """Claimed against actual, of a stratum's customers in one tier (`in_rhythm`, `at_risk` or `churned`).

    `claimed` is the mean share that the curve of earlier dates said of them, `actual` the share of `seen` observations
    of `people` customers that came back, `low` and `high` its interval as in `Stretch`.
    """

    least: int
    most: int | None
    tier: str
    seen: int
    people: int
    claimed: Decimal
    actual: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class SilenceCurve:
    """The fitted curves by stratum, fewest order days first, with what they rest on and their back-test.

    Without enough history or customers `learned` is false, and there is one stratum whose lines lie beyond 3 and
    beyond 6 usual gaps; a learned line is itself beyond. `dates` past dates from `first_date` to `last_date` were
    looked at, of `customers` in all. `calibration` was tested on the newest `test_dates`, claimed by the dates before.
    """

    strata: tuple[Stratum, ...]
    learned: bool
    horizon: int = HORIZON
    dates: int = 0
    first_date: date | None = None
    last_date: date | None = None
    customers: int = 0
    calibration: tuple[Calibration, ...] = ()
    test_dates: int = 0

    def stratum(self, order_days: int) -> Stratum:
        """The stratum of a customer with so many order days."""
        return next(stratum for stratum in reversed(self.strata) if stratum.least <= max(1, order_days))

    def share_back(self, order_days: int, silence: Fraction | Decimal) -> Decimal | None:
        """The share of such customers silent that long who came back within the horizon."""
        stretch = self.stratum(order_days).stretch(silence)
        return stretch.share if stretch else None

    def record(self) -> dict[str, Any]:
        """The curve in JSON's types: shares, lines and dates as text."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> SilenceCurve:
        """A curve as a run recorded it, also one for everybody, as runs kept it before there were strata."""
        if "strata" not in record:
            return cls(
                (_stratum({"least": 1, "most": None, **_shares(record)}),),
                **{name: record[name] for name in ("learned", "horizon", "dates", "customers")},
            )
        return cls(
            tuple(map(_stratum, record["strata"])),
            record["learned"],
            record["horizon"],
            record["dates"],
            _day(record["first_date"]),
            _day(record["last_date"]),
            record["customers"],
            tuple(Calibration(**_decimals(row, ("claimed", "actual", "low", "high"))) for row in record["calibration"]),
            record["test_dates"],
        )


NOT_LEARNED = SilenceCurve((Stratum(1, None, Fraction(3), Fraction(6)),), learned=False)


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Decimal | Fraction | date) else value


def _shares(record: Mapping[str, Any]) -> dict[str, Any]:
    """What of the curve for everybody belongs to its one stratum; fixed lines were written as 3.01 and 6.01."""
    lines = {tier: record[tier] for tier in LINED} if record["learned"] else {"at_risk": "3", "churned": "6"}
    observed, back = (sum(stretch[name] for stretch in record["stretches"]) for name in ("seen", "back"))
    return {**lines, "in_rhythm": record["in_rhythm"], "stretches": record["stretches"], "seen": observed, "back": back}


def _stratum(record: Mapping[str, Any]) -> Stratum:
    fields = {**record, "thin": tuple(record.get("thin", ())), "stretches": tuple(map(_stretch, record["stretches"]))}
    fields |= {tier: None if record[tier] is None else Fraction(record[tier]) for tier in LINED}
    return Stratum(**_decimals(fields, ("in_rhythm",)))


def _stretch(record: Mapping[str, Any]) -> Stretch:
    fields = _decimals(record, ("low", "high", "date_low", "date_high"))
    return Stretch(**{**fields, "start": Fraction(record["start"])})


def _decimals(record: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    values = {name: record.get(name) for name in names}
    return {**record, **{name: None if value is None else Decimal(value) for name, value in values.items()}}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
