"""The plan for reading a file, and the temporary views used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custrata.engine import DuckEngine
from custrata.ingest.fields import FileKind, ImportField, kind_named
from custrata.ingest.headers import LINE, is_quarantine
from custrata.ingest.mapping import Mapping
from custrata.ingest.platforms import platform_of
from custrata.ingest.sample import Sample
from custrata.ingest.sources import FileSource
from custrata.ingest.statuses import statuses_from_decisions, words_of
from custrata.ingest.texts import gender_codes, meaning

COMMON_WORDS = 8
Layer = Callable[[ir.Table], ir.Table]


@dataclass(frozen=True)
class Plan:
    """How one file is read: its source and mapping, the zone and region of the workspace, and quirks of its columns.

    `wrapped` are fields written as `="0123"`, `whole` ids written as `17850.0`; `words` the words found for choices.
    """

    source: FileSource
    mapping: Mapping
    zone: str
    region: str | None
    wrapped: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    platform: str | None = None

    @classmethod
    def of(cls, source: FileSource, mapping: Mapping, sample: Sample, *, zone: str, region: str | None) -> Plan:
        """The plan of a file, with its quirks detected from a sample."""
        export = platform_of(source.headers)
        platform = export.status if export else None
        kind = kind_named(mapping.kind)
        wrapped, whole, words = set(), set(), {}
        for name, header in mapping.fields.items():
            values = sample.some(header)
            if any(value.startswith(("=", "'", "`")) for value in values):
                wrapped.add(name)
            if values and kind[name].holds == "id" and all(value.endswith(".0") for value in values):
                whole.add(name)
            if name == "status":
                words[name] = _statuses(sample.columns[header], mapping, platform)
            elif choice := kind[name].choice:
                words[name] = _words(values, choice) | mapping.values.get(name, {})
                if choice == "gender":
                    words[name] = gender_codes(values) | words[name]
        return cls(source, mapping, zone, region, frozenset(wrapped), frozenset(whole), words, platform)

    @property
    def mended(self) -> bool:
        """Whether the file is a Custrata quarantine file with the line ids of its rows."""
        return is_quarantine(self.source.headers) and LINE in self.source.headers

    @property
    def kind(self) -> FileKind:
        """The kind of file."""
        return kind_named(self.mapping.kind)

    @property
    def fields(self) -> tuple[ImportField, ...]:
        """The fields the file tells, by a column or a constant."""
        return tuple(field for field in self.kind.fields if self.has(field.name))

    def has(self, name: str) -> bool:
        """Whether the file tells that field."""
        return name in self.mapping.fields or name in self.mapping.constants

    def header(self, name: str | None) -> str:
        """The header of a field's column, else the field's own name."""
        return self.mapping.fields.get(name or "", name or "")

    def with_statuses(self, words: dict[str, str]) -> Plan:
        """The plan with further words of the status column."""
        return replace(self, words=self.words | {"status": self.words.get("status", {}) | words})

    def zone_of(self, name: str) -> str:
        """The time zone of a field's column, where its header or the mapping names one; else that of the workspace."""
        return self.mapping.zones.get(self.header(name), self.zone)

    def cell(self, header: str) -> str:
        """The column of the source's relation that holds what stands under a header."""
        return f"c{self.source.headers.index(header)}"


def _words(values: list[str], choice: str) -> dict[str, str]:
    """The commonest words of a column and what they stand for, where that is known."""
    common = [word for word, _ in Counter(values).most_common(COMMON_WORDS)]
    return {word: value for word in common if (value := meaning(word, choice))}


def _statuses(values: list[str], mapping: Mapping, platform: str | None) -> dict[str, str]:
    """What the words of a status column mean, the commonest first; what the mapping says goes before the catalogue."""
    counts = Counter(values)
    words = words_of(counts, platform) | mapping.values.get("status", {}) | statuses_from_decisions(mapping.decisions)
    return dict(sorted(words.items(), key=lambda entry: -counts[entry[0]]))


@dataclass
class Views:
    """The views and tables of one import, dropped together."""

    engine: DuckEngine
    names: list[str] = field(default_factory=list)
    tables: list[ir.Table] = field(default_factory=list)

    def materialize(self, table: ir.Table) -> ir.Table:
        """The rows as a table, computed once, in their order."""
        return self._table_of(str(self.engine.connection.compile(table)))

    def _table_of(self, sql: str) -> ir.Table:
        # Created from the query at once: created empty and filled, as Ibis does it, takes half as long again.
        name = ibis.util.gen_name("kept")
        self.engine.raw.execute(f"CREATE TABLE {name} AS {sql}")
        materialized = self.engine.connection.table(name)
        self.tables.append(materialized)
        return materialized

    def register(self, table: pa.Table) -> ir.Table:
        """A small table from memory."""
        registered = self.engine.from_arrow(table)
        self.tables.append(registered)
        return registered

    def from_sql(self, sql: str) -> ir.Table:
        """A view of SQL."""
        name = ibis.util.gen_name("import")
        self.engine.raw.execute(f"CREATE VIEW {name} AS {sql}")
        self.names.append(name)
        return self.engine.connection.table(name)

    def materialize_layers(self, table: ir.Table, layers: Iterable[Layer]) -> ir.Table:
        """The rows of expressions of which each reads the one before, as a table.

        DuckDB binds them once; of views upon views it would bind all that are below with every further one. Between the
        layers columns have the types that Ibis infers: cast where DuckDB computes another one.
        """
        parts: list[str] = []
        for layer in layers:
            table = layer(table)
            name = f"layer_{len(parts)}"
            parts.append(f"{name} AS NOT MATERIALIZED ({self.engine.connection.compile(table)})")
            table = ibis.table(table.schema(), name=name)
        return self._table_of(f"WITH {', '.join(parts)} FROM {table.get_name()}")

    def create(self, table: ir.Table) -> ir.Table:
        """A view of an expression, so that later expressions refer to it instead of inlining it."""
        return self.from_sql(str(self.engine.connection.compile(table)))


@contextmanager
def temporary_views(engine: DuckEngine) -> Iterator[Views]:
    """Views that are dropped when the block ends."""
    views = Views(engine)
    try:
        yield views
    finally:
        for name in reversed(views.names):
            engine.raw.execute(f"DROP VIEW IF EXISTS {name}")
        for table in views.tables:
            engine.release(table)
