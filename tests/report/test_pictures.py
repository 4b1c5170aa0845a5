"""The other pictures: right where data are, whole where there are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.pipeline.reading.figures import (
    Histogram,
    ParetoPoint,
    ReportData,
    RfmCell,
    RfmMap,
    Silence,
    SilenceClaim,
    SilencePoint,
    SilenceStratum,
    Unit,
)
from custrata.report.pictures import bars, calibration, curve, histogram, rfm_map, rings, silence, sparkline, stacked
from custrata.report.pictures.bars import amounts
from custrata.report.pictures.curve import reach
from custrata.wording.writer import Writer
from tests.report.sample import ladder, sample_report, sample_silence, with_past
from tests.report.svg import NUMBER, Picture

WRITE = Writer("en", "USD", "UTC", "report")
sizes = st.lists(st.integers(0, 2_000_000), min_size=1, max_size=12)
money = st.lists(st.integers(-(10**12), 10**12), min_size=12, max_size=12)
shares = st.floats(0, 1).map(lambda share: round(share, 6))
cells = st.lists(
    st.builds(
        RfmCell, st.integers(1, 5), st.integers(1, 5), st.integers(0, 10**6), st.integers(-(10**6), 10**9).map(Decimal)
    ),
    max_size=25,
    unique_by=lambda cell: (cell.recency, cell.frequency),
)
ends = st.floats(0, 300)
points = st.builds(SilencePoint, ends, st.integers(0, 10**6), shares, st.none() | st.integers(1, 9), shares, shares)
strata = st.builds(
    SilenceStratum,
    st.sampled_from((1, 2, 4, 13)),
    st.none() | st.integers(13, 20),
    st.lists(points, max_size=30).map(tuple),
    st.none() | shares,
    st.none() | ends,
    st.none() | ends,
)
claims = st.builds(
    SilenceClaim, st.sampled_from((1, 2, 4, 13)), st.none(), st.sampled_from(("in_rhythm", "at_risk", "churned")),
    st.integers(1, 10**6), st.integers(1, 10**6), shares, shares, shares, shares,
)  # fmt: skip
silences = st.builds(
    Silence,
    st.lists(strata, max_size=4).map(tuple),
    st.just(90),
    st.booleans(),
    st.lists(claims, max_size=12).map(tuple),
)


def sound(picture: Picture) -> bool:
    """Whether every number is one, every text inside, and no text over another."""
    return not any(n != n for n in picture.numbers()) and not picture.outside() and "nan" not in picture.markup


@given(sizes, money, st.booleans())
def test_stacked_is_sound_whatever_the_revenue(customers: list[int], revenue: list[int], wide: bool) -> None:
    picture = Picture(stacked(with_past(ladder(customers, revenue)), WRITE, wide=wide))
    assert sound(picture)
    assert picture.clashes() == []


def test_a_change_of_method_is_a_line_down_with_its_words() -> None:
    past = with_past(ladder([5, 3]))
    marked = replace(past.history[4], marks=("version 1 → 2", "lines relearned"))
    picture = Picture(stacked(replace(past, history=(*past.history[:4], marked, *past.history[5:])), WRITE))
    assert [mark.findtext("title") for mark in picture.marks("path", "method")] == ["version 1 → 2 · lines relearned"]
    assert ("method" in picture.markup, sound(picture), picture.clashes()) == (True, True, [])


@given(cells, st.booleans())
def test_the_rfm_map_is_sound_whatever_the_cells(map_cells: list[RfmCell], wide: bool) -> None:
    picture = Picture(rfm_map(RfmMap(tuple(map_cells)), WRITE, wide=wide))
    assert sound(picture)
    assert picture.clashes() == []


@given(st.lists(st.tuples(shares, st.floats(-0.5, 1.5)), max_size=40), st.booleans())
def test_the_pareto_curve_is_sound_whatever_the_points(points: list[tuple[float, float]], wide: bool) -> None:
    assert sound(Picture(curve([ParetoPoint(x, y) for x, y in sorted(points)], WRITE, wide=wide)))


@given(silences, st.booleans())
def test_the_silence_curve_is_sound_whatever_was_learned(silence_data: Silence, wide: bool) -> None:
    assert sound(Picture(silence(silence_data, WRITE, wide=wide)))
    assert sound(Picture(calibration(silence_data, WRITE, wide=wide)))


@given(sizes, st.booleans())
def test_longer_bars_are_more_customers(customers: list[int], wide: bool) -> None:
    picture = Picture(bars(ladder(customers).tiers, WRITE, "Sizes", wide=wide))
    lengths = [float(bar.attrib["width"]) for bar in picture.marks("rect", "mark")]
    assert sound(picture)
    assert [length for _, length in sorted(zip(customers, lengths, strict=False))] == sorted(lengths)


def test_stacked_hangs_losses_below_zero() -> None:
    picture = Picture(stacked(ladder([1, 1], [100, -50]), WRITE))
    (gain, loss) = ([float(n) for n in NUMBER.findall(layer.attrib["d"])] for layer in picture.marks("path", "layer"))
    assert max(gain[1::2]) == pytest.approx(min(loss[1::2]))


def test_a_single_run_is_a_column() -> None:
    (layer,) = Picture(stacked(ladder([5]), WRITE)).marks("path", "layer")
    across = [float(n) for n in NUMBER.findall(layer.attrib["d"])][0::2]
    assert max(across) - min(across) == pytest.approx(72)


def test_the_rfm_map_puts_the_best_corner_top_right() -> None:
    worst, best = RfmCell(1, 1, 10, Decimal(1)), RfmCell(5, 5, 10, Decimal(9))
    low, high = Picture(rfm_map(RfmMap((worst, best)), WRITE)).marks("rect", "mark")
    assert float(high.attrib["x"]) > float(low.attrib["x"])
    assert float(high.attrib["y"]) < float(low.attrib["y"])
    assert [mark.attrib["class"] for mark in (low, high)] == ["mark step-20", "mark step-0"]


def test_a_cell_of_the_map_is_as_large_as_its_customers() -> None:
    few, many = RfmCell(1, 1, 100, Decimal(1)), RfmCell(5, 5, 400, Decimal(9))
    small, large = Picture(rfm_map(RfmMap((few, many)), WRITE)).marks("rect", "mark")
    assert float(large.attrib["width"]) == pytest.approx(2 * float(small.attrib["width"]))


@pytest.mark.parametrize(("revenue", "customers"), [(0.8, 0.4), (1.0, 0.5), (1.2, None)])
def test_reach_finds_the_share_of_customers(revenue: float, customers: float | None) -> None:
    assert reach([ParetoPoint(0, 0), ParetoPoint(0.5, 1), ParetoPoint(1, 1)], revenue) == customers


def test_the_pareto_curve_says_who_brings_80_and_95_percent() -> None:
    words = Picture(curve([ParetoPoint(0.2, 0.8), ParetoPoint(0.5, 0.95), ParetoPoint(1, 1)], WRITE)).words()
    assert "20.0% of customers bring 80% of revenue" in words
    assert any("50.0%" in word and "95%" in word for word in words)


def test_the_silence_curve_names_its_strata() -> None:
    picture = Picture(silence(sample_silence(), WRITE))
    assert {"1–3 order days", "4–12 order days", "13 or more order days"} <= set(picture.words())
    assert len(picture.marks("path", "curve")) == 3
    assert len(picture.marks("rect", "interval")) == 18


def test_the_silence_curve_marks_no_line_that_was_not_found() -> None:
    marks = Picture(silence(sample_silence(), WRITE)).marks("circle", "line-mark")
    assert len(marks) == 2 + 3 + 2  # those of the key, three at risk, two churned


def test_the_calibration_tells_tiers_apart_by_shape() -> None:
    picture = Picture(calibration(sample_silence(), WRITE))
    assert [len(picture.marks(tag, "shape")) for tag in ("circle", "path", "rect")] == [2, 2, 2]
    assert len(picture.marks("path", "whisker")) == 3


def test_a_histogram_marks_its_median() -> None:
    data = Histogram("spend", "Spend", "money", tuple(map(Decimal, (0, 10, 20))), (3, 1), Decimal("4.5"))
    picture = Picture(histogram(data, WRITE))
    assert "median $4.50" in picture.words()
    assert len(picture.marks("rect", "bar")) == 2


def test_a_sparkline_needs_two_runs() -> None:
    assert (sparkline([3], "Size"), Picture(sparkline([3, 3], "Size")).title) == ("", "Size")


def test_a_sparkline_marks_where_the_method_changed() -> None:
    assert len(Picture(sparkline([3, 4, 5], "Size", ["", "version 2", ""])).marks("path", "method")) == 1


EMPTY: list[Callable[[bool], str]] = [
    lambda wide: rings(ladder([0]), WRITE, wide=wide),
    lambda wide: stacked(ladder([3], [0]), WRITE, wide=wide),
    lambda wide: rfm_map(RfmMap(()), WRITE, wide=wide),
    lambda wide: curve([], WRITE, wide=wide),
    lambda wide: silence(Silence(()), WRITE, wide=wide),
    lambda wide: calibration(Silence(()), WRITE, wide=wide),
    lambda wide: bars([], WRITE, "Sizes", wide=wide),
    lambda wide: histogram(Histogram("a", "A", "days", (), ()), WRITE),
]


@pytest.mark.parametrize("picture", EMPTY)
@pytest.mark.parametrize("wide", [True, False])
def test_without_data_a_picture_says_so(picture: Callable[[bool], str], wide: bool) -> None:
    drawing = Picture(picture(wide))
    assert (len(drawing.words()), drawing.outside()) == (1, [])


def test_every_picture_has_a_name_that_screen_readers_speak(report: ReportData) -> None:
    drawn = [Picture(rings(scheme, WRITE)) for scheme in report.schemes if scheme.tiers]
    assert all(picture.title and picture.root.get("role") == "img" for picture in drawn)


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_pictures_of_real_sizes_have_no_clashing_words(language: str) -> None:
    data, write = sample_report(language), Writer(language, "CNY", "Asia/Shanghai", "report")
    drawn = [rings(data.schemes[0], write, wide=wide) for wide in (True, False)]
    drawn += [curve(data.pareto, write), silence(sample_silence(), write), stacked(data.schemes[0], write)]
    assert [Picture(markup).clashes() for markup in drawn] == [[]] * len(drawn)


@pytest.mark.parametrize(
    ("edges", "unit", "written"),
    [
        ((1, 12.9, 239.4), "days", ["1", "13", "239"]),
        ((0.5, 2, 4.25), "days", ["0.5", "2.0", "4.3"]),
        ((0, 2.5), "money", ["$0.00", "$2.50"]),
        ((0, 12_345), "money", ["$0", "$12.3K"]),
        ((0, 20_000), "orders", ["0", "20K"]),
    ],
)
def test_bounds_are_written_as_finely_as_they_need(edges: tuple[float, ...], unit: Unit, written: list[str]) -> None:
    assert amounts([Decimal(str(edge)) for edge in edges], unit, WRITE) == written
