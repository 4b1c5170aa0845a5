"""The silence curve: learned as on its page, by an isotonic fit of our own in the test; its lines; its fallback."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import pytest

from custrata.analytics.silence import NOT_LEARNED, SilenceCurve, fitted
from custrata.engine import DuckEngine
from tests.analytics.grades import Graded, graded
from tests.analytics.population import AS_OF, ZONE, Shop, shop
from tests.analytics.recompute import Customer, Recomputed, lower_median, rounded

Seen = dict[Decimal, tuple[int, int]]


def observed(again: Recomputed) -> Seen:
    """Section 4: for past dates every 30 days, by silence, how many were seen and how many came back in 90 days."""
    newest, first = again.today - 90, min(c.days[0] for c in again.customers.values() if c.sold)
    found: defaultdict[Decimal, list[int]] = defaultdict(lambda: [0, 0])
    for date in list(range(newest, first + 179, -30))[:24]:
        before = {name: [day for day in c.days if day < date] for name, c in again.customers.items()}
        gaps = {name: [b - a for a, b in zip(days, days[1:], strict=False)] for name, days in before.items()}
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
