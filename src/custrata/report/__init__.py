"""The report: one self-contained HTML page drawn from plain data, and its pictures for pages elsewhere.

It does no I/O, computes no tiers and does not use the clock: `page(data, language)` renders a `ReportData` as text.
"""

from __future__ import annotations

from custrata.report.data import (
    Headline,
    Histogram,
    Import,
    Lines,
    NumberChange,
    ParetoPoint,
    Quality,
    ReportData,
    RfmCell,
    RfmMap,
    RunSizes,
    SchemeSummary,
    Silence,
    SilenceClaim,
    SilencePoint,
    SilenceStratum,
    Size,
    Tier,
    TierLine,
    TierMove,
)
from custrata.report.page import page
from custrata.wording.writer import Writer

__all__ = [
    "Headline",
    "Histogram",
    "Import",
    "Lines",
    "NumberChange",
    "ParetoPoint",
    "Quality",
    "ReportData",
    "RfmCell",
    "RfmMap",
    "RunSizes",
    "SchemeSummary",
    "Silence",
    "SilenceClaim",
    "SilencePoint",
    "SilenceStratum",
    "Size",
    "Tier",
    "TierLine",
    "TierMove",
    "Writer",
    "page",
]
