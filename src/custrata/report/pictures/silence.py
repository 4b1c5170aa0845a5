"""The silence curve: of customers silent for so many times their rhythm, how many came back, by order days."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from markupsafe import Markup

from custrata.analytics.silence import STRATA
from custrata.pipeline.reading.figures import Silence, SilencePoint, SilenceStratum
from custrata.report.pictures.axes import Scale, draw_lines, ticks
from custrata.report.pictures.lettering import width
from custrata.report.pictures.svg import Drawing, Point, empty_picture, path
from custrata.tiering.silence_sentences import interval, stratum_name
from custrata.wording.writer import Writer

SMALL, LEFT, BOTTOM, RIGHT, ROW = 12.0, 46.0, 42.0, 14.0, 18.0
LINE_MARKS = {"at_risk": "ring line-mark open", "churned": "ring line-mark"}
RHYTHMS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


def silence(data: Silence, write: Writer, *, wide: bool = True) -> Markup:
    """A curve for each stratum, level along each stretch, its interval as a band, and marks where the lines lie."""
    title = write("silence.title")
    across, height = (620.0, 340.0) if wide else (300.0, 270.0)
    if not data.drawn:
        return empty_picture(across, height, title, write("empty.silence"))
    key = [*strata_key(data.drawn, write), *((write(f"silence.{tier}_from"), css) for tier, css in LINE_MARKS.items())]
    top = key_height(key, across)
    drawing = Drawing(across, height + top - 46, title, "silence")
    highest = max(point.high or point.back for stratum in data.drawn for point in stratum.points)
    steps = ticks(0, min(1.0, max(highest, 0.1)), 5)
    longest = max(1.0, *(place for stratum in data.drawn for place in _reach(stratum)))
    x = Scale(0, math.log1p(longest), LEFT + 8, across - RIGHT - 8)
    y = Scale(steps[0], steps[-1], drawing.height - BOTTOM, top)
    draw_lines(drawing, [(y(step), write.share(step, 0)) for step in steps], LEFT, across - RIGHT)
    _rhythms(drawing, write, x, longest)
    draw_key(drawing, key)
    for stratum in data.drawn:
        _curve(drawing, write, data, stratum, x=x, y=y)
    return drawing.markup()


def name(stratum: SilenceStratum, write: Writer) -> str:
    """The name of a stratum."""
    return stratum_name(stratum.least, stratum.most, replace(write, area="tiers"))


def colour(stratum: SilenceStratum) -> str:
    """The colour class of a stratum: the same for the same order days in every picture."""
    return f"stratum-{sum(start <= stratum.least for start in STRATA) - 1}"


def strata_key(strata: Iterable[SilenceStratum], write: Writer) -> list[tuple[str, str]]:
    """The names of strata with their colours, for a key."""
    return [(name(stratum, write), f"mark {colour(stratum)}") for stratum in strata]


def key_height(key: Sequence[tuple[str, str]], across: float) -> float:
    """How high a key is, wrapped into so much room, with the space below it."""
    return _key_places(key, across)[-1][0] * ROW + 32


def _key_places(key: Sequence[tuple[str, str]], across: float) -> list[tuple[int, float]]:
    """The row of each name and its place in it."""
    places: list[tuple[int, float]] = []
    row, place = 0, LEFT
    for word, _ in key:
        end = place + 16 + width(word, SMALL)
        if place > LEFT and end > across - 4:
            row, end = row + 1, end - place + LEFT
            place = LEFT
        places.append((row, place))
        place = end + 14
    return places


def draw_key(drawing: Drawing, key: Sequence[tuple[str, str]]) -> None:
    """Names beside the marks they are drawn with: by their class, a square of a colour, a ring or a shape."""
    for (word, css), (row, place) in zip(key, _key_places(key, drawing.width), strict=True):
        draw_mark(drawing, css, place + 5, row * ROW + 8)
        drawing.text(place + 16, row * ROW + 12, word, "small")


def draw_mark(drawing: Drawing, css: str, x: float, y: float, title: str = "") -> None:
    """A mark by its class: `ring` and `in-rhythm` a circle, `at-risk` a triangle, any other a square."""
    kinds = css.split()
    if "ring" in kinds or "in-rhythm" in kinds:
        drawing.add("circle", title=title, cx=x, cy=y, r=4.5, css=css)
    elif "at-risk" in kinds:
        drawing.add(
            "path", title=title, d=path([(x, y - 5.5), (x + 5.2, y + 4), (x - 5.2, y + 4)], closed=True), css=css
        )
    else:
        drawing.add("rect", title=title, x=x - 4.5, y=y - 4.5, width=9, height=9, css=css)


def _reach(stratum: SilenceStratum) -> list[float]:
    """The values that the axis must include for a stratum."""
    lines = [line * 1.15 for line in (stratum.at_risk, stratum.churned) if line is not None]
    return [stratum.points[-1].silence * 1.15, *lines]


def _curve(drawing: Drawing, write: Writer, data: Silence, stratum: SilenceStratum, *, x: Scale, y: Scale) -> None:
    css, end = colour(stratum), drawing.width - RIGHT - 8
    places = [(x(math.log1p(point.silence)), y(point.back)) for point in stratum.points]
    edges = [*(across for across, _ in places), end]
    for point, (start, until) in zip(stratum.points, pairwise(edges), strict=True):
        if point.low is not None and point.high is not None:
            drawing.add(
                "rect", x=start, y=y(point.high), width=max(0.0, until - start), height=y(point.low) - y(point.high),
                css=f"interval {css}",
            )  # fmt: skip
    drawing.add("path", d=path(_steps(places, end)), css=f"curve {css}")
    for point, (across, up) in zip(stratum.points, places, strict=True):
        drawing.add("circle", title=_sentence(point, stratum, data, write), cx=across, cy=up, r=3, css=f"mark {css}")
    for line, kind in zip((stratum.at_risk, stratum.churned), LINE_MARKS.values(), strict=True):
        if line is not None:
            reached = [point for point in stratum.points if point.silence <= line] or [stratum.points[0]]
            draw_mark(drawing, f"{kind} {css}", x(math.log1p(line)), y(reached[-1].back))


def _sentence(point: SilencePoint, stratum: SilenceStratum, data: Silence, write: Writer) -> str:
    return write(
        "silence.mark",
        stratum=name(stratum, write),
        silence=f"{point.silence:.1f}",
        seen=write.number(point.observations),
        back=share_text(point, write),
        days=data.horizon_days,
    )


def share_text(point: SilencePoint, write: Writer) -> str:
    """The share, with its interval where there is one."""
    share = write.share(point.back, 0)
    return share if point.low is None or point.high is None else f"{share} ({between(point.low, point.high, write)})"


def between(low: float, high: float, write: Writer) -> str:
    """An interval in per cent."""
    least, most = (Decimal(str(round(end, 4))) for end in (low, high))
    return interval(least, most, replace(write, area="tiers"))


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
