"""What every engine offers: tables in, expressions computed, tables out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends import BaseBackend


class Engine(ABC):
    """A connection that computes Ibis expressions. Close it, or use it as a context."""

    name: ClassVar[str]
    sorts_at_once: ClassVar[int]  # rows of a profile that can be sorted while the tables it comes from are in memory

    def __init__(self, connection: BaseBackend) -> None:
        self.connection = connection

    def read_parquet(self, paths: Sequence[Path | str], schema: ibis.Schema | None = None) -> ir.Table:
        """The rows of Parquet files as one table; without files, an empty table of `schema`."""
        if not paths:
            if schema is None:
                raise ValueError("no files and no schema: nothing says what columns the table has")
            return self.from_arrow(schema.to_pyarrow().empty_table())
        return self.connection.read_parquet([str(path) for path in paths])

    @abstractmethod
    def from_arrow(self, table: pa.Table) -> ir.Table:
        """An Arrow table that this engine computes on."""

    @abstractmethod
    def materialize(self, table: ir.Table) -> ir.Table:
        """The same rows, computed once and kept until released or the engine is closed."""

    @abstractmethod
    def release(self, table: ir.Table) -> None:
        """Give back what `materialize` kept."""

    @contextmanager
    def keeping(self) -> Iterator[Callable[[ir.Table], ir.Table]]:
        """A `materialize` whose tables are given back when the block ends."""
        tables: list[ir.Table] = []

        def keep(table: ir.Table) -> ir.Table:
            tables.append(self.materialize(table))
            return tables[-1]

        try:
            yield keep
        finally:
            for table in tables:
                self.release(table)

    def arrow(self, table: ir.Table) -> pa.Table:
        """The rows, in memory."""
        return self.connection.to_pyarrow(table)

    @abstractmethod
    def write_parquet(self, table: ir.Table, path: Path, *, group: int | None = None) -> None:
        """Write the rows to one Parquet file, in their order; `group` is how many rows readers can skip together
        (default: as many as the engine likes)."""

    @abstractmethod
    def close(self) -> None:
        """Give back memory and temporary files."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
