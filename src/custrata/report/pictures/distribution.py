"""The distribution of a scheme's value with its thresholds: each bar in the colour of its tier."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

from custrata.pipeline.reading.figures import Histogram, Lines, TierLine
from custrata.report.pictures.axes import Scale, draw_lines, ticks
from custrata.report.pictures.bars import amounts
from custrata.report.pictures.lettering import width
from custrata.report.pictures.svg import Drawing, empty_picture, path
from custrata.wording.writer import Writer

SMALL, BOTTOM, RIGHT, ROW = 12.0, 26.0, 8.0, 18.0


def distribution(data: Histogram, lines: Lines, write: Writer, *, wide: bool = True) -> Markup:
    """Bars of the value from the least to the most, with a line where each tier begins; all bars are equally wide."""
    title = write("histogram.title", trait=data.name)
    across, plot = (720.0, 220.0) if wide else (300.0, 170.0)
    if not any(data.counts) or len(data.edges) != len(data.counts) + 1:
        return empty_picture(across, plot, title, write("empty.customers"))
    top = ROW * len(lines.steps) + 10
    drawing = Drawing(across, top + plot + BOTTOM, title, "distribution")
    steps = ticks(0, max(data.counts), 4)
    words = [write.short_number(round(step)) for step in steps]
    left = max(width(word, SMALL) for word in words) + 10
    y = Scale(steps[0], steps[-1], top + plot, top)
    draw_lines(drawing, [(y(step), word) for step, word in zip(steps, words, strict=True)], left, across - RIGHT)
    _bars(drawing, write, data, lines, (Scale(0, len(data.counts), left, across - RIGHT), y))
    _bounds(drawing, amounts(data.edges, data.unit, write), left, across - RIGHT)
    # The line farthest left is named highest, so that no line crosses the name of another.
    for row, line in enumerate(sorted(lines.steps, key=lambda line: line.value)):
        _line(drawing, line, left + (across - RIGHT - left) * place_of(line.value, data.edges), row, top + plot)
    return drawing.markup()


def place_of(value: Decimal, edges: Sequence[Decimal]) -> float:
    """How far along the bars a value lies, from 0 at the first bound to 1 at the last; beyond them it is at the end.

    >>> place_of(Decimal(15), (Decimal(0), Decimal(10), Decimal(20)))
    0.75
    """
    bins = len(edges) - 1
    place = min(max(bisect_right(edges, value) - 1, 0), bins - 1)
    low, high = edges[place], edges[place + 1]
    part = float((value - low) / (high - low)) if high > low else 0.0
    return (place + min(1.0, max(0.0, part))) / bins


def _bars(drawing: Drawing, write: Writer, data: Histogram, lines: Lines, axes: tuple[Scale, Scale]) -> None:
    x, y = axes
    words = amounts(data.edges, data.unit, write)
    for place, count in enumerate(data.counts):
        low, high = data.edges[place], data.edges[place + 1]
        sentence = write("histogram.mark", low=words[place], high=words[place + 1], customers=write.number(count))
        drawing.add(
            "rect",
            title=sentence,
            x=x(place) + 1,
            y=y(count),
            width=max(1.0, x(1) - x(0) - 2),
            height=y(0) - y(count),
            css=f"mark {lines.colour((low + high) / 2)}",
        )
    drawing.add("path", d=path([(x(0), y(0)), (x(len(data.counts)), y(0))]), css="axis")


def _bounds(drawing: Drawing, words: Sequence[str], left: float, right: float) -> None:
    """The first and the last bound, and between them as many as have room."""
    step, y = (right - left) / (len(words) - 1), drawing.height - 8
    drawing.text(left, y, words[0], "small muted")
    drawing.text(right, y, words[-1] + "+", "end small muted")
    free, limit = left + width(words[0], SMALL) + 12, right - width(words[-1] + "+", SMALL) - 12
    for place, word in list(enumerate(words))[1:-1]:
        x, half = left + step * place, width(word, SMALL) / 2
        if x - half >= free and x + half <= limit:
            drawing.text(x, y, word, "middle small muted")
            free = x + half + 12


def _line(drawing: Drawing, line: TierLine, x: float, row: int, bottom: float) -> None:
    """A line from its name, on a row of its own, down through the bars."""
    y = ROW * (row + 1) - 4
    drawing.add("path", d=path([(x, y - 10), (x, bottom)]), css="dashed strong")
    right = x + 6 + width(line.words, SMALL) < drawing.width
    drawing.text(x + 6 if right else x - 6, y, line.words, "small halo" if right else "small halo end")
