"""The ring chart: areas are customers, the best tier is innermost, names never lie over one another."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.report.pictures import rings, small_rings
from custrata.report.pictures.rings import ring_radii
from custrata.wording.writer import Writer
from tests.report.sample import ladder, sample_scheme, with_past
from tests.report.svg import Picture

WRITE = Writer("en", "USD", "UTC", "report")
sizes = st.lists(st.integers(0, 2_000_000), min_size=1, max_size=12)
names = st.lists(st.text(st.characters(exclude_categories=["C"]), max_size=60), min_size=12, max_size=12)


def radii(picture: Picture) -> list[float]:
    """The radii of the rings, the innermost first."""
    return [float(disc.attrib["r"]) for disc in reversed(picture.marks("circle", "ring"))]


@given(sizes.filter(any))
def test_the_area_of_a_ring_is_its_share_of_the_customers(customers: list[int]) -> None:
    for count, ring in zip(customers, ring_radii(customers, 100, sum(customers)), strict=True):
        assert ring.outer**2 - ring.inner**2 == pytest.approx(100**2 * count / sum(customers), abs=1e-6)


@given(sizes, names, st.booleans())
def test_names_never_overlap_nor_leave_the_picture(customers: list[int], names: list[str], wide: bool) -> None:
    picture = Picture(rings(ladder(customers, names=names), WRITE, wide=wide))
    assert (picture.clashes(), picture.outside()) == ([], [])


@given(sizes.filter(any))
def test_rings_grow_from_the_best_tier_outwards(customers: list[int]) -> None:
    drawn = radii(Picture(rings(ladder(customers), WRITE)))
    assert all(inner <= outer + 1 for inner, outer in pairwise(drawn))


def test_names_stand_inside_where_every_ring_has_room() -> None:
    picture = Picture(rings(ladder([100, 200, 300]), WRITE))
    assert picture.words() == ["Tier 0100", "Tier 1200", "Tier 2300"]
    assert picture.marks("path", "leader") == []


def test_names_stand_beside_thin_rings_at_leader_lines() -> None:
    picture = Picture(rings(ladder([1000, 1, 1000]), WRITE))
    assert len(picture.marks("path", "leader")) == 3
    assert picture.words()[:3] == ["Tier 0", "1,000 · 50.0%", "$10 per customer"]


@given(sizes.filter(any))
def test_leader_lines_never_cross(customers: list[int]) -> None:
    lines = Picture(rings(ladder([*customers, 0]), WRITE)).marks("path", "leader")
    points = [[tuple(map(float, p.split())) for p in line.attrib["d"][1:].split("L")] for line in lines]
    starts, elbows = [p[0] for p in points], [p[1] for p in points]
    for (a, b), (p, q) in pairwise(zip(starts, elbows, strict=True)):
        beyond = max(a[0], p[0])
        assert _height(a, b, beyond) <= _height(p, q, beyond) + 0.02
        assert b[1] <= q[1]


def _height(start: tuple[float, ...], end: tuple[float, ...], x: float) -> float:
    """How high a line is at x."""
    return start[1] + (end[1] - start[1]) * (x - start[0]) / (end[0] - start[0])


def test_past_runs_are_drawn_to_the_scale_of_the_largest() -> None:
    scheme = with_past(ladder([100, 200, 300]))
    now, then = (radii(Picture(rings(scheme, WRITE, moment=moment)))[-1] for moment in (-1, 0))
    assert then / now == pytest.approx(math.sqrt(0.88), abs=0.01)


def test_every_run_is_drawn_with_the_same_elements_so_that_the_slider_can_change_one_into_another() -> None:
    scheme = sample_scheme("lifecycle", "en")
    drawn = [[mark.tag for mark in Picture(rings(scheme, WRITE, moment=m)).root.iter()] for m in range(13)]
    assert all(tags == drawn[0] for tags in drawn)


def test_a_ring_says_its_numbers_under_the_pointer() -> None:
    core = Picture(rings(ladder([100, 300]), WRITE)).marks("circle", "ring")[-1]
    assert core.findtext("title") == "Tier 0: 100 customers, 25.0%, $10 per customer"


def test_a_ring_is_a_link_where_an_address_is_given() -> None:
    picture = Picture(rings(ladder([1, 2]), WRITE, link="/tiers/"))
    assert [link.get("href") for link in picture.marks("a")] == ["/tiers/t1", "/tiers/t0"]
    assert picture.root.get("role") == "group"


@pytest.mark.parametrize("customers", [[], [0], [0, 0, 0]])
def test_without_customers_it_says_what_will_be_here(customers: list[int]) -> None:
    assert Picture(rings(ladder(customers), WRITE)).words() == ["No customers yet: import orders first"]
    assert Picture(small_rings(ladder(customers), WRITE)).words() == ["–"]


def test_one_customer_is_a_full_disc() -> None:
    assert radii(Picture(rings(ladder([1]), WRITE))) == [pytest.approx(176, abs=1)]
