"""The spread of a scheme's value with its lines: right where data are, whole where there are none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.pipeline.reading.figures import Histogram, Lines, TierLine, Unit
from custrata.report.pictures import distribution
from custrata.report.pictures.distribution import place_of
from custrata.wording.writer import Writer
from tests.report.svg import Picture

WRITE = Writer("en", "USD", "UTC", "report")
EDGES = tuple(map(Decimal, (0, 10, 20, 40)))
LINES = Lines((TierLine(Decimal(20), "step-0", "Best ≥ 20"), TierLine(Decimal(10), "step-10", "Good ≥ 10")), "step-20")
units = st.sampled_from(["days", "orders", "money", "score", "share", "ratio"])


def histogram(counts: tuple[int, ...] = (5, 3, 1), unit: Unit = "score") -> Histogram:
    return Histogram("value", "Value", unit, EDGES, counts)


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=3).map(tuple), units, st.booleans())
def test_it_is_sound_whatever_the_counts(counts: tuple[int, ...], unit: Unit, wide: bool) -> None:
    picture = Picture(distribution(histogram(counts, unit), LINES, WRITE, wide=wide))
    assert not picture.outside()
    assert "nan" not in picture.markup


def test_a_bar_has_the_colour_of_the_tier_it_falls_in() -> None:
    bars = Picture(distribution(histogram(), LINES, WRITE)).marks("rect", "mark")
    assert [bar.attrib["class"] for bar in bars] == ["mark step-20", "mark step-10", "mark step-0"]


def test_where_less_is_better_the_colours_turn_round() -> None:
    lines = Lines((TierLine(Decimal(10), "step-0", "Short ≤ 10"),), "step-20", less_is_better=True)
    bars = Picture(distribution(histogram(), lines, WRITE)).marks("rect", "mark")
    assert [bar.attrib["class"] for bar in bars] == ["mark step-0", "mark step-20", "mark step-20"]


def test_every_line_is_named() -> None:
    assert {"Best ≥ 20", "Good ≥ 10"} <= set(Picture(distribution(histogram(), LINES, WRITE)).words())


@pytest.mark.parametrize(("value", "place"), [(-5, 0.0), (0, 0.0), (5, 1 / 6), (10, 1 / 3), (30, 5 / 6), (99, 1.0)])
def test_a_value_lies_where_it_falls_within_its_bar(value: int, place: float) -> None:
    assert place_of(Decimal(value), EDGES) == pytest.approx(place)


@pytest.mark.parametrize("empty", [Histogram("a", "A", "score", (), ()), histogram((0, 0, 0))])
def test_without_customers_it_says_so(empty: Histogram) -> None:
    assert Picture(distribution(empty, LINES, WRITE)).words() == ["No customers yet: import orders first"]
