"""Revenue by tier over the runs as a stacked area chart, the best tier at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

from custrata.pipeline.reading.figures import SchemeSummary, Size
from custrata.report.colours import tier_colours
from custrata.report.pictures.axes import Scale, draw_dates, draw_lines, ticks, time_places
from custrata.report.pictures.lettering import width
from custrata.report.pictures.svg import Drawing, Point, empty_picture, path
from custrata.wording.writer import Writer

SMALL, TOP, BOTTOM, RIGHT, COLUMN = 12.0, 14.0, 26.0, 14.0, 36.0
Layer = list[tuple[float, float]]


def layers(timeline: Sequence[Sequence[Size]]) -> list[Layer]:
    """For each tier its lower and upper edge at each moment; negative revenue is stacked below zero.

    >>> from decimal import Decimal
    >>> layers([[Size(1, Decimal(5)), Size(2, Decimal(-1)), Size(3, Decimal(2))]])
    [[(0.0, 5.0)], [(0.0, -1.0)], [(5.0, 7.0)]]
    """
    stack: list[Layer] = [[] for _ in (timeline[0] if timeline else ())]
    for sizes in timeline:
        gain = loss = 0.0
        for layer, size in zip(stack, sizes, strict=True):
            # Money becomes a float only here, where it turns into pixels.
            value = float(size.revenue)
            layer.append((gain, gain + value) if value >= 0 else (loss, loss + value))
            gain, loss = max(gain, gain + value), min(loss, loss + value)
    return stack


def stacked(scheme: SchemeSummary, write: Writer, *, wide: bool = True) -> Markup:
    """The revenue of a scheme's tiers at each run; a single run is a column."""
    title = write("stacked.title", scheme=scheme.name)
    across, height = (520.0, 280.0) if wide else (300.0, 230.0)
    stack = layers(scheme.timeline)
    edges = [edge for layer in stack for pair in layer for edge in pair]
    if not any(edges):
        return empty_picture(across, height, title, write("empty.revenue"))
    drawing = Drawing(across, height, title, "stacked")
    lines = ticks(min(edges), max(edges), 5 if wide else 4)
    words = [write.short_money(Decimal(str(line))) for line in lines]
    left = max(width(word, SMALL) for word in words) + 10
    y = Scale(lines[0], lines[-1], height - BOTTOM, TOP)
    draw_lines(drawing, [(y(line), word) for line, word in zip(lines, words, strict=True)], left, across - RIGHT)
    moments = [moment.as_of for moment in scheme.history]
    xs = time_places(moments, left, across - RIGHT)
    colours = tier_colours(scheme)
    for tier, layer in zip(scheme.tiers, stack, strict=True):
        outline = _outline(xs, [(y(low), y(high)) for low, high in layer])
        drawing.add("path", title=tier.name, d=path(outline, closed=True), css=f"layer {colours[tier.key]}")
    drawing.add("path", d=path([(left, y(0)), (across - RIGHT, y(0))]), css="axis")
    _draw_marks(drawing, scheme, xs, write("stacked.mark"), height)
    draw_dates(drawing, write, moments, xs, height - 6)
    return drawing.markup()


def _draw_marks(drawing: Drawing, scheme: SchemeSummary, xs: list[float], word: str, height: float) -> None:
    """A line down where the method changes; the word over it, unless it would touch the one before."""
    free = 0.0
    for x, moment in zip(xs, scheme.history, strict=False):
        if not moment.marks:
            continue
        line = path([(x, TOP), (x, height - BOTTOM)])
        drawing.add("path", title=" · ".join(moment.marks), d=line, css="method")
        start = min(x - width(word, SMALL) / 2, drawing.width - width(word, SMALL))
        if start >= free:
            drawing.text(start, TOP - 4, word, "muted")
            free = start + width(word, SMALL) + 8


def _outline(xs: list[float], layer: Layer) -> list[Point]:
    """Along the upper edge and back along the lower; a single moment gets a column's width."""
    if len(layer) == 1:
        xs, layer = [xs[0] - COLUMN, xs[0] + COLUMN], layer * 2
    upper = [(x, high) for x, (_, high) in zip(xs, layer, strict=True)]
    lower = [(x, low) for x, (low, _) in zip(xs, layer, strict=True)]
    return upper + lower[::-1]
