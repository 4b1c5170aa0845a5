"""The silence curve: of customers silent for so many times their rhythm, how many came back."""

from __future__ import annotations

import math
from itertools import pairwise

from markupsafe import Markup

from custrata.report.data import Silence
from custrata.report.pictures.axes import Scale, draw_lines, ticks
from custrata.report.pictures.lettering import width
from custrata.report.pictures.svg import Drawing, Point, blank, path
from custrata.wording.writer import Writer

SMALL, LEFT, TOP, BOTTOM, RIGHT = 12.0, 46.0, 46.0, 42.0, 14.0
RHYTHMS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


def silence(data: Silence, write: Writer, *, wide: bool = True) -> Markup:
    """The curve, level along each stretch, with counts as dots, and the lines where at risk and churned begin."""
    title = write("silence.title")
    across, height = (620.0, 340.0) if wide else (300.0, 270.0)
    points = sorted(data.points, key=lambda point: point.silence)
    if not points:
        return blank(across, height, title, write("empty.silence"))
    drawing = Drawing(across, height, title, "silence")
    shares = [point.back for point in points] + ([data.in_rhythm] if data.in_rhythm is not None else [])
    steps = ticks(0, min(1.0, max(*shares, 0.1)), 5)
    lines = [line for line in (data.at_risk, data.churned) if line is not None]
    longest = max(points[-1].silence, 1.0, *(line * 1.15 for line in lines)) if lines else max(points[-1].silence, 1.0)
    x = Scale(0, math.log1p(longest), LEFT + 8, across - RIGHT - 8)
    y = Scale(steps[0], steps[-1], height - BOTTOM, TOP)
    draw_lines(drawing, [(y(step), write.share(step, 0)) for step in steps], LEFT, across - RIGHT)
    _rhythms(drawing, write, x, longest)
    _boundaries(drawing, write, data, x, y)
    most = max(point.seen for point in points) or 1
    places = [(x(math.log1p(point.silence)), y(point.back)) for point in points]
    drawing.add("path", d=path(_steps(places, across - RIGHT - 8)), css="line")
    for point, (across_at, up_at) in zip(points, places, strict=True):
        sentence = write(
            "silence.mark",
            silence=f"{point.silence:.1f}",
            seen=write.number(point.seen),
            back=write.share(point.back),
            days=data.horizon_days,
        )
        size = 2.2 + 4.3 * math.sqrt(point.seen / most)
        drawing.add("circle", title=sentence, cx=across_at, cy=up_at, r=size, css="dot")
    return drawing.markup()


def _steps(places: list[Point], end: float) -> list[Point]:
    """Level from each place to below the next, and on to the end."""
    corners = [(x, y) for (_, y), (x, _) in pairwise(places)]
    return [*(point for pair in zip(places, [*corners, (end, places[-1][1])], strict=True) for point in pair)]


def _rhythms(drawing: Drawing, write: Writer, x: Scale, longest: float) -> None:
    """The axis of silence, in rhythms, as far as the curve goes and without crowding."""
    last = -math.inf
    for rhythms in RHYTHMS:
        place = x(math.log1p(rhythms))
        if rhythms > longest or place - last < 28:
            continue
        drawing.text(place, drawing.height - BOTTOM + 19, f"{rhythms:g}×", "middle small muted")
        last = place
    drawing.text((LEFT + drawing.width - RIGHT) / 2, drawing.height - 6, write("silence.axis"), "middle small")


def _boundaries(drawing: Drawing, write: Writer, data: Silence, x: Scale, y: Scale) -> None:
    """The lines of at risk and churned, named above the curve, each on a row of its own; and the share in rhythm."""
    rows = [
        (x(math.log1p(line)), write(name, silence=f"{line:.1f}"), row)
        for name, line, row in (("silence.at_risk", data.at_risk, 14.0), ("silence.churned", data.churned, 32.0))
        if line is not None
    ]
    for place, _, row in rows:
        drawing.add("path", d=path([(place, row - 10), (place, drawing.height - BOTTOM)]), css="dashed strong")
    for place, words, row in rows:
        right = place + 6 + width(words, SMALL) < drawing.width
        drawing.text(place + 6 if right else place - 6, row, words, "small halo" if right else "small halo end")
    if data.in_rhythm is not None:
        level = y(data.in_rhythm)
        drawing.add("path", d=path([(LEFT, level), (drawing.width - RIGHT, level)]), css="dashed")
