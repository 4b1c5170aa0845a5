"""Assumptions made in parsing cells, as bits per row; counted for the whole file, with one cell as the example."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import cast

import ibis
import ibis.expr.types as ir

# The index of a name is its bit.
NOTES = (
    "free_amounts",
    "ten_thousands",
    "scientific_numbers",
    "units_left_out",
    "excel_days",
    "epoch_times",
    "minguo_years",
    "two_digit_years",
    "zone_names",
    "zero_dates",
    "placeholder_birthdays",
    "mended_contacts",
    "rounded_contacts",
    "whole_ids",
    "lower_case_emails",
    "gender_codes",
)
APART, PART = "\x1e", "\x1f"


def noted(**conditions: ir.BooleanValue) -> ir.IntegerValue:
    """The bits of those notes that are true of a cell; 0 where none is.

    >>> import ibis
    >>> int(ibis.duckdb.connect().execute(noted(ten_thousands=ibis.literal(True))))
    2
    """
    bits = [
        value.fill_null(False).ifelse(ibis.literal(1 << NOTES.index(name), "int32"), ibis.literal(0, "int32"))
        for name, value in conditions.items()
    ]
    return cast(ir.IntegerValue, reduce(lambda left, right: left | right, bits))


def names_of(bits: int) -> tuple[str, ...]:
    """The notes that bits stand for.

    >>> names_of(3)
    ('free_amounts', 'ten_thousands')
    """
    return tuple(name for place, name in enumerate(NOTES) if bits >> place & 1)


def together(fields: Iterable[tuple[str, ir.IntegerValue, ir.StringValue]]) -> tuple[ir.IntegerValue, ir.StringValue]:
    """The bits of a row, and its cells with notes, from the name, the bits and the cell of every field."""
    bits: ir.IntegerValue = ibis.literal(0, "int32")
    cells: list[ir.StringValue] = []
    for name, field_bits, cell in fields:
        bits = cast(ir.IntegerValue, bits | field_bits)
        text = ibis.literal(f"{name}{PART}") + field_bits.cast("string") + PART + cell.substr(0, 80) + APART
        cells.append(cast(ir.StringValue, (field_bits != 0).ifelse(text, "")))
    whole = cells[0] if cells else ibis.null("string")
    for cell in cells[1:]:
        whole = cast(ir.StringValue, whole + cell)
    return bits, cast(ir.StringValue, (bits != 0).ifelse(whole, ibis.null("string")))


def examples(cells: str | None) -> dict[str, tuple[str, str]]:
    """For each note of a row the field and the cell it is about."""
    by_note: dict[str, tuple[str, str]] = {}
    for part in (cells or "").split(APART)[:-1]:
        field, bits, cell = part.split(PART, 2)
        for name in names_of(int(bits)):
            by_note.setdefault(name, (field, cell))
    return by_note
