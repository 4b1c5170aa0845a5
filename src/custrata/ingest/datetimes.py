"""Parse instants that are not plain `YYYY-MM-DD HH:MM:SS`, in several steps."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine.functions import epoch_micros
from custrata.ingest.date_words import (
    AFTERNOON,
    BRACKETS,
    CJK_WEEKDAY,
    ERAS,
    MONTH,
    MORNING,
    PARTICLES,
    month_form,
    months,
    weekday_behind_form,
    weekday_form,
    zone_names,
)
from custrata.ingest.dates import SECOND, Order, within
from custrata.ingest.fields import ImportField
from custrata.ingest.functions import list_extract, list_position, strip_accents, trim
from custrata.ingest.notes import noted
from custrata.ingest.texts import half_width

ZERO_DATE = r"^(0000|1900)-00-00( |$)|^0000[-/]00[-/]00|^00[-/]00[-/]0000"
SIGNS, PLAIN = "年月년월日號号일时時点點시分분秒초", "----    :::::::  "
UNIX = {r"^[1-9]\d{9}(\.\d+)?$": SECOND, r"^[1-9]\d{12}$": 1_000, r"^[1-9]\d{15}$": 1}
EXCEL_DAYS = r"^[2-5]\d{4}([.,]\d+)?$"
EXCEL_EPOCH = 25_569
DAY = 24 * 3600 * SECOND
NOON = ibis.literal(12 * 3600 * SECOND, "int64")
GAP = r"[-/. ,]*"
COMPACT = r"^((?:19|20)\d{2})(\d{2})(\d{2})"
WALL = r"^\d{4}-\d{1,2}-\d{1,2}( \d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?)?$"
# ctime and Java put the year last: # 5 15:05:22 CST 2024.
YEAR_LAST = (
    rf"^({MONTH} ?\d{{1,2}}),? (\d{{1,2}}:\d{{2}}(?::\d{{2}})?)"
    r"((?: [A-Z]{1,5}(?:[+-]\d{1,2}:?\d{2})?| [+-]\d{4})?) (\d{4})$"
)
CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?"
OFFSET = rf"{CLOCK} ?(?:UTC|GMT|Z)? ?([+-]\d{{1,2}})(?::?(\d{{2}}))?$"
# Two-digit years: 69 is 1969 and 68 is 2068, as in POSIX; birthdays are never in the future.
CENTURIES = ((r"(\d{4})\b", ""), (r"([0-5]\d|6[0-8])\b", "20"), (r"(69|[7-9]\d)\b", "19"))
OF_BIRTH = ((r"(\d{4})\b", ""), (r"([0-2]\d)\b", "20"), (r"([3-9]\d)\b", "19"))
# A three-digit year is a Minguo year, with or without the era.
ERA_FORMS = (
    rf"^({'|'.join(ERAS)}) ?(\d{{1,3}})[-/. ] ?(\d{{1,2}})[-/. ] ?(\d{{1,2}})",
    r"^()(1\d{2})[-/.](\d{1,2})[-/.](\d{1,2})",
    r"^()(1[0-2]\d)(0[1-9]|1[0-2])([0-3]\d)$",
)
Centuries = tuple[tuple[str, str], ...]

UNKNOWN_ZONE, WITHOUT_DAY = "unknown_zone", "no_day"
# A year, a month, a quarter or a week by itself.
NO_DAY = rf"^((19|20)\d{{2}}([-/. ]\d{{1,2}}-?)?|{MONTH}[-/. ,]*\d{{4}}|\d{{4}}-?[WQ]\d+(-\d)?)$"
PLACEHOLDERS = r"^(0001-01-01|1900-01-0[01]|1899-12-3[01]|1753-01-01|1111-11-11|9999-12-31)( |$)"


def plain_date(text: ir.StringValue) -> ir.StringValue:
    """The cell in capitals with plain digits, signs and letters."""
    signs = cast(ir.StringValue, trim(half_width(text).upper().re_replace(r"\s+", " "), " "))
    letters = strip_accents(signs.re_replace(f"{BRACKETS}|{CJK_WEEKDAY}", " ").translate(SIGNS, PLAIN))
    worded = trim(letters.re_replace(r" +", " "), " :,")
    return cast(ir.StringValue, _has_words(signs).ifelse(worded, trim(signs, ":, ")))


def is_null_date(text: ir.StringValue, field: ImportField) -> ir.BooleanValue:
    """Whether the cell holds a null date, as systems write it where the date is unknown."""
    return text.re_search(ZERO_DATE) | (is_placeholder(text) if field.holds == "date" else ibis.literal(False))


def _has_words(text: ir.StringValue) -> ir.BooleanValue:
    return text.re_search(r"[^\d\-/.:, +TZ]")


def _named(text: ir.StringValue) -> ir.BooleanValue:
    """Whether there is a word long enough to name a month, a weekday or an era."""
    return text.re_search(r"[A-Z]{3}|[^\x00-\x7f]")


def month_of(plain: ir.StringValue) -> ir.StringValue:
    """The month that a name in the cell stands for, as two digits; null where there is none."""
    name = _without_weekday(plain).re_extract(month_form(), 1)
    place = list_position(list(months()), name)
    return cast(ir.StringValue, _named(plain).ifelse(list_extract(list(months().values()), place), ibis.null("string")))


def _without_weekday(plain: ir.StringValue) -> ir.StringValue:
    bare = plain.re_replace(weekday_form(), r"\1").re_replace(weekday_behind_form(), r"\1\2")
    return _meridiem_last(bare.re_replace(r"(\d) ?Г\.?", r"\1"))


def _meridiem_last(text: ir.StringValue) -> ir.StringValue:
    return text.re_replace(r"\b([AP]M) (\d{1,2}:\d{2}(?::\d{2})?)", r"\2 \1")


def spelled(plain: ir.StringValue, month: ir.StringValue) -> ir.StringValue:
    """The cell with `#` for the name of a month, without weekdays, particles and ordinals."""
    name = cast(ir.StringValue, _without_weekday(plain).re_extract(month_form(), 1))
    named = _without_weekday(plain).replace(name, MONTH).re_replace(rf"{MONTH}\.", MONTH)
    bare = named.re_replace(PARTICLES, " ").re_replace(r"(\d)(?:ST|ND|RD|TH|ER|º|ª|°)\b", r"\1")
    bare = bare.re_replace(r"(\d) ?H ?(\d{2})\b", r"\1:\2").re_replace(r"(\d) ?H$", r"\1:00").re_replace(r" +", " ")
    bare = cast(ir.StringValue, trim(bare.re_replace(YEAR_LAST, r"\1 \4 \2\3"), " ,"))
    other = _hours(_without_weekday(plain))
    numeric = plain.re_search(r"H|[AP]M \d").ifelse(_meridiem_last(_hours(plain)), plain)
    return cast(ir.StringValue, ibis.cases((~_named(plain), numeric), (month.isnull(), other), else_=bare))


def _hours(text: ir.StringValue) -> ir.StringValue:
    bare = text.re_replace(PARTICLES, " ").re_replace(r"(\d) ?H ?(\d{2})\b", r"\1:\2").re_replace(r" +", " ")
    return cast(ir.StringValue, trim(bare, " ,"))


def meridiem_of(text: ir.StringValue) -> ir.StringValue:
    """`P` for PM, `A` for AM, null where the cell has neither."""
    afternoon, morning = text.re_search(rf"\d ?P\.? ?M\b|{AFTERNOON}"), text.re_search(rf"\d ?A\.? ?M\b|{MORNING}")
    return cast(ir.StringValue, ibis.cases((~_has_words(text), None), (afternoon, "P"), (morning, "A")).cast("string"))


def without_meridiem(text: ir.StringValue) -> ir.StringValue:
    """The cell without its AM/PM marker."""
    bare = text.re_replace(rf" ?(?:{AFTERNOON}|{MORNING}) ?", " ").re_replace(r"(\d) ?[AP]\.? ?M\b\.?", r"\1 ")
    return cast(ir.StringValue, _has_words(text).ifelse(trim(bare.re_replace(r" +", " "), " "), text))


def shift_of(clock: ir.StringValue, zone: str) -> ir.IntegerValue:
    """The UTC offset that the cell states, in minutes, after `without_meridiem`; null where none is known."""
    hours, minutes = (clock.re_extract(OFFSET, part).nullif("").try_cast("int32") for part in (1, 2))
    west = clock.re_extract(OFFSET, 1).startswith("-")
    offset = hours * 60 + west.ifelse(-1, 1) * minutes.fill_null(0)
    names = zone_names(zone)
    place = list_position(list(names), zone_name(clock))
    minutes_of = [str(minutes) for minutes in names.values()]
    named = list_extract(minutes_of, place).cast("int32")
    return cast(ir.IntegerValue, ibis.coalesce(offset.cast("int32"), named))


def zone_name(clock: ir.StringValue) -> ir.StringValue:
    """The zone abbreviation after the time; empty where there is none."""
    return clock.re_extract(rf"(?:{CLOCK}|\d{{4}}) ?([A-Z]{{1,5}})$", 1)


def year_first(
    clock: ir.StringValue, month: ir.StringValue, half: ir.StringValue, order: Order | None, *, birth: bool = False
) -> ir.StringValue:
    """The date rearranged to `YYYY-MM-DD HH:MM:SS`, without its offset; null where no format matches."""
    bare = clock.re_replace(rf"({CLOCK}) ?[A-Z]{{0,5}}(?: ?[+-]\d{{1,2}}(?::?\d{{2}})?)?$", r"\1")
    bare = cast(ir.StringValue, trim(bare.re_replace(r"(\d) ?(?:Z|[A-Z]{3,5})$", r"\1"), " ,"))
    dated = _dated(bare, order, OF_BIRTH if birth else CENTURIES).replace(MONTH, month.fill_null(""))
    timed = dated.re_replace(r"^(\d+-\d+-\d+)[-T ,:]+", r"\1 ")
    timed = timed.re_replace(r" (\d{1,2})\.(\d{2})\.(\d{2})", r" \1:\2:\3").re_replace(
        r" (\d{1,2})\.(\d{2})$", r" \1:\2"
    )
    timed = timed.re_replace(r" (\d{2})(\d{2})(\d{2})?$", r" \1:\2:\3").re_replace(r"(:\d{2}),(\d+)$", r"\1.\2")
    timed = half.notnull().ifelse(timed.re_replace(r" (\d{1,2})$", r" \1:00"), timed)
    return cast(ir.StringValue, trim(timed, ": "))


def _dated(bare: ir.StringValue, order: Order | None, centuries: Centuries) -> ir.StringValue:
    """The leading date with a four-digit year first; the rest of the text is unchanged."""
    year_first = r"^(\d{4})[-/. ,] ?(\d{1,2})[-/. ,] ?(\d{1,2})\.?"
    branches = [
        (bare.re_search(year_first), bare.re_replace(year_first, r"\1-\2-\3")),
        (bare.re_search(COMPACT + "(T?[0-9]{4}|T?[0-9]{6}| .*|T.*)?$"), bare.re_replace(COMPACT, r"\1-\2-\3 ")),
    ]
    for form in ERA_FORMS:
        year = _year_of_era(bare.re_extract(form, 1), bare.re_extract(form, 2))
        branches.append((bare.re_search(form), year + bare.re_replace(form, r"-\3-\4")))
    for form, places in (
        (rf"^(\d{{1,2}}){GAP}{MONTH}{GAP}", "{year}-#-\\1"),
        (rf"^{MONTH}{GAP}(\d{{1,2}})[-/. ,]+", "{year}-#-\\1"),
        *([(r"^(\d{1,2})[-/. ,] ?(\d{1,2})[-/. ,] ?", _short(order))] if order else []),
    ):
        year = form.count("(") + 1
        for digits, century in centuries:
            whole = form + digits
            branches.append((bare.re_search(whole), bare.re_replace(whole, places.format(year=rf"{century}\{year}"))))
    named_first = rf"^(\d{{4}}){GAP}{MONTH}{GAP}(\d{{1,2}})\b"
    branches.append((bare.re_search(named_first), bare.re_replace(named_first, r"\1-#-\2")))
    return cast(ir.StringValue, ibis.cases(*branches))


def _short(order: Order) -> str:
    return "{year}-\\2-\\1" if order == "day-first" else "{year}-\\1-\\2"


def _year_of_era(era: ir.StringValue, year: ir.StringValue) -> ir.StringValue:
    before = ibis.cases(*((era == name, first) for name, first in ERAS.items()), else_=ERAS["民國"])
    return cast(ir.StringValue, (year.try_cast("int32") + before).cast("string"))


def slow_wall(turned: ir.StringValue, half: ir.StringValue) -> ir.IntegerValue:
    """Wall-clock microseconds of a date after `year_first`; null where it cannot be parsed."""
    wall = cast(ir.StringValue, turned.re_search(WALL).ifelse(turned, ibis.null("string")))
    micros = epoch_micros(wall.try_cast("timestamp"))
    early = (micros % DAY) < NOON
    shifted = ibis.cases(
        (half.isnull(), micros), ((half == "P") & early, micros + NOON), ((half == "A") & ~early, micros - NOON),
        else_=micros,
    )  # fmt: skip
    return within(cast(ir.IntegerValue, shifted))


def fault_of(clock: ir.StringValue, unknown_zone: ir.BooleanValue) -> ir.StringValue:
    """The reason why a date is invalid, where one is known: an unknown zone, or no day."""
    return cast(
        ir.StringValue,
        ibis.cases((unknown_zone, UNKNOWN_ZONE), (clock.re_search(NO_DAY), WITHOUT_DAY), else_=ibis.null("string")),
    )


def epoch_utc(plain: ir.StringValue) -> ir.IntegerValue:
    """UTC microseconds of a Unix time in seconds, milliseconds or microseconds; null for other texts."""
    steps = [
        (plain.re_search(form), (plain.try_cast("decimal(38, 6)") * unit).cast("int64")) for form, unit in UNIX.items()
    ]
    return within(cast(ir.IntegerValue, ibis.cases(*steps)))


def excel_wall(plain: ir.StringValue) -> ir.IntegerValue:
    """Wall-clock microseconds of a spreadsheet serial date, to the second; null for other texts."""
    text = plain.re_search(EXCEL_DAYS).ifelse(plain.replace(",", "."), ibis.null("string"))
    seconds = (text.try_cast("decimal(38, 9)") - EXCEL_EPOCH) * (24 * 3600)
    return within(seconds.round().cast("int64") * SECOND)


def date_notes(table: ir.Table, field: ImportField, excel: bool) -> ir.IntegerValue:
    """The assumptions made in parsing a date, as bits of `notes`; only for rows that the fast parser cannot read."""
    plain, clock = table[f"{field.name}__plain"], table[f"{field.name}__clock"]
    brief = rf"^(?:\d{{1,2}}[-/. ,]+(?:\d{{1,2}}|{MONTH})|{MONTH}{GAP}\d{{1,2}})[-/. ,]+\d{{2}}\b"
    notes = noted(
        zero_dates=plain.re_search(ZERO_DATE),
        excel_days=ibis.literal(False) if excel else plain.re_search(EXCEL_DAYS),
        epoch_times=ibis.or_(*(plain.re_search(form) for form in UNIX)),
        minguo_years=clock.re_search(rf"^(?:{'|'.join(ERAS)})|^1\d{{2}}[-/.]|^\d{{7}}$"),
        two_digit_years=clock.re_search(brief),
        zone_names=zone_name(clock).re_search(r"^[A-Z]{3,5}$") & ~zone_name(clock).re_search("^(UTC|GMT)$"),
    )
    odd = plain.notnull().ifelse(notes, ibis.literal(0, "int32"))
    if field.holds != "date":
        return cast(ir.IntegerValue, odd)
    return cast(ir.IntegerValue, odd | noted(placeholder_birthdays=is_placeholder(table[field.name])))


def is_placeholder(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a birthday is a placeholder, as systems write it where it is unknown."""
    return text.replace("/", "-").re_search(PLACEHOLDERS)
