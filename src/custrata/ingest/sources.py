"""Open a file of any format as one relation of text columns `c0`, `c1` … in the order of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from custrata.engine import DuckEngine
from custrata.errors import BadInput
from custrata.ingest.dialect import Dialect, check_lines, find_layout, mixed_ends, with_even_ends
from custrata.ingest.encoding import UTF8, find_encoding, nuls_in, to_utf8, without_nuls
from custrata.ingest.excel import NoSuchSheet, read_workbook
from custrata.ingest.files import HEAD, NotATable, SourceFile, blocks
from custrata.ingest.headers import known_words, repeated_headers, unique_headers
from custrata.ingest.invisible import (
    CELL_MARKS,
    find_invisible,
    invisible_notice,
    may_contain_invisible,
    without_invisible,
    without_invisible_sql,
)
from custrata.ingest.mapping import Mapping
from custrata.ingest.markup import charset, read_markup
from custrata.ingest.notices import Notice
from custrata.ingest.parquet import DamagedFile, sound_parquet
from custrata.ingest.sheets import Sheet
from custrata.ingest.workbook import SheetRows, as_table

MOST_COLUMNS = 1_000
PARQUET_BATCH = 65_536
ASIDE = "_aside"


class NoHeader(BadInput):
    template = "The first row of “{file}” holds data, not column names: {cells}. Add a row of column names above it."


class NoRows(BadInput):
    template = "“{file}” has column names but no rows."


class TooManyColumns(BadInput):
    template = "“{file}” seems to have {columns} columns; at most {limit} can be imported. Is this a table?"


class TornTable(BadInput):
    template = (
        "“{file}” cannot be read as a table: its quotation marks and line ends do not match. Open it in a "
        "spreadsheet, save it as CSV and import that."
    )


class UnknownFileEncoding(BadInput):
    template = "There is no encoding “{encoding}”."


@dataclass(frozen=True)
class FileSource:
    """The rows of a file.

    `relation` is SQL for the rows that can be read; `logging_relation` the same, recording unreadable lines in the
    table `rejects`.
    `first_row` is the row a spreadsheet shows the first data row on, `unreadable` counts lost characters. `repeated`
    gives for a header that several columns share the unique header of each; `spanning` are headers of amounts that
    belong to several rows at once; `parts` are the sheets of a workbook; `notices` are what reading the file assumed or
    left out.
    """

    file: SourceFile
    headers: tuple[str, ...]
    relation: str
    logging_relation: str
    first_row: int
    text: Path | None = None
    encoding: str | None = None
    dialect: Dialect | None = None
    sheets: tuple[str, ...] = ()
    unreadable: int = 0
    repeated: dict[str, list[str]] = field(default_factory=dict)
    spanning: frozenset[str] = frozenset()
    parts: tuple[SheetRows, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def name(self) -> str:
        """The file's name."""
        return self.file.name

    @property
    def sheet(self) -> str | tuple[str, ...] | None:
        """The sheet that was read, or several, as a mapping names them."""
        return self.sheets if len(self.sheets) > 1 else next(iter(self.sheets), None)

    def place(self, row: int) -> int | str:
        """The displayed position of a row, counted from `first_row`: `Sheet!5` where several sheets are read."""
        if len(self.parts) < 2:
            return row
        index = row - self.first_row
        part = [part for part in self.parts if part.index <= index][-1]
        return f"{part.sheet}!{part.first_row + index - part.index}"


def literal(value: str) -> str:
    """A text as SQL.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def engine_failure(error: Exception) -> bool:
    """Whether an exception is DuckDB's, by its module name: only `custrata.engine` may import DuckDB."""
    return type(error).__module__.partition(".")[0] in ("duckdb", "_duckdb")


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Raise engine errors in reading a file as `DamagedFile`."""
    try:
        yield
    except Exception as error:
        if not engine_failure(error):
            raise
        if type(error).__name__ in ("InternalException", "FatalException"):
            raise TornTable(file=name) from error
        raise DamagedFile(file=name, reason=str(error).partition("\n")[0][:200]) from error


def open_source(engine: DuckEngine, file: SourceFile, scratch: Path, mapping: Mapping, rejects: str) -> FileSource:
    """The rows of a file, read as `mapping` says as far as it says; `rejects` names the table unreadable lines go to.

    Raises the errors of `encoding`, `dialect`, `excel`, `markup`, `workbook`, and `NoRows`, `TooManyColumns`,
    `DamagedFile`.
    """
    if file.form == "text":
        source, odd = _text(file, scratch, mapping, rejects)
    elif file.form == "parquet":
        source, odd = _parquet(engine, file, scratch)
    else:
        source, odd = _workbook(file, scratch, mapping)
    if len(source.headers) > MOST_COLUMNS:
        raise TooManyColumns(file=file.name, columns=len(source.headers), limit=MOST_COLUMNS)
    return _cleaned(engine, source) if odd else source


def _cleaned(engine: DuckEngine, source: FileSource) -> FileSource:
    """The source with invisible characters removed from its cells."""
    width = len(source.headers)
    with reading(source.name):
        places, count, example = find_invisible(engine, source.relation, width)
    if not places:
        return source
    return replace(
        source,
        relation=without_invisible_sql(source.relation, width, places),
        logging_relation=without_invisible_sql(source.logging_relation, width, places),
        notices=(*source.notices, *invisible_notice(count, example, source.headers, places)),
    )


def sample(engine: DuckEngine, source: FileSource, rows: int) -> list[tuple[str | None, ...]]:
    """The first rows, as text."""
    with reading(source.name):
        records: list[tuple[str | None, ...]] = engine.raw.execute(f"FROM {source.relation} LIMIT {rows}").fetchall()
    return records


def _text(file: SourceFile, scratch: Path, mapping: Mapping, rejects: str) -> tuple[FileSource, bool]:
    encoding = mapping.encoding or find_encoding(file.data, file.name, known_words())
    path, unreadable = file.data, 0
    if encoding.lower() not in (UTF8, "utf8", "utf-8-sig", "ascii"):
        path = scratch / "utf8.csv"
        try:
            unreadable = to_utf8(file.data, encoding, path, file.name)
        except LookupError as error:
            raise UnknownFileEncoding(encoding=encoding) from error
    notices: tuple[Notice, ...] = ()
    if nuls := nuls_in(path, file.name):
        path = without_nuls(path, scratch / "plain.csv")
        notices = (Notice("nul", nuls.count, nuls.text, {"row": str(nuls.line)}),)
    if lone := mixed_ends(path):
        path = with_even_ends(path, lone, scratch / "even.csv")
    layout = find_layout(path, file.name, mapping.delimiter, mapping.quote, mapping.header_row)
    dialect = layout.dialect
    check_lines(path, dialect, file.name)
    cells = [without_invisible(cell) for cell in layout.cells]
    headers = unique_headers(cells)
    relation, noting = _csv(path, dialect, len(headers), rejects)
    source = FileSource(
        file,
        headers,
        relation,
        noting,
        dialect.skip + 2,
        path,
        encoding,
        dialect,
        unreadable=unreadable,
        repeated=repeated_headers(cells),
        notices=(*notices, *layout.notices),
    )
    return source, _file_may_contain_invisible(path)


def _file_may_contain_invisible(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(3)  # past a mark at the beginning
        return any(may_contain_invisible(block) for block in blocks(file))


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
        *(["null_padding = true"] if dialect.padded else []),
    ]

    def reading_into(table: str) -> str:
        reject_options = ["store_rejects = true", f"rejects_table = '{table}'", f"rejects_scan = '{table}_scan'"]
        return f"read_csv({', '.join([*options, *reject_options])})"

    # Rejects are always stored: with `ignore_errors` alone the reader also loses the line after a malformed one.
    return reading_into(f"{rejects}{ASIDE}"), reading_into(rejects)


def drop_rejects(engine: DuckEngine, rejects: str) -> None:
    """Drop the tables of unreadable lines."""
    for table in (rejects, f"{rejects}{ASIDE}"):
        for name in (table, f"{table}_scan"):
            engine.raw.execute(f"DROP TABLE IF EXISTS {name}")


def _workbook(file: SourceFile, scratch: Path, mapping: Mapping) -> tuple[FileSource, bool]:
    names = (mapping.sheet,) if isinstance(mapping.sheet, str) else tuple(mapping.sheet or ())
    notices: tuple[Notice, ...] = ()
    if file.form == "excel":
        book = read_workbook(file.data, scratch, file.name, names)
        sheets, notices = book.sheets, (Notice("unread_formats"),) if book.unread_zeros else ()
    else:
        sheets = _tables(file, scratch, mapping, names)
    table = as_table(sheets, mapping, scratch / "table.parquet", file.name)
    relation = _columns(table.path, [f"c{place}" for place in range(len(table.headers))])
    source = FileSource(
        file,
        table.headers,
        relation,
        relation,
        table.parts[0].first_row,
        sheets=tuple(part.sheet for part in table.parts) if file.form != "html" else (),
        repeated=table.repeated,
        spanning=table.spanning,
        parts=table.parts,
        notices=(*notices, *table.notices),
    )
    return source, any(
        _batch_may_contain_invisible(batch)
        for batch in pq.ParquetFile(table.path).iter_batches(batch_size=PARQUET_BATCH)
    )


def _tables(file: SourceFile, scratch: Path, mapping: Mapping, names: tuple[str, ...]) -> tuple[Sheet, ...]:
    """The tables of a page or of an XML workbook.

    Raises `NotATable` where it has none, `NoSuchSheet`, `DamagedMarkup`.
    """
    with file.data.open("rb") as opened:
        declared = charset(opened.read(HEAD))
    encoding, path = mapping.encoding or find_encoding(file.data, file.name, known_words(), declared), file.data
    if encoding != UTF8:
        path = scratch / "utf8.txt"
        to_utf8(file.data, encoding, path, file.name)
    sheets = read_markup(path, "html" if file.form == "html" else "spreadsheetml", scratch, file.name)
    if not sheets:
        raise NotATable(file=file.name, form="HTML" if file.form == "html" else "XML")
    available = [sheet.name for sheet in sheets]
    if unknown := [name for name in names if name not in available]:
        raise NoSuchSheet(file=file.name, sheet=", ".join(unknown), sheets=", ".join(available))
    return tuple(sheet for sheet in sheets if not names or sheet.name in names)


def _batch_may_contain_invisible(batch: pa.RecordBatch) -> bool:
    """Whether a text of these rows may contain invisible characters."""
    for column in batch.columns:
        texts = column.dictionary if pa.types.is_dictionary(column.type) else column
        if pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type):
            data = texts.buffers()[2]
            if data is not None and may_contain_invisible(data.to_pybytes(), CELL_MARKS):
                return True
    return False


def _parquet(engine: DuckEngine, file: SourceFile, scratch: Path) -> tuple[FileSource, bool]:
    sound, odd = _sound_parquet(file, scratch)
    with reading(file.name):
        described = engine.raw.execute(f"DESCRIBE FROM read_parquet({literal(str(sound))})").fetchall()
    cells = [_cell(name, type_) for name, type_, *_ in described]
    relation = _columns(sound, cells)
    return FileSource(file, unique_headers(name for name, *_ in described), relation, relation, 2), odd


def _sound_parquet(file: SourceFile, scratch: Path) -> tuple[Path, bool]:
    """The rows rewritten by Arrow in a child process; and whether their texts may contain invisible characters.

    Raises what `sound_parquet` raises.
    """
    sound = scratch / "sound.parquet"
    sound_parquet(file.data, sound, file.name)
    with pq.ParquetFile(sound) as rows:
        return sound, any(_batch_may_contain_invisible(batch) for batch in rows.iter_batches(batch_size=PARQUET_BATCH))


def _cell(name: str, type_: str) -> str:
    """A typed column as text: whole floats without `.0`, for ids that a data frame converted to floats."""
    column = '"' + name.replace('"', '""') + '"'
    if type_ in ("FLOAT", "DOUBLE"):
        whole = f"CAST(TRY_CAST({column} AS HUGEINT) AS VARCHAR)"
        return f"CASE WHEN {column} = trunc({column}) THEN {whole} ELSE CAST({column} AS VARCHAR) END"
    return f"CAST({column} AS VARCHAR)"


def _columns(path: Path, cells: list[str]) -> str:
    columns = ", ".join(f"nullif({cell}, '') AS c{place}" for place, cell in enumerate(cells))
    return f"(SELECT {columns} FROM read_parquet({literal(str(path))}))"


def cells_of_line(line: str, dialect: Dialect, columns: int) -> list[str]:
    """The cells of a malformed line, split as well as possible; surplus text stays in the last cell."""
    cells = re.split(re.escape(dialect.delimiter), line.rstrip("\r\n"), maxsplit=columns - 1)
    return [cell.strip().strip(dialect.quote) for cell in cells] + [""] * (columns - len(cells))
