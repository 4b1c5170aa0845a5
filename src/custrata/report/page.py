"""The report: one self-contained HTML page."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from functools import lru_cache, partial
from hashlib import sha256
from importlib import resources
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from custrata.pipeline.reading.figures import ReportData
from custrata.report import tables
from custrata.report.panels import cards, in_both_widths, scheme_panel
from custrata.report.pictures import bars, calibration, curve, histogram, rfm_map, silence
from custrata.schema.zones import zone_named
from custrata.wording import language_named
from custrata.wording.writer import Writer

Theme = Literal["auto", "light", "dark"]


def page(data: ReportData, language: str, *, theme: Theme = "auto") -> str:
    """The report on a run as an HTML page in a language (`zh-hans`, `zh-hant`, `en`).

    The page loads no resources and is complete without its script. With the theme `auto` it follows the light or dark
    mode of the reader's system, and is always light in print. Raises `UnknownLanguage` and `UnknownTimeZone`.

    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> from custrata.pipeline.reading.figures import NumberChange, Headline
    >>> headline = Headline(NumberChange(0), NumberChange(0), NumberChange(Decimal(0)))
    >>> day = datetime(2025, 1, 31, tzinfo=UTC)
    >>> html = page(ReportData("Corner shop", "CNY", "Asia/Shanghai", day, headline, ()), "en")
    >>> html[html.index("<title>") + 7 : html.index("</title>")]
    'Corner shop · Customer tiers'
    """
    zone_named(data.timezone)
    write = Writer(language_named(language), data.currency, data.timezone, "report")
    main_scheme = data.main_scheme
    script = _asset("report.js")
    return (
        _templates()
        .get_template("page.html")
        .render(
            data=data,
            write=write,
            theme=theme,
            seconds=None if data.seconds is None else write.number(Decimal(str(data.seconds)), 1),
            style=Markup(_asset("pictures.css") + _asset("report.css")),
            script=Markup(script),
            # Only this script may run, as a second defence against markup in names, which are escaped.
            script_hash=b64encode(sha256(script.encode()).digest()).decode(),
            cards=cards(data, write),
            shown=scheme_panel(main_scheme, write, with_past=True) if main_scheme else None,
            others=[scheme_panel(scheme, write) for scheme in data.schemes if scheme is not main_scheme],
            sections=[name for name, present in _present(data).items() if present],
            **_sections(data, write),
        )
    )


def _present(data: ReportData) -> dict[str, bool]:
    """The sections of the page in order, and whether each has anything to show."""
    return {
        "overview": True,
        "schemes": any(scheme is not data.main_scheme for scheme in data.schemes),
        "rfm": data.rfm is not None,
        "pareto": data.main_scheme is not None or bool(data.pareto) or data.silence is not None,
        "traits": bool(data.histograms),
        "quality": True,
    }


def _sections(data: ReportData, write: Writer) -> dict[str, object]:
    """The pictures that belong to no scheme, with their tables."""
    labels = data.rfm.labels if data.rfm else ()
    return {
        "rfm_map": in_both_widths(partial(rfm_map, data.rfm, write)) if data.rfm else None,
        "rfm_table": tables.rfm_table(data.rfm, write) if data.rfm else None,
        "labels": in_both_widths(partial(bars, labels, write, write("rfm.labels"))) if labels else None,
        "labels_table": tables.sizes_table(labels, write),
        "pareto": in_both_widths(partial(curve, data.pareto, write)),
        "pareto_table": tables.pareto_table(data.pareto, write),
        "silence": in_both_widths(partial(silence, data.silence, write)) if data.silence else None,
        "silence_table": tables.silence_table(data.silence, write) if data.silence else None,
        "silence_remarks": silence_remarks(data, write),
        **_calibration(data, write),
        "histograms": [(item, histogram(item, write), tables.histogram_table(item, write)) for item in data.histograms],
        "quality": tables.quality_tables(data.quality, write),
    }


def _calibration(data: ReportData, write: Writer) -> dict[str, object]:
    if data.silence is None or not data.silence.claims:
        return {"calibration": None}
    drawn = in_both_widths(partial(calibration, data.silence, write))
    return {"calibration": drawn, "calibration_table": tables.calibration_table(data.silence, write)}


def silence_remarks(data: ReportData, write: Writer) -> list[str]:
    """The silence curve in words: the thresholds, why one is missing, and whether they were learned."""
    if data.silence is None:
        return []
    remarks = [] if data.silence.learned else [write("silence.not_learned")]
    for stratum in data.silence.strata:
        remarks += tables.threshold_sentences(stratum, data.silence, write)
    return remarks


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("custrata.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=8)
def _asset(name: str) -> str:
    return (resources.files("custrata.report") / "templates" / name).read_text("utf-8")
