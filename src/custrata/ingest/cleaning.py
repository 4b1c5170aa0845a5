"""From cells of text to typed values.

Every level is a view over the one before, so that nothing is computed twice; the slow parser is used only
for cells that the fast one cannot read, so that clean files cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine.days import as_date, instant_of_wall
from custrata.engine.functions import instant_from_micros
from custrata.ingest import datetimes
from custrata.ingest.columns import OFFSETS
from custrata.ingest.contacts import clean_email, contact_notes, quick_phone
from custrata.ingest.dates import SECOND, quick_utc, quick_wall
from custrata.ingest.encoding import UNREADABLE
from custrata.ingest.fields import CURRENCY as CURRENCY_FIELD
from custrata.ingest.fields import ImportField
from custrata.ingest.functions import texts_by_name
from custrata.ingest.headers import LINE
from custrata.ingest.money import LIMITS, currency_of, number_notes, plain_number, quick_number, wide_number
from custrata.ingest.notes import noted, together
from custrata.ingest.plan import Layer, Plan
from custrata.ingest.row_filters import left_out_cell
from custrata.ingest.texts import choice_value, tidy, tidy_id, without_wrapper
from custrata.schema import QUANTITY

SIGN, CURRENCY, BLANK, LOST, NOTES, NOTED, LOWERED, GONE = (
    "_sign", "_currency", "_blank", "_lost", "_notes", "_noted", "_lowered", "_gone",
)  # fmt: skip
DATES = ("instant", "date")
CUSTOMER = "customer_id"
# The fast parser reads them with surrounding whitespace, or leaves them to the slow one.
READ = (*DATES, "number", "choice")
DAY = 24 * 3600 * SECOND

Values = dict[str, ir.Value]


def typed_rows(plan: Plan) -> tuple[Layer, ...]:
    """The rows with a typed column per field, in layers of which each reads the one before.

    Columns: every field the file tells; `<field>__wrong` where a cell can be wrong, and `<field>__text`, the cell; the
    properties; `<field>__large` where a number is too large for its column; `_sign` and `_currency`, what stands beside
    amounts; `_blank`, nothing in the row; `_lost`, characters of the row could not be read; `_gone`, the cell for which
    the row is left out; `_notes` and `_noted`, what reading the row assumed and of which cells.
    """
    readers = (_quick, _month, _spelled, _turned, _slow)
    return (
        lambda rows: rows.select(**_texts(rows, plan)),
        *(partial(_with, plan=plan, values=reader) for reader in readers),
        lambda rows: rows.select(**_values(rows, plan)),
    )


def _with(table: ir.Table, plan: Plan, values: Callable[[ir.Table, Plan], Values]) -> ir.Table:
    return table.mutate(**values(table, plan))


def _texts(raw: ir.Table, plan: Plan) -> Values:
    """The cell of every field; those kept as text without space at their edges."""
    mapping = plan.mapping
    cells = {header: raw[plan.cell(header)] for header in mapping.columns}
    texts: Values = {}
    for name, header in mapping.fields.items():
        cell = without_wrapper(cells[header]).nullif("") if name in plan.wrapped else cells[header]
        if name == plan.kind.table.at and plan.has("order_time"):
            cell = _with_clock(cell, cells, plan)
        text = cell if plan.kind[name].holds in READ else _tidied(cell, plan.kind[name])
        texts[name] = text.re_replace(r"\.0$", "") if name in plan.whole else text
        if name == CUSTOMER:
            texts[LOWERED] = text.contains("@").ifelse(cell.lower() != cell, False)
    texts |= {name: ibis.literal(value) for name, value in mapping.constants.items()}
    if plan.mended:
        texts[LINE] = raw[plan.cell(LINE)]
    lost = ibis.literal(False)
    if plan.source.unreadable:
        lost = ibis.or_(*(cell.contains(UNREADABLE).fill_null(False) for cell in cells.values()))
    # Every column is selected: the reader fails at a malformed line if columns are projected away.
    blank = ibis.coalesce(*(raw[column] for column in raw.columns)).isnull()
    properties = texts_by_name({header: tidy(cells[header]) for header in mapping.properties})
    gone = left_out_cell(cells, mapping.leave_out)
    return {**texts, "properties": properties, BLANK: blank, LOST: lost, GONE: gone}


def _with_clock(day: ir.StringValue, cells: dict[str, ir.StringValue], plan: Plan) -> ir.StringValue:
    """A date joined with the time and the zone from separate columns."""
    bare = tidy(day).re_replace(r"[ T]00:00(:00(\.0+)?)?$", "")
    time = tidy(cells[plan.mapping.fields["order_time"]])
    zone: ir.Value = ibis.literal("")
    if plan.has("time_zone"):
        name = tidy(cells[plan.mapping.fields["time_zone"]]).upper()
        offset = name.re_replace("^(UTC|GMT)", "").nullif("")
        zone = ibis.cases(*((name == short, shift) for short, shift in OFFSETS.items()), else_=offset).fill_null("")
    return cast(ir.StringValue, ibis.coalesce(bare + " " + time + zone, bare))


def _tidied(cell: ir.StringValue, field: ImportField) -> ir.StringValue:
    return tidy_id(cell, lower=field.name == CUSTOMER) if field.holds == "id" else tidy(cell)


def _quick(table: ir.Table, plan: Plan) -> Values:
    """The values that the fast parser reads; for other cells the text with normalized characters."""
    values: Values = {}
    for field in plan.fields:
        text = table[field.name]
        if field.holds == "number":
            quick: Values = {"quick": quick_number(text, field.type, bool(plan.mapping.decimal_comma))}
            plain = plain_number(tidy(text), field.type)
        elif field.holds in DATES:
            form = plan.mapping.date_format if field.holds == "instant" else None
            wall = quick_wall(text, form)
            quick = {"wall": wall, "utc": wall.isnull().ifelse(quick_utc(text), ibis.null("int64"))}
            plain = datetimes.plain_date(tidy(text))
        else:
            continue
        values |= {f"{field.name}__{part}": value for part, value in quick.items()}
        unread = ibis.coalesce(*quick.values()).isnull()
        values[f"{field.name}__plain"] = unread.ifelse(plain, ibis.null("string"))
    return values


def _month(table: ir.Table, plan: Plan) -> Values:
    """The month that a date names."""
    return {f"{name}__month": datetimes.month_of(table[f"{name}__plain"]) for name in _dates(plan)}


def _spelled(table: ir.Table, plan: Plan) -> Values:
    """Dates in digits with their AM/PM marker, and numbers as wide decimals."""
    values: Values = {}
    for name in _dates(plan):
        text = datetimes.spelled(table[f"{name}__plain"], table[f"{name}__month"])
        values |= {f"{name}__half": datetimes.meridiem_of(text), f"{name}__clock": datetimes.without_meridiem(text)}
    for field in plan.fields:
        if field.holds == "number":
            wide = wide_number(table[f"{field.name}__plain"], bool(plan.mapping.decimal_comma))
            values[f"{field.name}__wide"] = wide
    return values


def _turned(table: ir.Table, plan: Plan) -> Values:
    """Dates with the year first, and their UTC offset."""
    values: Values = {}
    for name in _dates(plan):
        clock, month, half = (table[f"{name}__{part}"] for part in ("clock", "month", "half"))
        birth = plan.kind[name].holds == "date"
        values[f"{name}__turned"] = datetimes.year_first(clock, month, half, plan.mapping.date_order, birth=birth)
        values[f"{name}__shift"] = datetimes.shift_of(clock, plan.zone)
    return values


def _dates(plan: Plan) -> list[str]:
    return [field.name for field in plan.fields if field.holds in DATES]


def _slow(table: ir.Table, plan: Plan) -> Values:
    """The values that the slow parser reads where the fast one did not."""
    values: Values = {}
    for field in plan.fields:
        name = field.name
        if field.holds == "number":
            plain, wide = table[f"{name}__plain"], table[f"{name}__wide"]
            number = cast(ir.DecimalValue, ibis.coalesce(table[f"{name}__quick"], wide.try_cast(field.type)))
            large = number.abs() > LIMITS[field.type] if field.type in LIMITS else ibis.literal(False)
            values[f"{name}__large"] = (large | (number.isnull() & wide.notnull())).fill_null(False)
            number = cast(ir.DecimalValue, large.ifelse(ibis.null(field.type), number))
            values[f"{name}__value"] = number.abs().cast(field.type) if field.positive else number
            values[f"{name}__sign"] = plain.notnull().ifelse(currency_of(plain), ibis.null("string"))
        elif field.holds in DATES:
            values |= _instant(table, field)
    return values


def _instant(table: ir.Table, field: ImportField) -> Values:
    plain, clock, half, turned, shift = (
        table[f"{field.name}__{part}"] for part in ("plain", "clock", "half", "turned", "shift")
    )
    wall = datetimes.slow_wall(turned, half)
    elsewhere = shift.notnull() | (datetimes.zone_name(clock) != "").fill_null(False)
    utc = ibis.coalesce(
        table[f"{field.name}__utc"], wall - shift.cast("int64") * (60 * SECOND), datetimes.epoch_utc(plain)
    )
    own = elsewhere.ifelse(ibis.null("int64"), wall)
    if field.holds == "date":  # a birthday has no time zone
        utc, own = ibis.coalesce(table[f"{field.name}__utc"], datetimes.epoch_utc(plain)), wall
    walls = (table[f"{field.name}__wall"], own, datetimes.excel_wall(plain))
    fault = datetimes.fault_of(clock, wall.notnull() & shift.isnull() & elsewhere)
    return {f"{field.name}__utc": utc, f"{field.name}__wall": ibis.coalesce(*walls), f"{field.name}__fault": fault}


def _values(table: ir.Table, plan: Plan) -> Values:
    values: Values = {name: table[name] for name in ("properties", BLANK, LOST, GONE, *([LINE] if plan.mended else []))}
    for field in plan.fields:
        text = table[field.name]
        value = _value(table, field, plan)
        values[field.name] = value
        if field.holds in ("id", "text", "currency"):
            continue
        cell = tidy(text)
        wrong = cell.notnull() & ~datetimes.is_null_date(cell, field) if field.holds in DATES else cell.notnull()
        wrong = value.isnull().ifelse(wrong, False)
        if field.holds == "number":
            values[f"{field.name}__large"] = table[f"{field.name}__large"]
            wrong = wrong & ~table[f"{field.name}__large"]
        if field.holds in DATES:
            values[f"{field.name}__fault"] = table[f"{field.name}__fault"]
        values |= {f"{field.name}__wrong": wrong, f"{field.name}__text": text}
    values[NOTES], values[NOTED] = together(_notes(table, plan))
    amounts = [field for field in plan.fields if field.holds == "number" and field.type != QUANTITY]
    values[SIGN] = ibis.coalesce(*(table[f"{field.name}__sign"] for field in amounts), ibis.null("string"))
    values[CURRENCY] = table[CURRENCY_FIELD.name].upper() if plan.has(CURRENCY_FIELD.name) else ibis.null("string")
    return values


def _notes(table: ir.Table, plan: Plan) -> list[tuple[str, ir.IntegerValue, ir.StringValue]]:
    """What reading each cell assumed."""
    notes: list[tuple[str, ir.IntegerValue, ir.StringValue]] = []
    excel = plan.source.file.form == "excel"
    for field in plan.fields:
        name, text = field.name, table[field.name]
        if field.holds == "number":
            plain = table[f"{name}__plain"]
            bits = plain.notnull().ifelse(number_notes(text, plain, field.type), ibis.literal(0, "int32"))
        elif field.holds in DATES:
            bits = datetimes.date_notes(table, field, excel)
            if field.holds == "instant" and "%y" in (plan.mapping.date_format or ""):
                bits = bits | noted(two_digit_years=text.notnull())
        elif field.holds in ("phone", "email"):
            bits = contact_notes(text, field.holds)
        elif field.choice == "gender" and "2" in plan.words.get(name, {}):
            bits = noted(gender_codes=text.re_search(r"^\s*[0129](\.0)?\s*$"))
        elif field.name in plan.whole:
            bits = noted(whole_ids=text.notnull())
        elif name == CUSTOMER and name in plan.mapping.fields:
            bits = noted(lower_case_emails=table[LOWERED])
        else:
            continue
        notes.append((name, cast(ir.IntegerValue, bits), text))
    return notes


def _value(table: ir.Table, field: ImportField, plan: Plan) -> ir.Value:
    text = table[field.name]
    if field.holds == "number":
        return table[f"{field.name}__value"]
    if field.holds == "choice":
        return choice_value(text, field.choice, plan.words.get(field.name, {}))
    if field.holds == "phone":
        return quick_phone(text, plan.region)
    if field.holds == "email":
        return clean_email(text)
    if field.holds not in DATES:
        return text
    wall, utc = table[f"{field.name}__wall"], table[f"{field.name}__utc"]
    if field.holds == "date":  # a day has no zone
        day = as_date(cast(ir.IntegerValue, ibis.coalesce(wall, utc) // DAY))
        return datetimes.is_placeholder(text).ifelse(ibis.null("date"), day)
    return ibis.coalesce(instant_from_micros(utc), instant_of_wall(wall, plan.zone_of(field.name)))
