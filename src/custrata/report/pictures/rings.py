"""圈层图, the ring chart: the best tier innermost, the area of a ring its customers, its colour their worth.

All moments of a scheme's history are drawn to one scale, so that a slider through them shows the whole grow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from markupsafe import Markup

from custrata.pipeline.reading.figures import SchemeSummary, Size, Tier
from custrata.report.colours import tier_colours
from custrata.report.pictures.lettering import fit, width
from custrata.report.pictures.svg import Drawing, Point, empty_picture, path
from custrata.wording.writer import NOTHING, Writer

MARGIN = 8.0
NAME, SMALL, LARGE = 13.0, 12.0, 14.0
THINNEST_WITH_NAME = 22.0
ELBOW, MOST_GAP, THREE_LINES, TWO_LINES, LEAST_GAP = 12.0, 54.0, 47.0, 34.0, 18.0


@dataclass(frozen=True)
class Ring:
    """The inner and outer radius of a ring."""

    inner: float
    outer: float

    @property
    def middle(self) -> float:
        """The radius at which a mark for the ring sits."""
        return (self.inner + self.outer) / 2


@dataclass(frozen=True)
class RingSegment:
    """A tier as it is drawn: its size at the moment, its share of all customers, its ring and colour."""

    tier: Tier
    size: Size
    share: str
    ring: Ring
    colour: str


@dataclass(frozen=True)
class RingsFrame:
    """The layout that all moments of a scheme's rings share: the size, and whether labels are next to the rings."""

    width: float
    height: float
    radius: float
    full: int
    labels_beside: bool
    gap: float

    @property
    def centre(self) -> Point:
        """The centre of the rings."""
        return (self.radius + MARGIN if self.labels_beside else self.width / 2), self.radius + MARGIN

    def label_y(self, place: int) -> float:
        """How far below the centre the label of a tier is: the best one just above it, the others downwards."""
        return (place - 0.5) * self.gap


def ring_radii(customers: Sequence[int], radius: float, full: int) -> list[Ring]:
    """Rings whose areas are to each other as the customers are; `full` customers fill a disc of that radius.

    >>> ring_radii([1, 3], 10, 4)
    [Ring(inner=0.0, outer=5.0), Ring(inner=5.0, outer=10.0)]
    """
    edges = [radius * math.sqrt(total / full) if full else 0.0 for total in accumulate(customers, initial=0)]
    return [Ring(inner, outer) for inner, outer in pairwise(edges)]


def rings(scheme: SchemeSummary, write: Writer, *, wide: bool = True, moment: int = -1, link: str = "") -> Markup:
    """The ring chart of a scheme at one moment of its history, the last by default.

    Names stand inside the rings where every ring has room for its own at every moment, otherwise beside them at
    leader lines. `link` is put before a tier's key to make the address a ring leads to.
    """
    frame = _frame(scheme, write, wide)
    title = write("rings.title", scheme=scheme.name)
    if not frame.full:
        return empty_picture(frame.width, 240, title, write("empty.customers"))
    drawing = Drawing(frame.width, frame.height, title, "rings")
    parts = _parts(scheme, write, scheme.timeline[moment], frame.radius, frame.full)
    _discs(drawing, write, parts, frame.centre, link)
    if frame.labels_beside:
        _labels_beside(drawing, write, parts, frame)
    else:
        _labels_inside(drawing, write, parts, frame.centre)
    return drawing.markup()


def small_rings(scheme: SchemeSummary, write: Writer) -> Markup:
    """The rings of this run alone, small and without names."""
    title = write("rings.title", scheme=scheme.name)
    if scheme.customers == 0:
        return empty_picture(120, 120, title, NOTHING)
    drawing = Drawing(120, 120, title, "rings")
    _discs(drawing, write, _parts(scheme, write, scheme.tiers, 57, scheme.customers), (60, 60), "")
    return drawing.markup()


def _parts(scheme: SchemeSummary, write: Writer, sizes: Sequence[Size], radius: float, full: int) -> list[RingSegment]:
    """The tiers at a moment, the best first."""
    colours, total = tier_colours(scheme), sum(size.customers for size in sizes)
    shapes = ring_radii([size.customers for size in sizes], radius, full)
    return [
        RingSegment(tier, size, write.share(size.customers / total if total else None), shape, colours[tier.key])
        for tier, size, shape in zip(scheme.tiers, sizes, shapes, strict=True)
    ]


def _frame(scheme: SchemeSummary, write: Writer, wide: bool) -> RingsFrame:
    full = max((sum(size.customers for size in sizes) for sizes in scheme.timeline), default=0)
    across, radius = (520.0, 176.0) if wide else (300.0, 132.0)
    moments = (ring_radii([size.customers for size in sizes], radius, full) for sizes in scheme.timeline)
    if all(_names_fit(scheme, write, sizes, shapes) for sizes, shapes in zip(scheme.timeline, moments, strict=True)):
        return RingsFrame(across, 2 * (radius + MARGIN), radius, full, labels_beside=False, gap=0)
    radius = radius if wide else 84.0
    gap = min(MOST_GAP, max(LEAST_GAP, radius / max(1.0, len(scheme.tiers) - 1.5)))
    lowest = gap * (len(scheme.tiers) - 1.5) + gap / 2
    return RingsFrame(across, radius + 2 * MARGIN + max(radius, lowest), radius, full, labels_beside=True, gap=gap)


def _names_fit(scheme: SchemeSummary, write: Writer, sizes: Sequence[Size], shapes: Sequence[Ring]) -> bool:
    return all(
        _name_fits(width(_inside(tier, size, write), LARGE * 1.06), shape)
        for tier, size, shape in zip(scheme.tiers, sizes, shapes, strict=True)
    )


def _name_fits(wide: float, ring: Ring) -> bool:
    """Whether words of that width fit between the ring's two circles, at its top (the core: in its middle)."""
    if ring.inner == 0:
        return math.hypot(wide / 2 + 4, LARGE / 2) <= ring.outer
    thick = ring.outer - ring.inner
    return thick >= THINNEST_WITH_NAME and math.hypot(wide / 2 + 4, ring.middle + LARGE / 2) <= ring.outer


def _inside(tier: Tier, size: Size, write: Writer) -> str:
    return f"{tier.name}  {write.number(size.customers)}"


def _sentence(part: RingSegment, write: Writer) -> str:
    """The tooltip of a ring."""
    return write(
        "rings.mark",
        tier=part.tier.name,
        customers=write.number(part.size.customers),
        share=part.share,
        mean=NOTHING if part.size.mean is None else write.money(part.size.mean),
    )


def _discs(drawing: Drawing, write: Writer, parts: list[RingSegment], centre: Point, link: str) -> None:
    """The discs from the widest to the narrowest, each covering the middle of the one before."""
    for part in reversed(parts):
        edge, sentence = min(1.5, (part.ring.outer - part.ring.inner) / 3), _sentence(part, write)
        drawing.add(
            "circle",
            inside=drawing.link(link + part.tier.key if link else "", sentence),
            title=sentence,
            cx=centre[0],
            cy=centre[1],
            r=max(0.0, part.ring.outer - edge / 2),
            css=f"ring {part.colour}",
            stroke_width=edge,
        )


def _labels_inside(drawing: Drawing, write: Writer, parts: list[RingSegment], centre: Point) -> None:
    """Name and number at the top of each ring, of the core in its middle."""
    for part in parts:
        y = centre[1] - (part.ring.middle if part.ring.inner else 0) + LARGE / 2 - 2
        words = drawing.text(centre[0], y, part.tier.name, f"name large middle on-{part.colour}")
        drawing.add("tspan", inside=words, dx=7, css="count").text = write.number(part.size.customers)


def _labels_beside(drawing: Drawing, write: Writer, parts: list[RingSegment], frame: RingsFrame) -> None:
    """Labels in a column on the right, in the order of the rings, so that no two leader lines cross."""
    x, y = frame.centre
    elbow = x + frame.radius + ELBOW
    for place, part in enumerate(parts):
        down, reach = frame.label_y(place), part.ring.middle
        dot = max(-0.9 * reach, min(0.9 * reach, down))
        start = (x + math.sqrt(max(0.0, reach**2 - dot**2)), y + dot)
        line = path([start, (elbow, y + down), (elbow + 4, y + down)])
        drawing.add("path", d=line, css="leader-halo")
        drawing.add("path", d=line, css="leader")
        drawing.add("circle", cx=start[0], cy=start[1], r=2.4, css="leader-dot")
        _label(drawing, write, part, (elbow + 9, y + down), frame)


def _label(drawing: Drawing, write: Writer, part: RingSegment, at: Point, frame: RingsFrame) -> None:
    """Name over numbers where the labels are far enough apart, else name and number on one line."""
    (x, y), room = at, frame.width - at[0] - 2
    number, mean = write.short_number(part.size.customers), part.size.mean
    if frame.gap < TWO_LINES:
        drawing.text(x, y + 4.5, fit(part.tier.name, NAME * 1.06, room - width(number, SMALL) - 8), "name")
        drawing.text(frame.width - 2, y + 4.5, number, "small muted end")
        return
    facts = write("rings.label", customers=number, share=part.share)
    first = y - 10 if frame.gap >= THREE_LINES else y - 2
    drawing.text(x, first, fit(part.tier.name, NAME * 1.06, room), "name")
    drawing.text(x, first + 16, fit(facts, SMALL, room), "small muted")
    if frame.gap >= THREE_LINES:
        each = NOTHING if mean is None else write("rings.mean", mean=write.short_money(mean))
        drawing.text(x, first + 32, fit(each, SMALL, room), "small muted")
