"""The report: one self-contained HTML page drawn from plain data, and its pictures for pages elsewhere.

It does no I/O, computes no tiers and does not use the clock: `page(data, language)` renders the
`custrata.pipeline.reading.figures.ReportData` of a run as text.
"""

from __future__ import annotations

from custrata.report.page import page

__all__ = ["page"]
