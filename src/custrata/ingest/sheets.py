"""Sheets as Parquet files of text columns: their description, and the writer that readers share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 20_000


@dataclass(frozen=True)
class Rounded:
    """Numbers of a column with more digits than Excel keeps: how many, the first, and its row."""

    count: int
    example: str
    row: int


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, or one table of a page.

    `path` is a Parquet file of its cells as text, from its first row and column on: `c0`, `c1` …, and `m…` for each
    column of `merged`, what the merged range above says of a cell it covers. `state` says why a sheet was not written
    out: `hidden`, `chart`, `other` (not among those asked for).
    """

    name: str
    state: str = ""
    path: Path | None = None
    width: int = 0
    height: int = 0
    merged: tuple[int, ...] = ()
    errors: int = 0
    error: str = ""
    rounded: dict[int, Rounded] = field(default_factory=dict)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The cells of the sheet, many rows at a time."""
        if self.path is not None:
            with pq.ParquetFile(self.path) as file:
                yield from file.iter_batches(batch_size=BATCH)

    def top(self, rows: int) -> list[list[str]]:
        """The first rows of the sheet, from its very first on, as texts."""
        top_rows: list[list[str]] = []
        for batch in self.batches():
            part = batch.slice(0, rows - len(top_rows))
            columns = [part.column(place).to_pylist() for place in range(self.width)]
            top_rows += [[cell or "" for cell in cells] for cells in zip(*columns, strict=True)]
            if len(top_rows) >= rows:
                break
        return top_rows

    @property
    def blank_rows_above(self) -> int:
        """How many rows stand above the first with something in it; all of them where there is none."""
        before = 0
        for batch in self.batches():
            table = pa.Table.from_batches([batch]).select(range(self.width))
            firsts = [column.is_valid().index(True).as_py() for column in table.columns]
            if positions := [first for first in firsts if first >= 0]:
                return before + int(min(positions))
            before += table.num_rows
        return before


def write_sheet(name: str, rows: Iterable[Sequence[str | None]], width: int, merged: Covered, target: Path) -> Sheet:
    """Write rows of texts, each as long as `width`, to a Parquet file; `merged` gives what covered cells say."""
    names = [f"c{place}" for place in range(width)] + [f"m{place}" for place in merged]
    schema = pa.schema([(name, pa.string()) for name in names])
    lines, height = iter(rows), 0
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        while batch := list(islice(lines, BATCH)):
            columns = [pa.array([row[place] or None for row in batch], pa.string()) for place in range(width)]
            for covered in merged.values():
                column = [covered.get(place) for place in range(height, height + len(batch))]
                columns.append(pa.array(column, pa.string()))
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            height += len(batch)
    return Sheet(name, "", target, width, height, tuple(merged))


# For each column with cells that a merged range covers, what it says of them, by row.
Covered = dict[int, dict[int, str]]
