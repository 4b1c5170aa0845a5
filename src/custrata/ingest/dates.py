"""Dates and times as files write them; whether the day or the month comes first is read off the data, or asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.engine.functions import epoch_micros
from custrata.errors import BadInput
from custrata.ingest.functions import trim, try_strptime
from custrata.ingest.texts import half_width

Order = Literal["day-first", "month-first"]

SECOND = 1_000_000
FIRST, LAST = -2_208_988_800 * SECOND, 7_258_118_400 * SECOND  # 1900 and 2200
ZERO_DATE = r"^(0000|1900)-00-00( |$)|^0000-00-00"
YEAR_FIRST = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
SHORT = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})\b"
COMPACT = r"^((?:19|20)\d{2})(\d{2})(\d{2})"
UNIX_SECONDS, UNIX_MILLIS = r"^[1-9]\d{9}$", r"^[1-9]\d{12}$"
EXCEL_DAYS = r"^\d{5}(\.\d+)?$"
EXCEL_EPOCH = 25_569
WALL = r"^\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?)?$"
OFFSET = r":\d{2}(?:\.\d+)?\s?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
NAMED = rf"^(?:\d{{1,2}}[-/. ]+(?:{MONTHS})|(?:{MONTHS})[A-Z]*[. ]+\d{{1,2}})"
NAMED_FORMS = [
    day + time
    for day in ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d %b %y")
    for time in ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f")
]
ISO_SHAPES = ("____-__-__ __:__:__", "____-__-__", "____-__-__T__:__:__")
UTC_SHAPES = ("____-__-__T__:__:__Z", "____-__-__ __:__:__+00", "____-__-__T__:__:__+00:00")
CHINESE, PLAIN = "年月日时時点點分秒", "-- ::::: "
NOON = ibis.literal(12 * 3600 * SECOND, "int64")

DATE_LIKE = [
    re.compile(form, re.IGNORECASE)
    for form in (
        r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?$",
        r"^\d{4}年\d{1,2}月\d{1,2}日",
        r"^\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})( .*)?$",
        r"^(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])( ?\d{2}:?\d{2}(:?\d{2})?)?$",
        NAMED,
    )
]
SHORT_DATE = re.compile(SHORT, re.ASCII)


class AmbiguousDates(BadInput):
    template = (
        "“{file}”: dates such as {example} may be day/month or month/day, and nothing in the column settles it. "
        "Say --date-order day-first or --date-order month-first."
    )


def looks_like_date(value: str) -> bool:
    """Whether a cell is written as a date, whatever the order of day and month.

    >>> looks_like_date("12/1/2010 08:26"), looks_like_date("85123A")
    (True, False)
    """
    return any(form.search(value) for form in DATE_LIKE)


@dataclass(frozen=True)
class Evidence:
    """How many short dates can only be day/month, only month/day, or either; and one of the last."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    example: str = ""

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(
            self.day_first + other.day_first,
            self.month_first + other.month_first,
            self.either + other.either,
            self.example or other.example,
        )

    @property
    def order(self) -> Order | None:
        """The order the dates settle; a stray contradiction in ten does not unsettle it."""
        if self.day_first > 10 * self.month_first:
            return "day-first"
        return "month-first" if self.month_first > 10 * self.day_first else None

    @property
    def open(self) -> bool:
        """Whether there are short dates whose order is not settled."""
        return self.order is None and self.day_first + self.month_first + self.either > 0


def evidence(values: Iterable[str]) -> Evidence:
    """What some cells say about the order of day and month.

    >>> evidence(["12/1/2010 08:26", "12/13/2010 09:00"]).order
    'month-first'
    """
    day = month = either = 0
    example = ""
    for value in values:
        if not (match := SHORT_DATE.match(value.strip())):
            continue
        first, second = int(match[1]), int(match[2])
        day += first > 12 >= second
        month += second > 12 >= first
        either += first <= 12 and second <= 12
        example = example or value.strip()
    return Evidence(day, month, either, example)


def evidence_of(column: ir.StringColumn) -> dict[str, ir.Value]:
    """The same over a whole column, as aggregates with the names of `Evidence`."""
    cell = half_width(column).strip()
    first, second = (cell.re_extract(SHORT, part).try_cast("int32") for part in (1, 2))
    return {
        "day_first": ((first > 12) & (second <= 12)).sum().fill_null(0),
        "month_first": ((first <= 12) & (second > 12)).sum().fill_null(0),
        "either": ((first <= 12) & (second <= 12)).sum().fill_null(0),
        "example": cell.min(where=first.notnull()).fill_null(""),
    }


FORMS = [
    day + time
    for day in ("%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%d-%b-%Y", "%d %b %Y")
    for time in ("", " %H:%M", " %H:%M:%S")
]
SHORT_FORMS = [
    f"{first}{mark}{second}{mark}{year}{time}"
    for first, second in (("%d", "%m"), ("%m", "%d"))
    for mark in "/-."
    for year in ("%Y", "%y")
    for time in ("", " %H:%M", " %H:%M:%S")
]


def form_of(values: list[str], order: Order | None) -> str | None:
    """The one form that all of these dates are written in, where it is worth knowing: not for ISO, nor for a mixture.

    >>> form_of(["12/1/2010 08:26", "12/13/2010 09:00"], "month-first")
    '%m/%d/%Y %H:%M'
    """
    short = [form for form in SHORT_FORMS if order_of(form) == order]
    for form in (*FORMS, *short):
        if values and all(_fits(value, form) for value in values):
            return form
    return None


def order_of(form: str) -> Order | None:
    """Whether a form names the day or the month first; None where the year comes first or the month has a name."""
    if "%m" not in form or "%d" not in form or form.find("%Y") in range(form.find("%m")):
        return None
    return "day-first" if form.find("%d") < form.find("%m") else "month-first"


def _fits(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def quick_wall(text: ir.StringValue, form: str | None) -> ir.IntegerValue:
    """Wall-clock microseconds of `YYYY-MM-DD HH:MM:SS`, of `YYYY-MM-DD`, or of the mapping's own form; else null.

    A text of this shape has no room for an offset, which the cast would drop without a word.
    """
    if form:
        return _within(epoch_micros(cast(ir.TimestampValue, try_strptime(text, [form]))))
    iso = cast(ir.StringValue, text.like(list(ISO_SHAPES)).ifelse(text, ibis.null("string")))
    return _within(epoch_micros(iso.try_cast("timestamp")))


def quick_told(text: ir.StringValue) -> ir.IntegerValue:
    """UTC microseconds of `YYYY-MM-DD HH:MM:SSZ` or `…+00`, as programs write instants; else null."""
    iso = cast(ir.StringValue, text.like(list(UTC_SHAPES)).ifelse(text.substr(0, 19), ibis.null("string")))
    return _within(epoch_micros(iso.try_cast("timestamp")))


def plain_date(text: ir.StringValue) -> ir.StringValue:
    """The cell in capitals with plain digits and signs; null for the zero dates some databases write for nothing."""
    signs = half_width(text).translate(CHINESE, PLAIN).upper()
    plain = cast(ir.StringValue, trim(signs.re_replace(r"\s+", " "), " :"))
    return cast(ir.StringValue, plain.re_search(ZERO_DATE).ifelse(ibis.null("string"), plain))


def is_zero_date(text: ir.StringValue) -> ir.BooleanValue:
    """Whether the cell holds the zero date: nothing, then, not a wrong date."""
    return text.re_search(ZERO_DATE)


def year_first(plain: ir.StringValue, order: Order | None) -> ir.StringValue:
    """The date turned to `YYYY-MM-DD …`, without the words of the half of day; null where it is written otherwise."""
    bare = plain.re_replace(r" ?([AP]\.?M\.?|上午|下午|晚上|凌晨|早上|中午) ?", " ").re_replace(r"\s+$", "")
    compact = bare.re_replace(COMPACT + r"(\d{2})(\d{2})(\d{2})?$", r"\1-\2-\3 \4:\5:\6")
    branches = [
        (bare.re_search(YEAR_FIRST), bare.re_replace(YEAR_FIRST, r"\1-\2-\3")),
        (bare.re_search(COMPACT + "( |T|$)"), bare.re_replace(COMPACT, r"\1-\2-\3")),
        (bare.re_search(COMPACT + r"\d{4}(\d{2})?$"), cast(ir.StringValue, trim(compact, ":"))),
    ]
    if order:
        parts = r"-\2-\1" if order == "day-first" else r"-\1-\2"
        long = SHORT.replace(r"(\d{4}|\d{2})", r"(\d{4})")
        brief = SHORT.replace(r"(\d{4}|\d{2})", r"(\d{2})")
        branches += [
            (bare.re_search(long), bare.re_replace(long, r"\3" + parts)),
            (bare.re_search(brief), bare.re_replace(brief, r"20\3" + parts)),
        ]
    return cast(ir.StringValue, ibis.cases(*branches))


def slow_wall(plain: ir.StringValue, turned: ir.StringValue, excel: bool) -> ir.IntegerValue:
    """Wall-clock microseconds of a date after `plain_date` and `year_first`; null where it is none."""
    afternoon = plain.re_search(r"\d ?P\.?M|下午|晚上|中午")
    morning = plain.re_search(r"\d ?A\.?M|上午|凌晨|早上")
    day = 24 * 3600 * SECOND
    wall = cast(ir.StringValue, turned.re_search(WALL).ifelse(turned, ibis.null("string")))
    micros = epoch_micros(wall.try_cast("timestamp"))
    early = (micros % day) < NOON
    shifted = ibis.cases((afternoon & early, micros + NOON), (morning & ~early, micros - NOON), else_=micros)
    named = (
        plain.re_replace(r"[-/,. ]+", " ")
        .re_search(NAMED)
        .ifelse(plain.re_replace(r"[-/,. ]+", " "), ibis.null("string"))
    )
    walls = [shifted, epoch_micros(cast(ir.TimestampValue, try_strptime(named, NAMED_FORMS)))]
    if excel:
        serial = plain.re_search(EXCEL_DAYS).ifelse(plain, ibis.null("string")).try_cast("decimal(38, 9)")
        walls.append(((serial - EXCEL_EPOCH) * (24 * 3600)).round().cast("int64") * SECOND)
    return _within(cast(ir.IntegerValue, ibis.coalesce(*walls)))


def told_instant(plain: ir.StringValue, turned: ir.StringValue) -> ir.IntegerValue:
    """UTC microseconds of a date that carries its own offset, or counts seconds or milliseconds since 1970."""
    zoned = turned.re_replace(r"\s?(?:UTC|GMT)$", "Z").re_replace(r" ([+-])", r"\1")
    offset = turned.re_search(OFFSET).ifelse(zoned, ibis.null("string"))
    utc = ibis.cases(
        (plain.re_search(UNIX_SECONDS), plain.try_cast("int64") * SECOND),
        (plain.re_search(UNIX_MILLIS), plain.try_cast("int64") * 1000),
        else_=epoch_micros(offset.try_cast(dt.Timestamp(timezone="UTC", scale=6))),
    )
    return _within(cast(ir.IntegerValue, utc))


def _within(micros: ir.IntegerValue) -> ir.IntegerValue:
    return cast(ir.IntegerValue, micros.between(FIRST, LAST).ifelse(micros, ibis.null("int64")))
