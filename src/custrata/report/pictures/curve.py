"""The Pareto curve: which share of the customers brings which share of the revenue."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from custrata.pipeline.reading.figures import ParetoPoint
from custrata.report.pictures.axes import Scale, draw_lines, ticks
from custrata.report.pictures.lettering import width
from custrata.report.pictures.svg import Drawing, empty_picture, path
from custrata.wording.writer import Writer

LINES = (0.8, 0.95)
SMALL, LEFT, TOP, BOTTOM, RIGHT = 12.0, 46.0, 12.0, 42.0, 14.0


def reach(points: Sequence[ParetoPoint], revenue: float) -> float | None:
    """The smallest share of customers that brings this share of the revenue; none where all do not.

    >>> reach([ParetoPoint(0.0, 0.0), ParetoPoint(0.5, 1.0)], 0.8)
    0.4
    """
    for before, after in pairwise(points):
        if before.revenue < revenue <= after.revenue:
            part = (revenue - before.revenue) / (after.revenue - before.revenue)
            return before.customers + part * (after.customers - before.customers)
    return None


def curve(points: Sequence[ParetoPoint], write: Writer, *, wide: bool = True) -> Markup:
    """The curve with the lines at 80 % and 95 % of the revenue."""
    title = write("curve.title")
    across, height = (620.0, 340.0) if wide else (300.0, 270.0)
    if not points:
        return empty_picture(across, height, title, write("empty.revenue"))
    drawn = [ParetoPoint(0.0, 0.0), *(point for point in points if point.customers > 0)]
    drawing = Drawing(across, height, title, "curve")
    steps = ticks(min(0.0, *(p.revenue for p in drawn)), max(1.0, *(p.revenue for p in drawn)), 5)
    x, y = Scale(0, 1, LEFT, across - RIGHT), Scale(steps[0], steps[-1], height - BOTTOM, TOP)
    draw_lines(drawing, [(y(step), write.share(step, 0)) for step in steps], LEFT, across - RIGHT)
    for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        place = min(x(share), across - RIGHT - 10)
        drawing.text(place, height - BOTTOM + 19, write.share(share, 0), "middle small muted")
    drawing.text((LEFT + across - RIGHT) / 2, height - 6, write("curve.customers"), "middle small")
    line = [(x(point.customers), y(point.revenue)) for point in drawn]
    drawing.add("path", d=path([*line, (line[-1][0], y(0)), (x(0), y(0))], closed=True), css="area")
    drawing.add("path", d=path([(x(0), y(0)), (x(1), y(1))]), css="dashed")
    drawing.add("path", d=path(line), css="line")
    for share in LINES:
        _mark(drawing, write, reach(drawn, share), share, (x, y))
    return drawing.markup()


def _mark(drawing: Drawing, write: Writer, customers: float | None, share: float, axes: tuple[Scale, Scale]) -> None:
    """Where the curve crosses a line, with lines to both axes and a sentence beside it."""
    if customers is None:
        return
    x, y = axes
    at = (x(customers), y(share))
    drawing.add("path", d=path([(LEFT, at[1]), at, (at[0], y(0))]), css="dashed")
    drawing.add("circle", cx=at[0], cy=at[1], r=4.5, css="dot")
    facts = {"customers": write.share(customers), "revenue": write.share(share, 0)}
    words, room = write("curve.mark", **facts), drawing.width - RIGHT - at[0] - 12
    if width(words, SMALL) > room:
        words = write("curve.short_mark", **facts)
    fits = width(words, SMALL) <= room
    drawing.text(at[0] + (9 if fits else -9), at[1] + 19, words, f"small halo on-area {'start' if fits else 'end'}")
