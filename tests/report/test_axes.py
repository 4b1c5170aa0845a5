"""Places along a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.report.pictures.axes import Scale, sampled_indexes, spread_labels, ticks, time_places
from custrata.report.pictures.lettering import fit, width

DAY = datetime(2025, 1, 1, tzinfo=UTC)
limits = st.tuples(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12)).map(sorted)
labels = st.lists(st.tuples(st.floats(-50, 500), st.floats(1, 40)), max_size=20)


@given(limits, st.integers(1, 8))
def test_ticks_take_in_all_values_and_are_few(ends: list[float], most: int) -> None:
    marks = ticks(ends[0], ends[1], most)
    hair = 1e-6 * max(1, -ends[0], ends[1])
    assert marks[0] <= ends[0] + hair
    assert marks[-1] >= ends[1] - hair
    assert 2 <= len(marks) <= most + 3


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 4_827_391, [0, 1e6, 2e6, 3e6, 4e6, 5e6]), (-120, 300, [-200, -100, 0, 100, 200, 300])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high, 5) == expected


@given(labels)
def test_spread_labels_never_overlap_where_there_is_room(pairs: list[tuple[float, float]]) -> None:
    targets, heights = sorted(place for place, _ in pairs), [height for _, height in pairs]
    squeeze = min(1.0, 400 / (sum(heights) or 1))
    places = spread_labels(targets, heights, 0, 400)
    gaps = [lower - upper for upper, lower in pairwise(places)]
    needed = [squeeze * (first + second) / 2 for first, second in pairwise(heights)]
    assert all(gap >= need - 1e-6 for gap, need in zip(gaps, needed, strict=True))
    assert all(-1e-6 <= place <= 400 + 1e-6 for place in places)


def test_spread_leaves_labels_alone_that_have_room() -> None:
    assert spread_labels([20, 60, 90], [14, 14, 14], 0, 100) == [20, 60, 90]


@given(st.integers(1, 400), st.integers(2, 12))
def test_chosen_keeps_the_last_and_no_more_than_asked(count: int, most: int) -> None:
    indexes = sampled_indexes(count, most)
    assert indexes[-1] == count - 1
    assert len(indexes) <= most


def test_time_places_are_true_to_time() -> None:
    assert time_places([DAY, DAY + timedelta(days=1), DAY + timedelta(days=4)], 0, 40) == [0, 10, 40]


@pytest.mark.parametrize("moments", [[], [DAY], [DAY, DAY]])
def test_a_single_moment_is_in_the_middle(moments: list[datetime]) -> None:
    assert set(time_places(moments, 0, 40)) == {20}


def test_a_scale_without_extent_stays_at_its_start() -> None:
    assert Scale(3, 3, 10, 20)(3) == 10


@given(st.text(max_size=80), st.floats(0, 300))
def test_fitted_words_fit(words: str, room: float) -> None:
    assert width(fit(words, 13, room), 13) <= room


def test_words_with_room_stay_whole() -> None:
    assert fit("重要价值", 13, 60) == "重要价值"
