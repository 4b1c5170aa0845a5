"""Pictures as SVG: plain data and a `Writer` in, markup out. Their looks are in `templates/pictures.css`."""

from __future__ import annotations

from custrata.report.pictures.bars import bars, histogram
from custrata.report.pictures.calibration import calibration
from custrata.report.pictures.curve import curve
from custrata.report.pictures.distribution import distribution
from custrata.report.pictures.flow import flow
from custrata.report.pictures.rfm_map import rfm_map
from custrata.report.pictures.rings import rings, small_rings
from custrata.report.pictures.silence import silence
from custrata.report.pictures.sparkline import sparkline
from custrata.report.pictures.stacked import stacked
from custrata.report.pictures.staying import staying

__all__ = [
    "bars",
    "calibration",
    "curve",
    "distribution",
    "flow",
    "histogram",
    "rfm_map",
    "rings",
    "silence",
    "small_rings",
    "sparkline",
    "stacked",
    "staying",
]
