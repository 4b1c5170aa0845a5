"""Calibration of the silence curve: predicted against actual shares, a mark for each stratum and tier."""

from __future__ import annotations

from markupsafe import Markup

from custrata.pipeline.reading.figures import Silence, SilenceClaim, SilenceStratum
from custrata.report.pictures.axes import Scale, draw_lines
from custrata.report.pictures.silence import (
    BOTTOM,
    LEFT,
    RIGHT,
    between,
    colour,
    draw_key,
    draw_mark,
    key_height,
    name,
    strata_key,
)
from custrata.report.pictures.svg import Drawing, empty_picture, path
from custrata.wording.writer import Writer

STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
SHAPES = {"in_rhythm": "in-rhythm", "at_risk": "at-risk", "churned": "churned"}


def calibration(data: Silence, write: Writer, *, wide: bool = True) -> Markup:
    """Along the bottom the share the curve claimed, upwards the share that came back, with its interval."""
    title = write("calibration.title")
    across, height = (620.0, 340.0) if wide else (300.0, 300.0)
    if not data.claims:
        return empty_picture(across, height, title, write("empty.calibration"))
    strata = [SilenceStratum(*bounds, ()) for bounds in dict.fromkeys((row.least, row.most) for row in data.claims)]
    key = [
        *strata_key(strata, write),
        *((write(f"calibration.{tier}"), f"shape {css}") for tier, css in SHAPES.items()),
    ]
    top = key_height(key, across)
    drawing = Drawing(across, height + top - 46, title, "calibration")
    x = Scale(0, 1, LEFT + 8, across - RIGHT - 8)
    y = Scale(0, 1, drawing.height - BOTTOM, top)
    draw_lines(drawing, [(y(step), write.share(step, 0)) for step in STEPS], LEFT, across - RIGHT)
    for step in STEPS:
        drawing.text(x(step), drawing.height - BOTTOM + 19, write.share(step, 0), "middle small muted")
    drawing.text((LEFT + across - RIGHT) / 2, drawing.height - 6, write("calibration.claimed"), "middle small")
    drawing.add("path", d=path([(x(0), y(0)), (x(1), y(1))]), css="dashed")
    draw_key(drawing, key)
    for claim in data.claims:
        _claim(drawing, write, claim, x, y)
    return drawing.markup()


def _claim(drawing: Drawing, write: Writer, claim: SilenceClaim, x: Scale, y: Scale) -> None:
    stratum = SilenceStratum(claim.least, claim.most, ())
    css, across = colour(stratum), x(claim.claimed)
    drawing.add("path", d=path([(across, y(claim.low)), (across, y(claim.high))]), css=f"whisker {css}")
    sentence = write(
        "calibration.mark",
        stratum=name(stratum, write),
        tier=write(f"calibration.{claim.tier}"),
        claimed=write.share(claim.claimed, 0),
        actual=write.share(claim.actual, 0),
        interval=between(claim.low, claim.high, write),
        seen=write.number(claim.observations),
    )
    draw_mark(drawing, f"shape {SHAPES[claim.tier]} {css}", across, y(claim.actual), sentence)
