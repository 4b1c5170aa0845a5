"""Parse dates and times; the order of day and month is inferred from the data, or asked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

import ibis
import ibis.expr.types as ir

from custrata.engine.functions import epoch_micros
from custrata.errors import BadInput
from custrata.ingest.date_words import (
    BRACKETS,
    CJK_WEEKDAY,
    MONTH,
    PARTICLES,
    month_form,
    weekday_behind_form,
    weekday_form,
    without_accents,
)
from custrata.ingest.functions import try_strptime
from custrata.ingest.texts import half_width

Order = Literal["day-first", "month-first"]

SECOND = 1_000_000
FIRST, LAST = -2_208_988_800 * SECOND, 7_258_118_400 * SECOND  # 1900 and 2200
SHORT = r"^[^\d]*(\d{1,2})[-/. ,] ?(\d{1,2})[-/. ,] ?(\d{4}|\d{2})\b"
ISO_SHAPES = ("____-__-__ __:__:__", "____-__-__", "____-__-__T__:__:__")
UTC_SHAPES = ("____-__-__T__:__:__Z", "____-__-__ __:__:__+00", "____-__-__T__:__:__+00:00")

# What a date looks like after `bare_date`.
DATE_LIKE = [
    re.compile(form)
    for form in (
        r"^\d{4}[-/. ,] ?\d{1,2}[-/. ,] ?\d{1,2}([-T ,.:].*)?$",
        r"^\d{1,2}[-/. ,] ?\d{1,2}[-/. ,] ?(\d{4}|\d{2})([ ,T].*)?$",
        r"^(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])([ T]?\d{2}:?\d{2}(:?\d{2})?.*)?$",
        r"^(民國|民国|令和|平成|昭和) ?\d{1,3}[-/. ]\d{1,2}[-/. ]\d{1,2}",
        r"^1[0-2]\d[-/.]\d{1,2}[-/.]\d{1,2}\b",
        rf"^\d{{1,2}}[-/. ,]*{MONTH}[-/. ,]*(\d{{4}}|\d{{2}})\b",
        rf"^{MONTH}[-/. ,]*\d{{1,2}}[-/. ,]+(\d{{4}}|\d{{2}}|\d{{1,2}}:.* \d{{4}})\b",
        rf"^\d{{4}}[-/. ,]*{MONTH}[-/. ,]*\d{{1,2}}\b",
    )
]
SHORT_DATE = re.compile(SHORT, re.ASCII)


class AmbiguousDates(BadInput):
    template = (
        "“{file}”: dates such as {example} may be day/month or month/day, and nothing in the column decides it. Use "
        "--date-order day-first or --date-order month-first."
    )


def looks_like_date(value: str) -> bool:
    """Whether a cell is written as a date, whatever the order of day and month.

    >>> looks_like_date("12/1/2010 08:26"), looks_like_date("85123A")
    (True, False)
    """
    plain = value.strip()
    if any(form.search(plain) for form in DATE_LIKE[:3]):
        return True
    bare = bare_date(plain)
    return any(form.search(bare) for form in DATE_LIKE)


def bare_date(value: str) -> str:
    """A cell normalized as in `datetimes`: in capitals, with `#` for the name of a month.

    >>> bare_date("Dienstag, 5. März 2024")
    '5. # 2024'
    """
    text = without_accents(unicodedata.normalize("NFKC", value)).strip()
    text = re.sub(f"{BRACKETS}|{CJK_WEEKDAY}", " ", text).translate(str.maketrans("年月년월號号日일", "----    "))
    text = re.sub(weekday_form(), r"\1", re.sub(r"\s+", " ", text)).strip(" :,")
    text = re.sub(weekday_behind_form(), r"\1\2", text)
    if name := re.search(month_form(), text):
        text = re.sub(rf"{MONTH}\.", MONTH, text.replace(name[1], MONTH))
    text = re.sub(r"(\d)(?:ST|ND|RD|TH|ER|º|ª|°)\b", r"\1", re.sub(PARTICLES, " ", text))
    return re.sub(r" +", " ", text).strip()


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
        """The order of day and month, if more than ten times as many dates support it as contradict it."""
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


TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %I:%M:%S %p")
FORMS = [
    day + time
    for day in ("%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%d-%b-%Y", "%d %b %Y", "%d-%b-%y", "%b %d, %Y")
    for time in TIMES
]
SHORT_FORMS = [
    f"{first}{mark}{second}{mark}{year}{time}"
    for first, second in (("%d", "%m"), ("%m", "%d"))
    for mark in "/-."
    for year in ("%Y", "%y")
    for time in TIMES
]


def form_of(values: list[str], order: Order | None) -> str | None:
    """The `strptime` format that all of these dates share; None for ISO dates and for mixed formats.

    >>> form_of(["12/1/2010 08:26", "12/13/2010 09:00"], "month-first")
    '%m/%d/%Y %H:%M'
    """
    short = [form for form in SHORT_FORMS if order_of(form) == order]
    for form in (*FORMS, *short):
        if values and all(_fits(value, form) for value in values):
            return form
    return None


YEAR_OF_TWO = re.compile(r"^(\d{2})([-/.])(\d{1,2})[-/.](\d{2})( \d{1,2}:\d{2}(:\d{2})?)?$")


def short_year_form(values: Iterable[str]) -> str | None:
    """The format of dates such as 24/03/05 whose first part is the year: the last part varies more.

    >>> short_year_form(["24/03/05", "24/12/31"]), short_year_form(["24/03/05", "25/03/05"])
    ('%y/%m/%d', None)
    """
    matches = [YEAR_OF_TWO.match(value.strip()) for value in values]
    parts = [match for match in matches if match]
    if not parts or len(parts) != len(matches):
        return None
    firsts, lasts = ({match[place] for match in parts} for place in (1, 4))
    if len(lasts) <= len(firsts) or any(int(first) <= 12 for first in firsts) or any(int(last) > 31 for last in lasts):
        return None
    if any(int(match[3]) > 12 for match in parts) or len({match[2] for match in parts}) > 1:
        return None
    time = "" if not parts[0][5] else " %H:%M:%S" if parts[0][6] else " %H:%M"
    return parts[0][2].join(("%y", "%m", "%d")) + time


def order_of(form: str) -> Order | None:
    """Whether a format has the day or the month first; None where the year comes first or the month is a name."""
    if "%m" not in form or "%d" not in form or form.lower().find("%y") in range(form.find("%m")):
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

    A text of this shape has no room for an offset, which the cast would drop silently.
    """
    if form:
        return within(epoch_micros(cast(ir.TimestampValue, try_strptime(text, [form]))))
    iso = cast(ir.StringValue, text.like(list(ISO_SHAPES)).ifelse(text, ibis.null("string")))
    return within(epoch_micros(iso.try_cast("timestamp")))


def quick_utc(text: ir.StringValue) -> ir.IntegerValue:
    """UTC microseconds of `YYYY-MM-DD HH:MM:SSZ` or `…+00`, as programs write instants; else null."""
    iso = cast(ir.StringValue, text.like(list(UTC_SHAPES)).ifelse(text.substr(0, 19), ibis.null("string")))
    return within(epoch_micros(iso.try_cast("timestamp")))


def within(micros: ir.IntegerValue) -> ir.IntegerValue:
    """Microseconds between 1900 and 2200; null outside."""
    return cast(ir.IntegerValue, micros.between(FIRST, LAST).ifelse(micros, ibis.null("int64")))
