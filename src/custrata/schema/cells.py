"""Cells that people open in a spreadsheet: none of them is run as a formula.

A text that begins with = + - @, a tab or a line end, in full width too, gets an apostrophe in front; the import takes
it off again. Numbers stay as they are, negative ones too.
"""

from __future__ import annotations

import re
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

Cell = TypeVar("Cell")

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NEGATIVE = re.compile(r"-[0-9][0-9.,]*")
MARK = "'"


def harmless(cell: Cell) -> Cell | str:
    """A cell that no program takes for a formula.

    >>> harmless("=1+1"), harmless("+86 138"), harmless(-5), harmless("-5.00"), harmless("a-b")
    ("'=1+1", "'+86 138", -5, '-5.00', 'a-b')
    """
    dangerous = isinstance(cell, str) and cell.startswith(FORMULA) and not NEGATIVE.fullmatch(cell)
    return f"{MARK}{cell}" if dangerous else cell


def harmless_table(table: pa.Table) -> pa.Table:
    """The table with every text, and every name of a column, that no program takes for a formula.

    >>> harmless_table(pa.table({"=n": ["=1+1", "-5.00", None], "m": [-1, 2, 3]})).to_pydict()
    {"'=n": ["'=1+1", '-5.00', None], 'm': [-1, 2, 3]}
    """
    columns = [_harmless_column(column) for column in table.columns]
    return pa.table(columns, names=[str(harmless(name)) for name in table.column_names])


def _harmless_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    begins = pc.match_substring_regex(column, f"^[{re.escape(''.join(FORMULA))}]")
    dangerous = pc.and_not(begins, pc.match_substring_regex(column, f"^(?:{NEGATIVE.pattern})$"))
    marked = pc.binary_join_element_wise(pa.scalar(MARK, column.type), column, pa.scalar("", column.type))
    return pc.if_else(dangerous, marked, column)
