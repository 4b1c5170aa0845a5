"""圈层图, the ring chart: the best tier innermost, the area of a ring its customers, its colour their worth.

All moments of a scheme's history are drawn to one scale, so that a slider through them shows the whole grow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from markupsafe import Markup

from custrata.report.colours import tier_colours
from custrata.report.data import Scheme, Size, Tier
from custrata.report.pictures.lettering import fit, width
from custrata.report.pictures.svg import Drawing, Point, blank, path
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
class Frame:
    """What all moments of a scheme's rings share: the size, and whether names stand beside the rings."""

    width: float
    height: float
    radius: float
    full: int
    beside: bool
    gap: float

    @property
    def centre(self) -> Point:
        """The centre of the rings."""
        return (self.radius + MARGIN if self.beside else self.width / 2), self.radius + MARGIN

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


def rings(scheme: Scheme, write: Writer, *, wide: bool = True, moment: int = -1, link: str = "") -> Markup:
    """The ring chart of a scheme at one moment of its history, the last by default.

    Names stand inside the rings where every ring has room for its own at every moment, otherwise beside them at
    leader lines. `link` is put before a tier's key to make the address a ring leads to.
    """
    frame = _frame(scheme, write, wide)
    title = write("rings.title", scheme=scheme.name)
    if not frame.full:
        return blank(frame.width, 240, title, write("empty.customers"))
    drawing = Drawing(frame.width, frame.height, title, "rings")
    sizes = scheme.timeline[moment]
    shapes = ring_radii([size.customers for size in sizes], frame.radius, frame.full)
    _discs(drawing, scheme, _sentences(scheme, sizes, write), shapes, frame.centre, link)
    if frame.beside:
        _labels_beside(drawing, scheme, write, sizes, shapes, frame)
    else:
        _labels_inside(drawing, scheme, write, sizes, shapes, frame.centre)
    return drawing.markup()


def small_rings(scheme: Scheme, write: Writer) -> Markup:
    """The rings of this run alone, small and without names."""
    title = write("rings.title", scheme=scheme.name)
    if scheme.customers == 0:
        return blank(120, 120, title, NOTHING)
    drawing = Drawing(120, 120, title, "rings")
    shapes = ring_radii([tier.customers for tier in scheme.tiers], 57, scheme.customers)
    _discs(drawing, scheme, _sentences(scheme, scheme.tiers, write), shapes, (60, 60), "")
    return drawing.markup()


def _frame(scheme: Scheme, write: Writer, wide: bool) -> Frame:
    full = max((sum(size.customers for size in sizes) for sizes in scheme.timeline), default=0)
    across, radius = (520.0, 176.0) if wide else (300.0, 132.0)
    moments = (ring_radii([size.customers for size in sizes], radius, full) for sizes in scheme.timeline)
    if all(_names_fit(scheme, write, sizes, shapes) for sizes, shapes in zip(scheme.timeline, moments, strict=True)):
        return Frame(across, 2 * (radius + MARGIN), radius, full, beside=False, gap=0)
    radius = radius if wide else 84.0
    gap = min(MOST_GAP, max(LEAST_GAP, radius / max(1.0, len(scheme.tiers) - 1.5)))
    lowest = gap * (len(scheme.tiers) - 1.5) + gap / 2
    return Frame(across, radius + 2 * MARGIN + max(radius, lowest), radius, full, beside=True, gap=gap)


def _names_fit(scheme: Scheme, write: Writer, sizes: Sequence[Size], shapes: Sequence[Ring]) -> bool:
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


def _sentences(scheme: Scheme, sizes: Sequence[Size], write: Writer) -> list[str]:
    """What each ring says under the pointer."""
    total = sum(size.customers for size in sizes)
    return [
        write(
            "rings.mark",
            tier=tier.name,
            customers=write.number(size.customers),
            share=write.share(size.customers / total if total else None),
            mean=NOTHING if size.mean is None else write.money(size.mean),
        )
        for tier, size in zip(scheme.tiers, sizes, strict=True)
    ]


def _discs(
    drawing: Drawing, scheme: Scheme, sentences: list[str], shapes: list[Ring], centre: Point, link: str
) -> None:
    """The discs from the widest to the narrowest, each covering the middle of the one before."""
    colours = tier_colours(scheme)
    for tier, sentence, shape in reversed(list(zip(scheme.tiers, sentences, shapes, strict=True))):
        edge = min(1.5, (shape.outer - shape.inner) / 3)
        anchor = drawing.link(link + tier.key if link else "")
        drawing.add(
            "circle",
            inside=anchor,
            title=sentence,
            cx=centre[0],
            cy=centre[1],
            r=max(0.0, shape.outer - edge / 2),
            css=f"ring {colours[tier.key]}",
            stroke_width=edge,
        )


def _labels_inside(
    drawing: Drawing, scheme: Scheme, write: Writer, sizes: Sequence[Size], shapes: list[Ring], centre: Point
) -> None:
    colours = tier_colours(scheme)
    for tier, size, shape in zip(scheme.tiers, sizes, shapes, strict=True):
        y = centre[1] - (shape.middle if shape.inner else 0) + LARGE / 2 - 2
        words = drawing.text(centre[0], y, tier.name, f"name large middle on-{colours[tier.key]}")
        drawing.add("tspan", inside=words, dx=7, css="count").text = write.number(size.customers)


def _labels_beside(
    drawing: Drawing, scheme: Scheme, write: Writer, sizes: Sequence[Size], shapes: list[Ring], frame: Frame
) -> None:
    """Labels in a column on the right, in the order of the rings, so that no two leader lines cross."""
    x, y = frame.centre
    elbow = x + frame.radius + ELBOW
    total = sum(size.customers for size in sizes)
    for place, (tier, size, shape) in enumerate(zip(scheme.tiers, sizes, shapes, strict=True)):
        down = frame.label_y(place)
        dot = max(-0.9 * shape.middle, min(0.9 * shape.middle, down))
        start = (x + math.sqrt(max(0.0, shape.middle**2 - dot**2)), y + dot)
        line = path([start, (elbow, y + down), (elbow + 4, y + down)])
        drawing.add("path", d=line, css="leader-halo")
        drawing.add("path", d=line, css="leader")
        drawing.add("circle", cx=start[0], cy=start[1], r=2.4, css="leader-dot")
        share = write.share(size.customers / total if total else None)
        _label(drawing, write, tier, size, share, (elbow + 9, y + down), frame)


def _label(drawing: Drawing, write: Writer, tier: Tier, size: Size, share: str, at: Point, frame: Frame) -> None:
    """Name over numbers where the labels are far enough apart, else name and number on one line."""
    (x, y), room = at, frame.width - at[0] - 2
    number = write.short_number(size.customers)
    if frame.gap < TWO_LINES:
        drawing.text(x, y + 4.5, fit(tier.name, NAME * 1.06, room - width(number, SMALL) - 8), "name")
        drawing.text(frame.width - 2, y + 4.5, number, "small muted end")
        return
    facts = write("rings.label", customers=number, share=share)
    first = y - 10 if frame.gap >= THREE_LINES else y - 2
    drawing.text(x, first, fit(tier.name, NAME * 1.06, room), "name")
    drawing.text(x, first + 16, fit(facts, SMALL, room), "small muted")
    if frame.gap >= THREE_LINES:
        mean = NOTHING if size.mean is None else write("rings.mean", mean=write.short_money(size.mean))
        drawing.text(x, first + 32, fit(mean, SMALL, room), "small muted")
