"""Retention in each tier: the share of customers still in it, by days since they entered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from custrata.report.pictures.axes import Scale, draw_lines, spread_labels, ticks
from custrata.report.pictures.lettering import width
from custrata.report.pictures.svg import Drawing, Point, empty_picture, path
from custrata.wording.writer import Writer

SMALL, LEFT, TOP, BOTTOM = 12.0, 46.0, 14.0, 42.0


@dataclass(frozen=True)
class StayingLine:
    """One tier: its name and colour, the steps down (days, the share there after them), and how far it was seen."""

    name: str
    colour: str
    steps: tuple[tuple[int, float], ...]
    longest: int


def staying(lines: Sequence[StayingLine], write: Writer, *, wide: bool = True) -> Markup:
    """A step curve per tier, labelled at its end; each begins at 100 %."""
    title = write("staying.title")
    across, height = (620.0, 320.0) if wide else (300.0, 270.0)
    drawn = [line for line in lines if line.longest > 0]
    if not drawn:
        return empty_picture(across, height, title, write("staying.empty"))
    drawing = Drawing(across, height, title, "staying")
    right = across - 10 - min(max(width(line.name, SMALL) for line in drawn), across * 0.3)
    x = Scale(0, max(line.longest for line in drawn), LEFT, right - 8)
    y = Scale(0, 1, height - BOTTOM, TOP)
    draw_lines(drawing, [(y(share), write.share(share, 0)) for share in (0, 0.25, 0.5, 0.75, 1)], LEFT, right)
    for days in ticks(0, x.high, 5 if wide else 4):
        if days <= x.high:
            drawing.text(x(days), height - BOTTOM + 19, write.number(round(days)), "middle small muted")
    drawing.text((LEFT + right) / 2, height - 6, write("staying.axis"), "middle small")
    ends = [_curve(drawing, write, line, x, y) for line in drawn]
    order = sorted(range(len(drawn)), key=lambda place: ends[place][1])
    heights = spread_labels([ends[place][1] for place in order], [15.0] * len(order), TOP - 6, height - BOTTOM)
    for place, at in zip(order, heights, strict=True):
        drawing.text(right + 2, at + 4, drawn[place].name, "small halo")
        drawing.add("path", d=path([ends[place], (right - 2, at)]), css="leader")
    return drawing.markup()


def _curve(drawing: Drawing, write: Writer, line: StayingLine, x: Scale, y: Scale) -> Point:
    """Draw a step curve up to the longest observed stay; returns its end point."""
    points, share = [(x(0), y(1))], 1.0
    for days, after in line.steps:
        points += [(x(days), y(share)), (x(days), y(after))]
        share = after
    points.append((x(max(line.longest, line.steps[-1][0] if line.steps else 0)), y(share)))
    sentence = write("staying.mark", tier=line.name, share=write.share(share), days=write.number(line.longest))
    drawing.add("path", d=path(points), css=f"stay-halo {line.colour}")
    drawing.add("path", title=sentence, d=path(points), css=f"stay-line {line.colour}")
    return points[-1]
