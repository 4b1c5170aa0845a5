"""The first rows of a file, from which its columns are recognised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from custrata.ingest.headers import OURS, is_quarantine
from custrata.ingest.sources import FileSource, NoRows
from custrata.ingest.texts import NULL_WORDS

SAMPLE_VALUES = 1_000
PLAIN_DECIMAL = re.compile(r"^[-+]?\d+(\.\d+)?$")


@dataclass(frozen=True)
class Sample:
    """The first rows of a file by column, without empty cells; `rows` of them were read.

    `spanning` are headers of amounts of several rows at once, which are none of a single line.
    """

    headers: tuple[str, ...]
    columns: dict[str, list[str]]
    rows: int
    cells: Sequence[Sequence[str | None]] = ()
    spanning: frozenset[str] = frozenset()

    def numbers(self, headers: Sequence[str]) -> list[dict[str, Decimal]]:
        """The cells of some columns as numbers, of rows where all of them are plain ones."""
        places = [self.headers.index(header) for header in headers]
        rows = []
        for row in self.cells[:SAMPLE_VALUES]:
            texts = [(row[place] or "").strip() for place in places]
            if all(PLAIN_DECIMAL.match(text) for text in texts):
                rows.append({header: Decimal(text) for header, text in zip(headers, texts, strict=True)})
        return rows

    @classmethod
    def of(cls, source: FileSource, rows: Sequence[Sequence[str | None]]) -> Sample:
        """The sample of a source, whose quarantine columns are left out.

        Raises `NoRows`, `NoHeader`.
        """
        if not rows:
            raise NoRows(file=source.name)
        ours = OURS if is_quarantine(source.headers) else ()
        places = [(place, header) for place, header in enumerate(source.headers) if header not in ours]
        cells = {header: [(row[place] or "").strip() for row in rows] for place, header in places}
        columns = {header: [cell for cell in column if cell not in NULL_WORDS] for header, column in cells.items()}
        selected = [tuple(row[place] for place, _ in places) for row in rows]
        return cls(tuple(columns), columns, len(rows), selected, source.spanning)

    def some(self, header: str) -> list[str]:
        """Up to a thousand values, spread over the sample."""
        values = self.columns[header]
        return values[:: max(1, len(values) // SAMPLE_VALUES)][:SAMPLE_VALUES]

    def joined(self, *headers: str) -> list[str]:
        """The cells of several columns as one text each, of rows that have the first; spread over the sample."""
        places = [self.headers.index(header) for header in headers]
        rows = self.cells[:: max(1, len(self.cells) // SAMPLE_VALUES)][:SAMPLE_VALUES]
        texts = [[(row[place] or "").strip() for place in places] for row in rows]
        return [" ".join(part for part in parts if part) for parts in texts if parts[0]]
