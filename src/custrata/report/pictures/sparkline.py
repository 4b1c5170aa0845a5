"""A sparkline: the course of a number over the runs."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from custrata.report.pictures.axes import Scale
from custrata.report.pictures.svg import Drawing, path

WIDTH, HEIGHT, MARGIN = 84.0, 24.0, 4.0


def sparkline(values: Sequence[int], title: str, marks: Sequence[str] = ()) -> Markup:
    """The values from the oldest to the newest, the newest as a dot; nothing for fewer than two.

    `marks` are what changed in the method at each value, if anything: a line down, named on hover.
    """
    if len(values) < 2:
        return Markup("")
    drawing = Drawing(WIDTH, HEIGHT, title, "sparkline")
    x = Scale(0, len(values) - 1, MARGIN, WIDTH - MARGIN)
    level = min(values) == max(values)
    y = Scale(min(values) - level, max(values) + level, HEIGHT - MARGIN, MARGIN)
    line = [(x(place), y(value)) for place, value in enumerate(values)]
    for (across, _), mark in zip(line, marks, strict=False):
        if mark:
            drawing.add("path", title=mark, d=path([(across, MARGIN / 2), (across, HEIGHT - MARGIN / 2)]), css="method")
    drawing.add("path", d=path(line), css="line")
    drawing.add("circle", cx=line[-1][0], cy=line[-1][1], r=2.5, css="dot")
    return drawing.markup()
