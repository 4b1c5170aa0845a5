"""Combine the sheets of a workbook into one table: choose sheets, locate headers, fill merged cells."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from custrata.errors import BadInput
from custrata.ingest.fields import FileKind, ImportField, kind_named
from custrata.ingest.header_rows import WITHIN, Head, NoSuchRow, find_head, header_notices
from custrata.ingest.headers import is_known, plain_header, rank, repeated_headers, unique_headers
from custrata.ingest.mapping import Mapping
from custrata.ingest.notices import Notice
from custrata.ingest.sheets import Sheet

NAMES_SHOWN = 12
LEAST_ALIKE = 3
# Names of sheets and columns with content that differs from that of the main sheet.
ANOTHER = re.compile(
    "退|取消|作废|作廢|模板|范本|示例|测试|汇总|彙總|refund|return|cancel|void|template|example|summary|pivot",
    re.IGNORECASE,
)


class NoFilledSheet(BadInput):
    template = "All sheets of “{file}” are empty."


@dataclass(frozen=True)
class FilledSheet:
    """A sheet that is not empty: its header, and the row of the sheet, from 0, where its data begin."""

    sheet: Sheet
    head: Head
    start: int
    notices: tuple[Notice, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """Its headers, each once."""
        return unique_headers(self.head.cells)

    @property
    def places(self) -> dict[str, int]:
        """Where each of its columns stands, by the plain form of its header."""
        return {_plain(header): place for place, header in reversed(list(enumerate(self.headers)))}

    def is_like(self, other: FilledSheet) -> bool:
        """Whether two sheets are parts of one table: the same headers in any order, except for unknown ones."""
        mine, theirs = ({_plain(cell) for cell in page.head.cells if cell} for page in (self, other))
        more = [cell for page in (self, other) for cell in page.head.cells if _plain(cell) in mine ^ theirs]
        return (
            bool(mine & theirs)
            and not any(map(_is_meaningful, more))
            and (not more or len(mine & theirs) >= LEAST_ALIKE)
        )


def _plain(header: str) -> str:
    return plain_header(header) or header


def _is_meaningful(header: str) -> bool:
    """Whether a column is known or indicates different content."""
    return is_known(header) or bool(ANOTHER.search(header))


@dataclass(frozen=True)
class SheetRows:
    """Rows of one sheet within a table: the index of the first, and the row of the sheet it stands on."""

    sheet: str
    index: int
    first_row: int


@dataclass(frozen=True)
class SheetTable:
    """Several sheets as one table: columns `c0` … of text in a Parquet file.

    `spanning` are headers of amounts that merged ranges show to belong to several rows at once.
    """

    path: Path
    headers: tuple[str, ...]
    repeated: dict[str, list[str]]
    parts: tuple[SheetRows, ...]
    spanning: frozenset[str]
    notices: tuple[Notice, ...]


def as_table(sheets: Sequence[Sheet], mapping: Mapping, target: Path, file: str) -> SheetTable:
    """The table of a workbook: the sheets named by the mapping, else the one that fits its kind best and those like it.

    Raises `NoFilledSheet`, `NoSuchRow`.
    """
    pages = [page for sheet in sheets if sheet.path and (page := _page(sheet, mapping, file)) is not None]
    if not pages:
        raise NoFilledSheet(file=file)
    main = _fittest(pages, mapping)
    alike = pages if mapping.sheet else [page for page in pages if page is main or _belongs(page, main)]
    chosen, copies = _without_copies(alike)
    named: dict[str, str] = {}
    for page in [main, *chosen]:
        for header in page.headers:
            named.setdefault(_plain(header), header)
    headers = tuple(named.values())
    spanning = frozenset(header for page in chosen for header in _spanning(page, mapping))
    done = _write(chosen, headers, spanning, target)
    notices = [*_sheet_notices(sheets, pages, chosen, copies), *(notice for page in chosen for notice in page.notices)]
    notices += [*done.notices, *_cell_notices(chosen)]
    return replace(done, repeated=repeated_headers(main.head.cells), notices=tuple(notices))


def _page(sheet: Sheet, mapping: Mapping, file: str) -> FilledSheet | None:
    blank = sheet.blank_rows_above
    if blank >= sheet.height:
        return None
    rows = sheet.top(blank + WITHIN)
    if mapping.header_row is not None:
        if mapping.header_row > len(rows):
            raise NoSuchRow(file=file, row=mapping.header_row, rows=len(rows))
        head = find_head(rows, mapping.header_row - 1)
        return FilledSheet(sheet, head, head.last + 1, ())
    head = find_head(rows[blank:])
    return FilledSheet(sheet, head, blank + head.last + 1, header_notices(head, rows[blank:], blank + 1))


def _fittest(pages: Sequence[FilledSheet], mapping: Mapping) -> FilledSheet:
    """The sheet with most of the expected columns, the first of several."""
    kind = kind_named(mapping.kind)

    def fit(page: FilledSheet) -> int:
        if mapping.columns:
            return len(set(page.headers) & set(mapping.columns))
        return len({field.name for header in page.headers for field in kind.fields if rank(header, field.headers) == 0}
                   | {field.name for header in page.headers if (field := _field(header, kind))})  # fmt: skip

    return max(pages, key=fit)


def _belongs(page: FilledSheet, main: FilledSheet) -> bool:
    """Whether a sheet is read with the main one: its columns are the same, and its name says nothing else."""
    other = ANOTHER.search(page.sheet.name) and not ANOTHER.search(main.sheet.name)
    return not other and page.is_like(main)


def _field(header: str, kind: FileKind) -> ImportField | None:
    """The field a header names best."""
    ranked = [(score, place) for place, f in enumerate(kind.fields) if (score := rank(header, f.headers)) is not None]
    return kind.fields[min(ranked)[1]] if ranked else None


def _without_copies(pages: Sequence[FilledSheet]) -> tuple[list[FilledSheet], list[FilledSheet]]:
    """The distinct sheets, and the sheets with exactly the same rows as another."""
    digests: set[bytes] = set()
    chosen: list[FilledSheet] = []
    copies: list[FilledSheet] = []
    for page in pages:
        digest = _digest(page) if len(pages) > 1 else b""
        (copies if digest in digests else chosen).append(page)
        digests.add(digest)
    return chosen, copies


def _digest(page: FilledSheet) -> bytes:
    digest = hashlib.sha256(repr(page.headers).encode())
    for rows in _body(page):
        for row in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            if any(row):
                digest.update(repr(row).encode())
    return digest.digest()


def _body(page: FilledSheet) -> Iterator[pa.Table]:
    """The rows below the header, many at a time."""
    skip = page.start
    for batch in page.sheet.batches():
        table = pa.Table.from_batches([batch]).slice(skip)
        skip = max(0, skip - batch.num_rows)
        yield table


def _spanning(page: FilledSheet, mapping: Mapping) -> list[str]:
    """Headers of amounts with cells merged over several rows: such an amount is of all of them together."""
    kind = kind_named(mapping.kind)

    def counts(header: str) -> bool:
        named = mapping.columns.get(header)
        field = kind[named] if named in kind.names else _field(header, kind)
        return field is not None and field.holds == "number"

    covered = _covered(page)
    return [header for place, header in enumerate(page.headers) if covered.get(place) and counts(header)]


def _covered(page: FilledSheet) -> Counter[int]:
    """How many cells below the header are covered by merged ranges, by column."""
    counts: Counter[int] = Counter()
    for rows in _body(page) if page.sheet.merged else ():
        for place in page.sheet.merged:
            counts[place] += len(rows) - rows[f"m{place}"].null_count
    return counts


def _write(pages: Sequence[FilledSheet], headers: Sequence[str], spanning: frozenset[str], target: Path) -> SheetTable:
    schema = pa.schema([(f"c{place}", pa.string()) for place in range(len(headers))])
    parts, index, filled = [], 0, Counter[str]()
    example, present = "", [0] * len(headers)
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for page in pages:
            parts.append(SheetRows(page.sheet.name, index, page.start + 1))
            for rows in _body(page):
                columns = []
                for place, header in enumerate(headers):
                    column, count, first = _column(page, rows, header, spanning)
                    columns.append(column)
                    present[place] += len(column) - column.null_count
                    filled[header] += count
                    example = example or (first and f"{header} {first}")
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))
                index += rows.num_rows
    notices = []
    if cells := filled.total():
        names = ", ".join(header for header in headers if filled[header])
        notices.append(Notice("merged_cells", cells, example, {"columns": names}))
    if spanning:
        notices.append(Notice("merged_amounts", len(spanning), ", ".join(sorted(spanning))))
    return SheetTable(target, tuple(headers), {}, tuple(parts), spanning, tuple(notices))


def _column(
    page: FilledSheet, rows: pa.Table, header: str, spanning: frozenset[str]
) -> tuple[pa.ChunkedArray | pa.Array, int, str]:
    """A column of a sheet, its covered cells filled; how many were, and what the first says."""
    place = page.places.get(_plain(header))
    if place is None:
        return pa.nulls(rows.num_rows, pa.string()), 0, ""
    column = rows[f"c{place}"]
    if place not in page.sheet.merged or header in spanning:
        return column, 0, ""
    above = rows[f"m{place}"]
    filled = pc.and_(pc.is_null(column), pc.is_valid(above))
    count = pc.sum(filled).as_py() or 0
    first = above.filter(filled)[0].as_py() if count else ""
    return pc.coalesce(column, above), count, first


def _sheet_notices(
    sheets: Sequence[Sheet], pages: Sequence[FilledSheet], chosen: Sequence[FilledSheet], copies: Sequence[FilledSheet]
) -> list[Notice]:
    """Which sheets were read, where there is more than one, and which were not."""
    read = {page.sheet.name for page in chosen}
    filled = {page.sheet.name for page in pages}
    twice = {page.sheet.name for page in copies}
    groups: list[tuple[str, Callable[[Sheet], bool]]] = [
        ("sheets_read", lambda sheet: sheet.name in read and len(filled) + len(hidden) > 1),
        ("sheets_copied", lambda sheet: sheet.name in twice),
        ("sheets_other", lambda sheet: sheet.name in filled - read - twice or sheet.state == "other"),
        ("sheets_hidden", lambda sheet: sheet.state == "hidden"),
    ]
    hidden = [sheet for sheet in sheets if sheet.state in ("hidden", "other")]
    named = [(code, [sheet.name for sheet in sheets if belongs(sheet)]) for code, belongs in groups]
    return [Notice(code, len(names), _listed(names)) for code, names in named if names]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMES_SHOWN]) + (" …" if len(names) > NAMES_SHOWN else "")


def _cell_notices(pages: Sequence[FilledSheet]) -> list[Notice]:
    """Numbers that Excel rounded, and errors of formulas, in the sheets read."""
    notices = []
    rounded = [(page, place, numbers) for page in pages for place, numbers in page.sheet.rounded.items()]
    if rounded:
        page, place, first = rounded[0]
        names = dict.fromkeys(page.headers[place] for page, place, _ in rounded if place < len(page.headers))
        example = f"{page.headers[place]} {first.example}" if place < len(page.headers) else first.example
        notices.append(Notice("rounded_numbers", sum(numbers.count for *_, numbers in rounded), example,
                           {"columns": ", ".join(names), "row": str(first.row)}))  # fmt: skip
    if errors := sum(page.sheet.errors for page in pages):
        notices.append(Notice("cell_errors", errors, next(page.sheet.error for page in pages if page.sheet.errors)))
    return notices
