"""The silence curve: learned as on its page, by an isotonic fit of our own in the test; its lines; its fallback."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import polars as pl
import pyarrow as pa
import pytest

from custrata.analytics.moments import AsOf
from custrata.analytics.silence import NOT_LEARNED, Stretch, fitted, learn_silence
from custrata.engine import DuckEngine
from tests.analytics.grades import Graded, graded
from tests.analytics.population import AS_OF, ZONE, Shop, shop
from tests.analytics.recompute import Recomputed, lower_median, rounded

Seen = dict[Decimal, tuple[int, int]]


def observed(again: Recomputed) -> Seen:
    """Section 4: for past dates every 30 days, by silence, how many were seen and how many came back in 90 days."""
    newest, first = again.today - 90, min(c.days[0] for c in again.customers.values() if c.sold)
    found: defaultdict[Decimal, list[int]] = defaultdict(lambda: [0, 0])
    for date in list(range(newest, first + 179, -30))[:24]:
        before = {name: [day for day in c.days if day < date] for name, c in again.customers.items()}
        gaps = {name: [b - a for a, b in pairwise(days)] for name, days in before.items()}
        usual = lower_median(gap for own in gaps.values() for gap in own)
        for name, days in before.items():
            if days and usual is not None:
                rhythm = Fraction(len(gaps[name]) * (lower_median(gaps[name]) or 0) + 5 * usual, len(gaps[name]) + 5)
                here = found[rounded((date - days[-1]) / rhythm)]
                here[0] += 1
                here[1] += any(date <= day < date + 90 for day in again.customers[name].days)
    return {silence: (seen, back) for silence, (seen, back) in found.items()}


def falling(seen: Seen) -> list[tuple[Decimal, Fraction]]:
    """Pool adjacent violators: `(from which silence on, share that came back)`, never rising."""
    blocks: list[tuple[Decimal, int, int]] = []
    for silence in sorted(seen):
        blocks.append((silence, *seen[silence]))
        while len(blocks) > 1 and Fraction(blocks[-1][2], blocks[-1][1]) >= Fraction(blocks[-2][2], blocks[-2][1]):
            (start, n, back), (_, more, came) = blocks[-2:]
            blocks[-2:] = [(start, n + more, back + came)]
    return [(start, Fraction(back, n)) for start, n, back in blocks]


def lines(seen: Seen) -> tuple[Decimal | None, Decimal | None]:
    """From which silence on p(r) < 0.75·p₁, and < 0.5·p₁."""
    regular = [counts for silence, counts in seen.items() if silence <= 1]
    p1 = Fraction(sum(back for _, back in regular), sum(n for n, _ in regular))
    at_risk, churned = (
        next((start for start, share in falling(seen) if share < part * p1), None)
        for part in (Fraction(3, 4), Fraction(1, 2))
    )
    return at_risk, churned


@pytest.fixture(scope="module")
def sold() -> Shop:
    return shop(customers=560, seed=7, days=900)


@pytest.fixture(scope="module")
def again(sold: Shop) -> Recomputed:
    return Recomputed(sold.orders, AS_OF, ZONE)


@pytest.fixture(scope="module")
def shown(duck: DuckEngine, sold: Shop) -> Graded:
    return graded(duck, sold, AS_OF, ZONE)


def test_learns_the_lines_of_the_page(shown: Graded, again: Recomputed) -> None:
    assert shown.curve.learned
    assert (shown.curve.at_risk, shown.curve.churned) == lines(observed(again))


def test_keeps_every_stretch_of_the_curve(shown: Graded, again: Recomputed) -> None:
    kept = [(stretch.start, Fraction(stretch.back, stretch.seen)) for stretch in shown.curve.stretches]
    assert kept == falling(observed(again))


def test_stages_follow_the_learned_lines(shown: Graded, again: Recomputed) -> None:
    assert shown.column("lifecycle_tier") == again.lifecycle(lines(observed(again)))


def test_the_curve_of_the_method_page() -> None:
    """Barlow et al. 1972: 0.75 after 0.70 rises, so the two are pooled to 65 of 90; p₁ = 0.80."""
    silences = [Decimal(number) for number in (1, 2, 3, 5, 6)]
    curve = fitted(silences, [100, 50, 40, 30, 20], [80, 35, 30, 15, 6], horizon=90, dates=1, customers=500)
    assert [stretch.share for stretch in curve.stretches] == [
        Decimal(f"0.{share}") for share in (8000, 7222, 5000, 3000)
    ]
    assert (curve.at_risk, curve.churned, curve.in_rhythm) == (Decimal(5), Decimal(6), Decimal("0.8000"))
    assert curve.share_back(Decimal("4.99")) == Decimal("0.7222")


def test_a_curve_that_never_falls_has_no_lines() -> None:
    curve = fitted([Decimal(1), Decimal(9)], [100, 100], [80, 80], horizon=90, dates=1, customers=500)
    assert (curve.at_risk, curve.churned) == (None, None)


def test_a_share_at_a_line_is_not_below_it() -> None:
    """0.60 is 0.75 · 0.80, and 0.40 is 0.5 · 0.80."""
    silences = [Decimal(number) for number in (1, 2, 3, 4, 5)]
    curve = fitted(silences, [1000] * 5, [800, 600, 599, 400, 399], horizon=90, dates=1, customers=500)
    assert (curve.at_risk, curve.churned) == (Decimal(3), Decimal(5))
    thirds = fitted(silences, [6000] * 5, [4000, 3000, 2999, 2000, 1999], horizon=90, dates=1, customers=500)
    assert (thirds.at_risk, thirds.churned) == (Decimal(3), Decimal(5))


def test_nobody_is_at_risk_before_the_curve_begins() -> None:
    curve = fitted([Decimal(2)], [10], [5], horizon=90, dates=1, customers=500)
    assert curve.stretches == (Stretch(Decimal(2), 10, 5),)
    assert curve.share_back(Decimal("1.99")) is None


@pytest.mark.parametrize(("customers", "days", "learned"), [(499, 270, False), (500, 269, False), (500, 270, True)])
def test_learns_from_500_customers_and_180_days_before_the_horizon(
    duck: DuckEngine, customers: int, days: int, learned: bool
) -> None:
    first = AsOf.of(AS_OF, "UTC").day - days
    rows = {"customer_id": [str(n) for n in range(customers)], "day": [first] * customers, "gap": [None] * customers}
    types = {"customer_id": pa.string(), "day": pa.int32(), "gap": pa.int32(), "previous_at": pa.int64()}
    table = pa.table({name: pa.array(rows.get(name, [None] * customers), kind) for name, kind in types.items()})
    curve = learn_silence(duck.from_arrow(table), AsOf.of(AS_OF, "UTC"))
    assert curve.learned is learned
    assert learned or curve == NOT_LEARNED


def test_learns_from_the_same_customers_on_every_run(duck: DuckEngine) -> None:
    """Beyond 20,000 customers those whose hashed number falls into the share."""
    rows = [(str(n), day, gap) for n in range(40_000) for day, gap in ((0, None), (100 + n % 7, 100 + n % 7))]
    frame = pl.DataFrame(rows, {"customer_id": pl.String, "day": pl.Int32, "gap": pl.Int32}, orient="row")
    frame = frame.with_columns(previous_at=pl.col("gap").cast(pl.Int64))
    moment = AsOf.of("1971-01-01", "UTC")
    first, second = (learn_silence(duck.from_arrow(shown.to_arrow()), moment) for shown in (frame, frame.reverse()))
    assert first == second
    assert 18_000 < first.stretches[0].seen / first.dates < 22_000
