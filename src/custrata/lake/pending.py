"""A table within a change: its new files, which are invisible until the change is committed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from secrets import token_hex

import ibis
import ibis.expr.types as ir

from custrata.engine import DuckEngine
from custrata.lake.delta import Commit, commit, files_of, written_file
from custrata.lake.durable import sync
from custrata.lake.manifest import DataFile, TableState
from custrata.lake.sums import check
from custrata.schema import TableSpec

# About 1.3 million orders: few files to open, and small enough to rewrite.
FILE_SIZE = "32MB"
SMALL = 8 * 2**20


class PendingTable:
    """One table of a change; `token` prefixes the files of the change, so that those of a killed one can be found."""

    def __init__(self, spec: TableSpec, folder: Path, state: TableState | None, token: str) -> None:
        self.spec = spec
        self._folder = folder
        self._state = state
        self._token = token
        self._before = {file.name: file for file in files_of(folder, state)} if state else {}
        self._files = dict(self._before)
        self._rearranged = True
        self._written = 0

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The current files of the table within the change."""
        return tuple(self._files.values())

    @property
    def rows(self) -> int:
        """The current row count of the table within the change."""
        return sum(file.rows for file in self._files.values())

    @property
    def changed(self) -> bool:
        """Whether the files differ from those before the change."""
        return self._files.keys() != self._before.keys()

    def read(self, engine: DuckEngine, names: Collection[str] | None = None) -> ir.Table:
        """The rows of all files, or of those named."""
        return engine.read_parquet(self._paths(names)).select(*self.spec.names)

    def row_counts_by_file(self, engine: DuckEngine, choose: Callable[[ir.Table], ir.Table]) -> dict[str, int]:
        """The files with rows that `choose` selects, and how many in each."""
        rows = engine.connection.read_parquet([str(path) for path in self._paths()], filename="filename")
        counts = choose(rows).group_by("filename").agg(rows=ibis._.count())
        return {Path(row["filename"]).name: row["rows"] for row in engine.arrow(counts).to_pylist()}

    def replace(self, gone: Collection[str], rows: ir.Table, engine: DuckEngine, *, rearranged: bool = False) -> int:
        """Write `rows` into new files in place of those that are `gone`; returns how many rows were written.

        `rearranged` says that the rows stay the same and only lie in other files.
        """
        for name in gone:  # rows of a damaged file must not be rewritten with a valid checksum
            check(self._folder / name, [self._files[name].sum], deep=True)
        self._folder.mkdir(exist_ok=True)
        stem = f"{self._token}-{self._written}-"
        self._written += 1
        engine.connection.to_parquet(
            rows.select(*self.spec.names),
            self._folder,
            compression="snappy",
            file_size_bytes=FILE_SIZE,
            filename_pattern=stem + "{uuid}",
            append=True,
            write_empty_file=False,
        )
        new = [written_file(path) for path in sorted(self._folder.glob(f"{stem}*.parquet"))]
        for name in gone:
            del self._files[name]
            if name not in self._before:
                (self._folder / name).unlink()
        self._files |= {file.name: file for file in new}
        self._rearranged = self._rearranged and rearranged
        return sum(file.rows for file in new)

    def _paths(self, names: Collection[str] | None = None) -> list[Path]:
        return [self._folder / name for name in (self._files.keys() if names is None else names)]

    def commit(self, at: datetime) -> TableState:
        """Commit the current files as the table's next Delta version."""
        added = tuple(file for name, file in self._files.items() if name not in self._before)
        removed = tuple(file for name, file in self._before.items() if name not in self._files)
        for file in added:
            sync(self._folder / file.name)
        version = commit(self._folder, self.spec, Commit(added, removed, at, self._rearranged))
        same = self._state is not None and self._rearranged
        content = self._state.content if self._state is not None and same else token_hex(8)
        files = tuple(sorted(self.files, key=lambda file: file.name))
        return TableState(version, self.rows, content, files)
