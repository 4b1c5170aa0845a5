"""A file as rows of text: one relation of columns `c0`, `c1` … in the order of the file, whatever its form."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from custrata.engine import DuckEngine
from custrata.errors import BadInput
from custrata.ingest.dialect import Dialect, check_lines, find_dialect, mixed_ends, with_even_ends
from custrata.ingest.encoding import UTF8, find_encoding, to_utf8
from custrata.ingest.excel import read_sheet
from custrata.ingest.files import BLOCK, SourceFile
from custrata.ingest.headers import known_words, repeated_headers, unique_headers
from custrata.ingest.mapping import Mapping
from custrata.ingest.notices import Notice

MOST_COLUMNS = 1_000
PARQUET_BATCH = 65_536
ASIDE = "_aside"


class NoHeader(BadInput):
    template = "The first row of “{file}” holds data, not column names: {cells}. Add a row of column names above it."


class NoRows(BadInput):
    template = "“{file}” has column names but no rows."


class TooManyColumns(BadInput):
    template = "“{file}” seems to have {columns} columns; at most {limit} can be imported. Is this a table?"


class DamagedFile(BadInput):
    template = "“{file}” cannot be read; it is damaged or cut short: {reason}"


class TornTable(BadInput):
    template = (
        "“{file}” cannot be read as a table: its quotation marks and line ends do not fit together. "
        "Open it in a spreadsheet, save it as CSV and import that."
    )


class UnknownFileEncoding(BadInput):
    template = "There is no encoding “{encoding}”."


@dataclass(frozen=True)
class Source:
    """The rows of a file.

    `relation` is SQL for the rows that can be read; `told` the same, noting unreadable lines in the table `rejects`.
    `first_row` is the row a spreadsheet shows the first data row on, `unreadable` counts lost characters. `repeated`
    gives for a header that several columns share the unique header of each; `notices` are what reading the file
    assumed or left out.
    """

    file: SourceFile
    headers: tuple[str, ...]
    relation: str
    told: str
    first_row: int
    text: Path | None = None
    encoding: str | None = None
    dialect: Dialect | None = None
    sheet: str | None = None
    unreadable: int = 0
    repeated: dict[str, list[str]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    @property
    def name(self) -> str:
        """The file's name."""
        return self.file.name


def literal(value: str) -> str:
    """A text as SQL.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def engine_failure(error: Exception) -> bool:
    """Whether an exception is the engine's own, told by where it comes from: only `custrata.engine` may import it."""
    return type(error).__module__.partition(".")[0] in ("duckdb", "_duckdb")


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Tell as `DamagedFile` what the engine says of a file it cannot read."""
    try:
        yield
    except Exception as error:
        if not engine_failure(error):
            raise
        if type(error).__name__ in ("InternalException", "FatalException"):
            raise TornTable(file=name) from error
        raise DamagedFile(file=name, reason=str(error).partition("\n")[0][:200]) from error


def open_source(engine: DuckEngine, file: SourceFile, scratch: Path, mapping: Mapping | None, rejects: str) -> Source:
    """The rows of a file; `rejects` names the table that unreadable lines go to.

    Raises the errors of `encoding`, `dialect`, `excel`, and `NoRows`, `TooManyColumns`, `DamagedFile`.
    """
    if file.form == "text":
        source = _text(file, scratch, mapping, rejects)
    elif file.form == "excel":
        source = _excel(file, scratch, mapping)
    else:
        source = _parquet(engine, file, scratch)
    if len(source.headers) > MOST_COLUMNS:
        raise TooManyColumns(file=file.name, columns=len(source.headers), limit=MOST_COLUMNS)
    return source


def sample(engine: DuckEngine, source: Source, rows: int) -> list[tuple[str | None, ...]]:
    """The first rows, as text."""
    with reading(source.name):
        found: list[tuple[str | None, ...]] = engine.raw.execute(f"FROM {source.relation} LIMIT {rows}").fetchall()
    return found


def _text(file: SourceFile, scratch: Path, mapping: Mapping | None, rejects: str) -> Source:
    encoding = (mapping and mapping.encoding) or find_encoding(file.data, file.name, known_words())
    path, unreadable = file.data, 0
    if encoding.lower() not in (UTF8, "utf8", "utf-8-sig", "ascii"):
        path = scratch / "utf8.csv"
        try:
            unreadable = to_utf8(file.data, encoding, path, file.name)
        except LookupError as error:
            raise UnknownFileEncoding(encoding=encoding) from error
    if lone := mixed_ends(path):
        path = with_even_ends(path, lone, scratch / "even.csv")
    dialect = find_dialect(path, mapping.delimiter if mapping else None, mapping.quote if mapping else None)
    check_lines(path, dialect, file.name)
    cells = _header_cells(path, dialect)
    headers = unique_headers(cells)
    relation, told = _csv(path, dialect, len(headers), rejects)
    return Source(
        file,
        headers,
        relation,
        told,
        dialect.skip + 2,
        path,
        encoding,
        dialect,
        unreadable=unreadable,
        repeated=repeated_headers(cells),
    )


def _header_cells(path: Path, dialect: Dialect) -> list[str]:
    """The cells of the header, as many as a usual row has where the header itself has no names for more or less."""
    with path.open("rb") as file:
        lines = file.read(BLOCK).decode("utf-8-sig", errors="replace").splitlines(keepends=True)[dialect.skip :]
    try:
        cells = next(csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote), [])
    except csv.Error:
        cells = []
    while len(cells) > dialect.width and not cells[-1].strip():
        cells.pop()
    return cells + [""] * (dialect.width - len(cells))


def _csv(path: Path, dialect: Dialect, columns: int, rejects: str) -> tuple[str, str]:
    names = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(columns))
    quote = literal(dialect.quote)
    options = [
        literal(str(path)),
        f"columns = {{{names}}}",
        "auto_detect = false",
        "header = true",
        f"skip = {dialect.skip}",
        f"delim = {literal(dialect.delimiter)}",
        f"quote = {quote}",
        f"escape = {quote}",
    ]

    def reading_into(table: str) -> str:
        told = ["store_rejects = true", f"rejects_table = '{table}'", f"rejects_scan = '{table}_scan'"]
        return f"read_csv({', '.join([*options, *told])})"

    # Noted either way: with `ignore_errors` alone the reader loses the line after a wrong one as well.
    return reading_into(f"{rejects}{ASIDE}"), reading_into(rejects)


def forget_rejects(engine: DuckEngine, rejects: str) -> None:
    """Drop what was noted of unreadable lines."""
    for table in (rejects, f"{rejects}{ASIDE}"):
        for name in (table, f"{table}_scan"):
            engine.raw.execute(f"DROP TABLE IF EXISTS {name}")


def _excel(file: SourceFile, scratch: Path, mapping: Mapping | None) -> Source:
    target = scratch / "sheet.parquet"
    sheet = read_sheet(file.data, target, file.name, mapping.sheet if mapping else None)
    relation = _columns(target, [f"c{place}" for place in range(len(sheet.headers))])
    headers, repeated = unique_headers(sheet.headers), repeated_headers(sheet.headers)
    return Source(file, headers, relation, relation, sheet.first_row, sheet=sheet.name, repeated=repeated)


def _parquet(engine: DuckEngine, file: SourceFile, scratch: Path) -> Source:
    sound = _sound_parquet(file, scratch)
    with reading(file.name):
        described = engine.raw.execute(f"DESCRIBE FROM read_parquet({literal(str(sound))})").fetchall()
    cells = [_cell(name, type_) for name, type_, *_ in described]
    relation = _columns(sound, cells)
    return Source(file, unique_headers(name for name, *_ in described), relation, relation, 2)


def _sound_parquet(file: SourceFile, scratch: Path) -> Path:
    """The same rows written anew, read by Arrow: a damaged file can break DuckDB's reader beyond repair.

    Raises `DamagedFile`.
    """
    sound = scratch / "sound.parquet"
    try:
        with (
            pq.ParquetFile(file.data) as damaged,
            pq.ParquetWriter(sound, damaged.schema_arrow, compression="lz4") as writer,
        ):
            for batch in damaged.iter_batches(batch_size=PARQUET_BATCH):
                batch.validate(full=True)
                writer.write_batch(batch)
    # Arrow tells of damage in many ways, of texts that are none among them.
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise DamagedFile(file=file.name, reason=str(error).partition("\n")[0][:200]) from error
    return sound


def _cell(name: str, type_: str) -> str:
    """A typed column as text: whole floats without `.0`, as ids that passed through a frame need it."""
    column = '"' + name.replace('"', '""') + '"'
    if type_ in ("FLOAT", "DOUBLE"):
        whole = f"CAST(TRY_CAST({column} AS HUGEINT) AS VARCHAR)"
        return f"CASE WHEN {column} = trunc({column}) THEN {whole} ELSE CAST({column} AS VARCHAR) END"
    return f"CAST({column} AS VARCHAR)"


def _columns(path: Path, cells: list[str]) -> str:
    columns = ", ".join(f"nullif({cell}, '') AS c{place}" for place, cell in enumerate(cells))
    return f"(SELECT {columns} FROM read_parquet({literal(str(path))}))"


def cells_of_line(line: str, dialect: Dialect, columns: int) -> list[str]:
    """The cells of a line no reader accepts, as well as they can be told; what is too many stays in the last."""
    cells = re.split(re.escape(dialect.delimiter), line.rstrip("\r\n"), maxsplit=columns - 1)
    return [cell.strip().strip(dialect.quote) for cell in cells] + [""] * (columns - len(cells))
