"""Locate the header of a table by its shape: below titles and preambles, on one row or on two."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from custrata.errors import BadInput
from custrata.ingest.dates import looks_like_date
from custrata.ingest.headers import is_known
from custrata.ingest.notices import Notice

WITHIN = 60
LONGEST_LABEL = 60
NUMERIC = re.compile(r"^[-+(]?\s*[^\w\s]{0,3}\s*\d[\d.,'’\s:/-]*\s*[%€$¥£)]?-?$")
MAX_HEADERS = 6

Rows = Sequence[Sequence[str]]


class NoSuchRow(BadInput):
    template = "“{file}” has no row {row} that could hold column names; it has {rows} rows."


@dataclass(frozen=True)
class Head:
    """The header of a table: its first and last row within the sample, from 0, and its combined cells."""

    first: int
    last: int
    cells: tuple[str, ...]

    @property
    def known_count(self) -> int:
        """How many of its names are known to name a field."""
        return len({cell for cell in self.cells if is_known(cell)})


def find_head(rows: Rows, row: int | None = None) -> Head:
    """The header among the first rows of a table; `row`, from 0, sets its position explicitly.

    Names that are known decide, then the shape: a header has a label, no number and no date, in most columns.

    >>> find_head([["Orders of May", ""], ["", ""], ["Order ID", "Total"], ["1", "2.50"]])
    Head(first=2, last=2, cells=('Order ID', 'Total'))
    """
    top = [[cell.strip() for cell in cells] for cells in rows[:WITHIN]] if row is None else _clean(rows, row + 3)
    place = _place(top) if row is None else row
    if place >= len(top):
        return Head(0, 0, ())
    return _with_group_row(top, place) or _with_second_row(top, place) or Head(place, place, tuple(top[place]))


def header_notices(head: Head, rows: Rows, first_row: int = 1) -> tuple[Notice, ...]:
    """The notices for a header that is not the first row; `first_row` is the row of `rows[0]` in the file."""
    above = [cell for cells in rows[: head.first] if (cell := _title(cells))]
    names = ", ".join([cell for cell in head.cells if cell][:MAX_HEADERS])
    facts = {"row": str(head.first + first_row), "headers": names}
    notices = [Notice("header_row", len(above), above[0], facts)] if above else []
    if head.last > head.first:
        notices.append(Notice("two_row_header", 2, names, {**facts, "last": str(head.last + first_row)}))
    return tuple(notices)


def _title(cells: Sequence[str]) -> str:
    return " ".join(cell.strip() for cell in cells if cell.strip())[:LONGEST_LABEL]


def _clean(rows: Rows, count: int) -> list[list[str]]:
    return [[cell.strip() for cell in cells] for cells in rows[:count]]


def _place(rows: list[list[str]]) -> int:
    counts = [len({cell for cell in cells if is_known(cell)}) if _labels(cells) else 0 for cells in rows]
    most = max(counts, default=0)
    if most >= 2:
        return counts.index(most)
    filled = [_filled(cells) for cells in rows]
    usual = _usual(filled)
    wide = [place for place, count in enumerate(filled) if count and count * 2 >= usual]
    if not wide or filled[wide[0]] >= usual:
        return wide[0] if wide else 0
    return next((place for place in wide if _labels(rows[place])), wide[0])


def _usual(filled: list[int]) -> int:
    """The most common number of filled cells per row; of equally common numbers the larger."""
    counts = Counter(count for count in filled if count)
    return max(counts, key=lambda count: (counts[count], count), default=1)


def _filled(cells: Sequence[str]) -> int:
    return sum(map(bool, cells))


def is_label(cell: str) -> bool:
    """Whether a cell may name a column: a short text that is neither number nor date.

    >>> is_label("Total"), is_label("12.50"), is_label("2024-03-05")
    (True, False, False)
    """
    return bool(cell) and len(cell) <= LONGEST_LABEL and not NUMERIC.match(cell) and not looks_like_date(cell)


def _labels(cells: Sequence[str]) -> bool:
    return all(is_label(cell) for cell in cells if cell)


def _with_group_row(rows: list[list[str]], place: int) -> Head | None:
    """The header combined with the group row above it, where columns lack a name or share one."""
    if place == 0:
        return None
    above, names = _even(rows[place - 1], rows[place])
    nameless = [column for column, name in enumerate(names) if not name and above[column]]
    repeated = len({name for name in names if name}) < _filled(names)
    joined = _joined(above, names)
    completed = any(name and cell != name and is_known(cell) for cell, name in zip(joined, names, strict=True))
    needed = nameless or ((repeated or completed) and _filled(above) < _filled(names))
    return Head(place - 1, place, joined) if _filled(above) >= 2 and _labels(above) and needed else None


def _with_second_row(rows: list[list[str]], place: int) -> Head | None:
    """The header combined with the name row below its groups, where that row names the unnamed columns."""
    if place + 2 >= len(rows):
        return None
    groups, names = _even(rows[place], rows[place + 1])
    data = rows[place + 2] + [""] * len(names)
    gains = [column for column, name in enumerate(names) if name and not groups[column]]
    leaves = [column for column, group in enumerate(groups) if group and not names[column]]
    plain = _labels(names) and (not leaves or any(data[column] for column in leaves))
    followed = any(not is_label(data[column]) for column in range(len(names)) if data[column])
    return Head(place, place + 1, _joined(groups, names)) if gains and plain and followed else None


def _even(above: list[str], below: list[str]) -> tuple[list[str], list[str]]:
    width = max(len(above), len(below))
    return above + [""] * (width - len(above)), below + [""] * (width - len(below))


def _joined(groups: list[str], names: list[str]) -> tuple[str, ...]:
    """One name per column, prefixed with the group where the name alone is unknown or not unique."""
    counts, group, cells = Counter(names), "", []
    for above, name in zip(groups, names, strict=True):
        group = above or (group if name else "")
        whole = " ".join(part for part in (group, name) if part)
        alone = counts[name] == 1 and (not group or is_known(name)) and not is_known(whole)
        cells.append(name if name and alone else whole)
    return tuple(cells)
