"""From cells of text to typed values.

Every level is a view over the one before, so that nothing is computed twice; the slow way of reading a cell is taken
only for cells that the quick way cannot read, so that clean files cost next to nothing.
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine.days import as_date, instant_of_wall
from custrata.engine.functions import instant_from_micros
from custrata.ingest.columns import OFFSETS
from custrata.ingest.contacts import clean_email, quick_phone
from custrata.ingest.dates import (
    SECOND,
    is_zero_date,
    plain_date,
    quick_told,
    quick_wall,
    slow_wall,
    told_instant,
    year_first,
)
from custrata.ingest.encoding import UNREADABLE
from custrata.ingest.fields import CURRENCY as CURRENCY_FIELD
from custrata.ingest.fields import Field
from custrata.ingest.functions import texts_by_name
from custrata.ingest.headers import LINE
from custrata.ingest.leaving import left_out
from custrata.ingest.money import currency_of, plain_number, quick_number, slow_number
from custrata.ingest.plan import Plan, Views
from custrata.ingest.texts import chosen, tidy, unwrapped
from custrata.schema import QUANTITY

SIGN, CURRENCY, BLANK, LOST, GONE = "_sign", "_currency", "_blank", "_lost", "_gone"
DATES = ("instant", "date")
# The quick way reads them with space at their edges, or leaves them to the slow one.
READ = (*DATES, "number", "choice")
DAY = 24 * 3600 * SECOND

Values = dict[str, ir.Value]


def typed(made: Views, raw: ir.Table, plan: Plan) -> ir.Table:
    """The rows with a typed column per field.

    Columns: every field the file tells; `<field>__wrong` where a cell can be wrong, and `<field>__text`, the cell; the
    properties; `_sign` and `_currency`, what stands beside amounts; `_blank`, nothing in the row; `_lost`, characters
    of the row could not be read; `_gone`, the cell for which the row is left out.
    """
    table = made.level(raw.select(**_texts(raw, plan)))
    for level in (_quick, _turned, _slow):
        table = made.level(table.mutate(**level(table, plan)))
    return made.level(table.select(**_values(table, plan)))


def _texts(raw: ir.Table, plan: Plan) -> Values:
    """The cell of every field; those kept as text without space at their edges."""
    mapping = plan.mapping
    cells = {header: raw[plan.cell(header)] for header in mapping.columns}
    texts: Values = {}
    for name, header in mapping.fields.items():
        cell = unwrapped(cells[header]).nullif("") if name in plan.wrapped else cells[header]
        if name == plan.kind.table.at and plan.has("order_time"):
            cell = _with_clock(cell, cells, plan)
        text = cell if plan.kind[name].holds in READ else tidy(cell)
        texts[name] = text.re_replace(r"\.0$", "") if name in plan.whole else text
    texts |= {name: ibis.literal(value) for name, value in mapping.constants.items()}
    if plan.mended:
        texts[LINE] = raw[plan.cell(LINE)]
    lost = ibis.literal(False)
    if plan.source.unreadable:
        lost = ibis.or_(*(cell.contains(UNREADABLE).fill_null(False) for cell in cells.values()))
    # Every column is asked for: of a wrong line the reader stumbles over those it was told to leave out.
    blank = ibis.coalesce(*(raw[column] for column in raw.columns)).isnull()
    properties = texts_by_name({header: tidy(cells[header]) for header in mapping.properties})
    gone = left_out(cells, mapping.leave_out)
    return {**texts, "properties": properties, BLANK: blank, LOST: lost, GONE: gone}


def _with_clock(day: ir.StringValue, cells: dict[str, ir.StringValue], plan: Plan) -> ir.StringValue:
    """A day with the time and the zone that stand in columns of their own."""
    bare = tidy(day).re_replace(r"[ T]00:00(:00(\.0+)?)?$", "")
    time = tidy(cells[plan.mapping.fields["order_time"]])
    zone: ir.Value = ibis.literal("")
    if plan.has("time_zone"):
        name = tidy(cells[plan.mapping.fields["time_zone"]]).upper()
        offset = name.re_replace("^(UTC|GMT)", "").nullif("")
        zone = ibis.cases(*((name == short, shift) for short, shift in OFFSETS.items()), else_=offset).fill_null("")
    return cast(ir.StringValue, ibis.coalesce(bare + " " + time + zone, bare))


def _quick(table: ir.Table, plan: Plan) -> Values:
    """What the quick way reads; and, for what it cannot, the cell in plain signs."""
    values: Values = {}
    for field in plan.fields:
        text = table[field.name]
        if field.holds == "number":
            quick: Values = {"quick": quick_number(text, field.type, bool(plan.mapping.decimal_comma))}
            plain = plain_number(tidy(text))
        elif field.holds in DATES:
            form = plan.mapping.date_format if field.holds == "instant" else None
            quick = {"wall": quick_wall(text, form)}
            plain = plain_date(tidy(text))
        else:
            continue
        values |= {f"{field.name}__{part}": value for part, value in quick.items()}
        unread = ibis.coalesce(*quick.values()).isnull()
        values[f"{field.name}__plain"] = unread.ifelse(plain, ibis.null("string"))
    return values


def _turned(table: ir.Table, plan: Plan) -> Values:
    """Dates with the year first."""
    return {
        f"{field.name}__turned": year_first(table[f"{field.name}__plain"], plan.mapping.date_order)
        for field in plan.fields
        if field.holds in DATES
    }


def _slow(table: ir.Table, plan: Plan) -> Values:
    """What the slow way reads where the quick one did not."""
    values: Values = {}
    excel = plan.source.file.form == "excel"
    for field in plan.fields:
        name = field.name
        if field.holds == "number":
            plain = table[f"{name}__plain"]
            number = slow_number(plain, field.type, bool(plan.mapping.decimal_comma))
            number = cast(ir.DecimalValue, ibis.coalesce(table[f"{name}__quick"], number))
            values[f"{name}__value"] = number.abs().cast(field.type) if field.positive else number
            values[f"{name}__sign"] = plain.notnull().ifelse(currency_of(plain), ibis.null("string"))
        elif field.holds in DATES:
            plain, turned = table[f"{name}__plain"], table[f"{name}__turned"]
            quick = table[f"{name}__wall"]
            told = ibis.coalesce(quick_told(table[name]), told_instant(plain, turned))
            told = quick.isnull().ifelse(told, ibis.null("int64"))
            values |= {f"{name}__utc": told, f"{name}__wall": ibis.coalesce(quick, slow_wall(plain, turned, excel))}
    return values


def _values(table: ir.Table, plan: Plan) -> Values:
    values: Values = {name: table[name] for name in ("properties", BLANK, LOST, GONE, *([LINE] if plan.mended else []))}
    for field in plan.fields:
        text = table[field.name]
        value = _value(table, field, plan)
        values[field.name] = value
        if field.holds in ("id", "text", "currency"):
            continue
        cell = tidy(text)
        wrong = cell.notnull() & ~is_zero_date(cell) if field.holds in DATES else cell.notnull()
        wrong = value.isnull().ifelse(wrong, False)
        values |= {f"{field.name}__wrong": wrong, f"{field.name}__text": text}
    amounts = [field for field in plan.fields if field.holds == "number" and field.type != QUANTITY]
    values[SIGN] = ibis.coalesce(*(table[f"{field.name}__sign"] for field in amounts), ibis.null("string"))
    values[CURRENCY] = table[CURRENCY_FIELD.name].upper() if plan.has(CURRENCY_FIELD.name) else ibis.null("string")
    return values


def _value(table: ir.Table, field: Field, plan: Plan) -> ir.Value:
    text = table[field.name]
    if field.holds == "number":
        return table[f"{field.name}__value"]
    if field.holds == "choice":
        return chosen(text, field.choice, plan.words.get(field.name, {}))
    if field.holds == "phone":
        return quick_phone(text, plan.region)
    if field.holds == "email":
        return clean_email(text)
    if field.holds not in DATES:
        return text
    wall, utc = table[f"{field.name}__wall"], table[f"{field.name}__utc"]
    if field.holds == "date":  # a day has no zone
        return as_date(cast(ir.IntegerValue, ibis.coalesce(wall, utc) // DAY))
    return ibis.coalesce(instant_from_micros(utc), instant_of_wall(wall, plan.zone_of(field.name)))
