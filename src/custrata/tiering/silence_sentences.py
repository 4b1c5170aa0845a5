"""What the lifecycle decides by, in sentences: a customer's silence, the stretch they stand in, and the lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from custrata.analytics.silence import LINED, SilenceCurve, Stratum, Stretch
from custrata.analytics.traits import COMEBACKS
from custrata.wording.writer import Writer

Row = Mapping[str, Any]
Facts = Mapping[str, Any]


def silence_sentences(row: Row, facts: Facts, write: Writer, *, won_back: bool) -> Iterator[str]:
    """Of one customer, from the published row and the facts that the run recorded of the scheme."""
    inputs = {
        "days": write.number(row["recency_days"]),
        "orders": write.number(row["orders_all"]),
        "tenure": write.number(row["tenure_days"]),
    }
    if row["silence"] is None:
        yield write("value.lifecycle_unpaced", **inputs)
        yield from unpaced_sentences(facts, write)
        return
    curve = SilenceCurve.from_record(facts["curve"])
    stratum = curve.stratum(int(row.get("order_days") or row["orders_all"]))
    silence, rhythm = write.number(row["silence"], 1), write.number(row["rhythm_days"], 1)
    yield write("value.lifecycle", silence=silence, rhythm=rhythm, **inputs)
    stretch = stratum.stretch(row["silence"])
    if stretch is not None:
        yield return_sentence(stratum, stretch, curve.horizon, write)
    if won_back:
        yield from _comeback(row, facts, curve, write)
    yield from line_sentences(stratum, curve, write)


def return_sentence(stratum: Stratum, stretch: Stretch, horizon: int, write: Writer) -> str:
    """How many of those that stand in a stretch came back, with how many they are and the interval."""
    share = write.share(stretch.share, 0)
    if stretch.people is None or stretch.low is None or stretch.high is None:
        return write("came_back_plain", share=share, horizon=horizon)
    return write(
        "came_back",
        people=write.number(stretch.people),
        stratum=stratum_name(stratum.least, stratum.most, write),
        share=share,
        interval=interval(stretch.low, stretch.high, write),
        horizon=horizon,
    )


def interval(low: Decimal, high: Decimal, write: Writer) -> str:
    """The two ends in per cent, without the sign: 25–37."""
    return write("interval", low=write.number(low * 100, 0), high=write.number(high * 100, 0))


def line_sentences(stratum: Stratum, curve: SilenceCurve, write: Writer) -> Iterator[str]:
    """From which silence on the customers of a stratum are at risk and churned, or why they never are."""
    name = stratum_name(stratum.least, stratum.most, write)
    for tier in LINED:
        line = stratum.line(tier)
        if line is not None:
            phrase = "silence_line" if curve.learned else "silence_beyond"
            yield write(f"{phrase}.{tier}", line=number(line, write), stratum=name)
        elif stratum.stretches:
            why = "thin" if tier in stratum.thin else "flat"
            yield write(f"silence_none.{tier}.{why}", stratum=name)


def unpaced_sentences(facts: Facts, write: Writer) -> Iterator[str]:
    """From how many days on customers are at risk and churned where no rhythm is known."""
    names = {tier: f"unpaced_{tier}_days" for tier in LINED}
    if set(names.values()) <= set(facts):  # runs of before had none
        yield write("unpaced_lines", **{tier: write.number(facts[name]) for tier, name in names.items()})


def stratum_name(least: int, most: int | None, write: Writer) -> str:
    """The customers of a stratum, by their order days."""
    if most is None:
        return write("order_days.all") if least == 1 else write("order_days.more", least=write.number(least))
    if least == most:
        return write("order_days.one" if least == 1 else "order_days.some", least=write.number(least))
    return write("order_days.between", least=write.number(least), most=write.number(most))


def number(line: Fraction, write: Writer) -> str:
    """A line to two places, for showing alone."""
    return write.number(Decimal(line.numerator) / line.denominator, 2)


def _comeback(row: Row, facts: Facts, curve: SilenceCurve, write: Writer) -> Iterator[str]:
    """The longest silence of those that made the customer won back."""
    comebacks = []
    for name in COMEBACKS:
        silence, stratum = row.get(name), curve.stratum(int(name.removeprefix("comeback_")))
        if silence is not None and stratum.churned is not None and Fraction(silence) >= Fraction(stratum.churned):
            comebacks.append((silence, stratum))
    if comebacks:
        silence, stratum = max(comebacks, key=lambda comeback: comeback[0])
        yield write(
            "comeback",
            days=write.number(facts["won_back_days"]),
            silence=write.number(silence, 1),
            stratum=stratum_name(stratum.least, stratum.most, write),
            line=number(stratum.churned or Fraction(0), write),
        )
