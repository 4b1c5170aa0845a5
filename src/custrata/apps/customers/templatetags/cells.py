"""Formatted values for tables and profiles; common look-ups are cached."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.template import Library
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from custrata.apps.customers.queries.columns import Kind, ProfileColumn
from custrata.web import texts
from custrata.web.colours import tier_colour
from custrata.web.schemes import scheme_named, tier_named
from custrata.web.workspace import published_run, workspace
from custrata.wording import phrase
from custrata.wording.writer import Writer

register = Library()
NOTHING = SafeString('<span class="text-secondary">–</span>')


class CellFormatter:
    """Formats values for one reader and one run."""

    def __init__(self, writer: Writer) -> None:
        self.write = writer
        self._badges: dict[tuple[str, str], SafeString] = {}

    def cell(self, value: Any, kind: Kind, scheme: str = "") -> SafeString | str:
        """Format a value by its kind; plain text is escaped by the template."""
        if value is None or value == "" or value == []:
            return NOTHING
        match kind:
            case "tier":
                return self.badge(scheme, value)
            case "label":
                return phrase("tiers", f"labels.{value}", self.write.language)
            case "money":
                return self.write.money(_exact(value), 2)
            case "share":
                return self.write.share(value)
            case "number":
                return self.write.number(value)
            case "decimal":
                return self.write.number(_exact(value), 2)
            case "day" | "instant":
                return self.write.day(value)
            case "weekday":
                return str(self.write.locale.days["stand-alone"]["wide"][value - 1])
            case "daypart":
                return phrase("customers", f"daypart.{value}", self.write.language)
            case "tags":
                return format_html_join(" ", '<span class="tag-chip">{}</span>', ((tag.name,) for tag in value))
        return str(value)

    def badge(self, scheme: str, tier: str) -> SafeString:
        """A tier badge, as in `web/parts/badge.html`."""
        if (scheme, tier) not in self._badges:
            self._badges[scheme, tier] = format_html(
                '<span class="tier-badge {}" title="{}">{}</span>',
                tier_colour(scheme, tier),
                scheme_named(scheme, self.write.language),
                tier_named(scheme, tier, self.write.language),
            )
        return self._badges[scheme, tier]


def _exact(value: Any) -> Decimal:
    return Decimal(str(value)) if isinstance(value, float) else Decimal(value)


@lru_cache(maxsize=8)
def _cells(language: str, currency: str, timezone: str, run: str) -> CellFormatter:
    return CellFormatter(Writer(language, currency, timezone))


def cells() -> CellFormatter:
    """The formatter for the current reader."""
    settings, run = workspace().settings, published_run()
    return _cells(texts.language(), settings.currency, settings.timezone, run.id if run is not None else "")


@register.simple_tag
def written(value: Any, kind: Kind, scheme: str = "") -> SafeString | str:
    """`{% written one.value one.kind %}`: a value as its kind is written."""
    return cells().cell(value, kind, scheme)


@register.simple_tag
def row_of_cells(line: Any) -> SafeString:
    """The cells of a line of the list, as `<td>`s."""
    write = cells()
    return format_html_join(
        "",
        "<td{}>{}</td>",
        ((_cell_attributes(column), write.cell(value, column.kind, column.scheme)) for column, value in line.cells),
    )


def _cell_attributes(column: ProfileColumn) -> SafeString:
    if column.is_number:
        return SafeString(' class="number"')
    return SafeString(' class="wide"' if column.kind == "text" else "")
