"""Tables out: on the terminal, or as CSV, JSON or Parquet."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from custrata.engine.storage import reason_of
from custrata.errors import BadInput
from custrata.schema.cells import harmless_table

FORMATS = ("table", "csv", "json", "parquet")
MOST_ON_TERMINAL = 50

SHOWN_PLACES = 4
SMALLEST_SHOWN = Decimal("0.0001")


class NeedsAFile(BadInput):
    template = "Parquet is not text: name a file with -o."


class CannotWrite(BadInput):
    template = "{path} cannot be written: {reason}."


def write_table(table: pa.Table, fmt: str, output: Path | None, *, raw: bool = False) -> None:
    """Write rows in a format to a file, or to standard output; in CSV no text is a formula, unless `raw`.

    Raises `NeedsAFile`, `CannotWrite`.
    """
    if fmt == "parquet" and output is None:
        raise NeedsAFile()
    try:
        _write(table, fmt, output, raw=raw)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CannotWrite(path=output, reason=reason_of(error)) from error


def _write(table: pa.Table, fmt: str, output: Path | None, *, raw: bool) -> None:
    match fmt:
        case "parquet":
            pq.write_table(table, output)
        case "csv":
            pacsv.write_csv(textual(table, raw=raw), output or sys.stdout.buffer)
        case "json":
            rows = [{name: plain(value) for name, value in row.items()} for row in table.to_pylist()]
            text = json.dumps(rows, ensure_ascii=False, indent=1)
            _output(text + "\n", output)
        case _:
            _output(_render(table), output)


def _output(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, "utf-8")


raw_option = click.option(
    "--raw", is_flag=True, help="Leave texts in CSV as they are, even if a spreadsheet would run them as formulas."
)


def textual(table: pa.Table, *, raw: bool = False) -> pa.Table:
    """The table for CSV: decimals and instants (ISO 8601) as text; formulas in text neutralised, unless `raw`."""
    table = table if raw else harmless_table(table)
    columns = []
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_timestamp(column.type):
            column = pa.compute.strftime(column, "%Y-%m-%dT%H:%M:%SZ")
        elif pa.types.is_decimal(column.type) or pa.types.is_date(column.type):
            column = column.cast(pa.string())
        columns.append(column)
    return pa.table(columns, names=table.column_names)


def _render(table: pa.Table) -> str:
    head = table.slice(0, MOST_ON_TERMINAL)
    numeric = [_is_number(table.schema.field(name).type) for name in table.column_names]
    text = draw(table.column_names, [list(row.values()) for row in head.to_pylist()], numeric)
    more = table.num_rows - head.num_rows
    return text + (f"… {more:,}\n" if more else "")


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind))


def draw(names: Sequence[str], rows: Sequence[Sequence[Any]], numeric: Sequence[bool]) -> str:
    """A table for the terminal, numbers to the right."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for name, right in zip(names, numeric, strict=True):
        drawn.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*["" if value is None else _cell(value) for value in row])
    console = Console(width=None if sys.stdout.isatty() else 200)
    with console.capture() as captured:
        console.print(drawn)
    return captured.get()


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, Decimal):
        return f"{rounded(value):,f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def rounded(value: Decimal) -> Decimal:
    """A decimal as it is shown: shares and scores are kept with more places than anybody reads.

    >>> rounded(Decimal("0.33333333333333333")), rounded(Decimal("12.50"))
    (Decimal('0.3333'), Decimal('12.50'))
    """
    return value.quantize(SMALLEST_SHOWN, ROUND_HALF_UP) if int(value.as_tuple().exponent) < -SHOWN_PLACES else value


def plain(value: Any) -> Any:
    """A value in JSON's types: money as a text, so that no cent is lost; instants in ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return str(value)
    return value
