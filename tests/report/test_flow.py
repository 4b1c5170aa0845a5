"""The flow between two runs: every customer in it, up green, down red."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.pipeline.reading.figures import SchemeSummary, TierMove
from custrata.report.pictures import flow
from custrata.wording.writer import Writer
from tests.report.sample import ladder, with_past
from tests.report.svg import NUMBER, Picture

WRITE = Writer("en", "USD", "UTC", "report")
ends = st.none() | st.integers(0, 11).map("t{}".format)
matrix = st.dictionaries(st.tuples(ends, ends), st.integers(0, 100_000), max_size=60)


def moving(moves: dict[tuple[str | None, str | None], int], tiers: int = 12) -> SchemeSummary:
    """A ladder with these moves."""
    scheme = ladder([1] * tiers)
    rows = (TierMove(source, target, count, Decimal(count)) for (source, target), count in moves.items())
    return SchemeSummary(scheme.key, scheme.name, scheme.tiers, moves=tuple(rows))


@given(matrix, st.booleans())
def test_names_never_overlap_nor_leave_the_picture(moves: dict[tuple[str | None, str | None], int], wide: bool) -> None:
    picture = Picture(flow(moving(moves), WRITE, wide=wide))
    assert (picture.clashes(), picture.outside()) == ([], [])


@given(matrix)
def test_every_move_is_one_band(moves: dict[tuple[str | None, str | None], int]) -> None:
    picture = Picture(flow(moving(moves), WRITE))
    assert len(picture.marks("path", "band")) == sum(count > 0 for count in moves.values())


def test_bands_fill_the_tiers_they_leave() -> None:
    picture = Picture(flow(with_past(ladder([4000, 5000, 6000])), WRITE))
    ends = [[float(n) for n in NUMBER.findall(band.attrib["d"])] for band in picture.marks("path", "band")]
    left = min(float(bar.attrib["x"]) for bar in picture.marks("rect"))
    bars = [float(bar.attrib["height"]) for bar in picture.marks("rect") if float(bar.attrib["x"]) == left]
    assert sum(end[-1] - end[1] for end in ends) == pytest.approx(sum(bars), abs=2)


def test_better_is_up_worse_is_down_and_newcomers_are_neither() -> None:
    moves = {("t1", "t0"): 5, ("t0", "t2"): 4, ("t1", "t1"): 9, (None, "t2"): 2, ("t0", None): 1}
    bands = Picture(flow(moving(moves, 3), WRITE)).marks("path", "band")
    assert Counter(band.attrib["class"].split()[1] for band in bands) == {"up": 1, "down": 1, "stay": 1, "outside": 2}


def test_a_band_says_who_moves_where() -> None:
    (band,) = Picture(flow(moving({("t1", "t0"): 12_345}), WRITE)).marks("path", "band")
    assert band.findtext("title") == "Tier 1 → Tier 0: 12,345 customers with $12.3K"


def test_newcomers_and_leavers_have_a_place_of_their_own() -> None:
    words = Picture(flow(moving({(None, "t0"): 50, ("t0", None): 50}), WRITE)).words()
    assert [word for word in words if not word[0].isdigit()] == ["Tier 0", "New", "Tier 0", "Left"]


def test_a_tier_that_is_no_more_is_called_another() -> None:
    assert "Other tiers" in Picture(flow(moving({("retired", "t0"): 50}), WRITE)).words()


def test_a_crowd_keeps_its_thinnest_move_visible() -> None:
    picture = Picture(flow(moving({("t0", "t0"): 1_000_000, ("t1", "t0"): 1}), WRITE))
    thin = picture.marks("path", "up")[0].attrib["d"]
    assert float(NUMBER.findall(thin)[-1]) - float(NUMBER.findall(thin)[1]) >= 0.6
    assert not re.search("nan|inf", picture.markup)


@pytest.mark.parametrize("moves", [{}, {("t0", "t1"): 0}])
def test_before_the_second_run_it_says_what_will_be_here(moves: dict[tuple[str | None, str | None], int]) -> None:
    assert Picture(flow(moving(moves), WRITE)).words() == ["Shown after the next run"]
