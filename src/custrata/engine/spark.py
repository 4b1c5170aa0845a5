"""Apache Spark, the engine to grow into, over the same files: what it does in its own way."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot.expressions as sge
from ibis.backends.pyspark import Backend
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from pyspark.sql import DataFrame
from pyspark.sql.types import TimestampType

from custrata.engine.base import Engine
from custrata.engine.compile import named, quotient_by, register_visitors, units_by
from custrata.engine.duck import DuckEngine
from custrata.engine.scratch import Scratch
from custrata.engine.spark_options import LOCAL, is_cluster
from custrata.engine.spark_session import SharedFolderMissing, address, check_workers, start_session, write_parts
from custrata.errors import Refused
from custrata.schema import INSTANT

# It reports every connection that closes, also after the end of whatever the report would go to.
logging.getLogger("py4j.clientserver").setLevel(logging.WARNING)
JOINING = "1GB"  # of memory, for a few groups of rows


def _discrete_quantile(
    self: SQLGlotCompiler, op: Any, *, arg: sge.Expression, quantile: sge.Expression, where: sge.Expression | None
) -> sge.Expression:
    # As an anonymous function: sqlglot would turn its own PercentileDisc into Spark's approximate one.
    value = arg if where is None else self.if_(where, arg, sge.Null())
    call = sge.Anonymous(this="percentile_disc", expressions=[quantile])
    quantile_call = sge.WithinGroup(this=call, expression=sge.Order(expressions=[sge.Ordered(this=value)]))
    whole: sge.Expression = self.cast(quantile_call, op.dtype)  # Spark answers with a double
    return whole


def _integer_quotient(top: sge.Expression, bottom: sge.Expression) -> sge.Expression:
    # `div` answers in 64 bits, and `/` rounds what has a rest.
    even = sge.Sub(this=top, expression=sge.Mod(this=top.copy(), expression=bottom.copy()))
    return sge.Div(this=sge.Paren(this=even), expression=bottom)


def _epoch_micros(self: SQLGlotCompiler, op: Any, *, arg: sge.Expression) -> sge.Expression:
    # Spark refuses a time without a zone here; as an instant of the session it is one of UTC.
    instant = sge.Cast(this=arg, to=sge.DataType.build("TIMESTAMP", dialect="spark"))
    return sge.Anonymous(this="unix_micros", expressions=[instant])


register_visitors(
    PySparkCompiler,
    {
        "DiscreteQuantile": _discrete_quantile,
        "Quotient": quotient_by(_integer_quotient, "DECIMAL(38, 0)", digits=37),
        "WholeUnits": units_by("DECIMAL(38, 0)"),
        "DateFromDay": named("date_from_unix_date"),
        "EpochMicros": _epoch_micros,
        "InstantFromMicros": named("timestamp_micros"),
    },
)


class _SparkBackend(Backend):  # type: ignore[misc]  # Ibis ships no types
    """Ibis' connection, which hands tables in memory over in files: by itself it would need Python on every worker."""

    stored: Callable[[pa.Table], DataFrame]

    def _register_in_memory_table(self, op: ops.InMemoryTable) -> None:
        self.stored(op.data.to_pyarrow(op.schema)).createOrReplaceTempView(op.name)


_SparkBackend.register_options()  # which Ibis does for those backends that are found by their names


class SparkEngine(Engine):
    """A Spark session: local on `threads` cores, unless `options` (Spark's own settings) name another master.

    On a cluster everything that workers read or write lies in `scratch`, which all of them must see.
    """

    name = "spark"
    sorts_at_once = sys.maxsize  # it sorts in parts, on the disk where they are large
    connection: _SparkBackend

    def __init__(
        self,
        *,
        threads: int | None = None,
        memory_limit: str | None = None,
        scratch: Path | str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        options = options or {}
        if is_cluster(options) and scratch is None:
            raise SharedFolderMissing()
        self._scratch = Scratch(scratch)
        session = start_session(threads, memory_limit, options)
        super().__init__(_SparkBackend().connect(session))
        self.connection.stored = self._stored
        self._local = (session.sparkContext.master or LOCAL).startswith(LOCAL)
        self._removals: dict[str, Callable[[], None]] = {}
        if not self._local:
            self._check_workers()

    def from_arrow(self, table: pa.Table) -> ir.Table:
        return self._view("table", self._stored(table))

    def read_parquet(self, paths: Sequence[Path | str], schema: ibis.Schema | None = None) -> ir.Table:
        if not paths:
            return super().read_parquet(paths, schema)
        return self._view("files", self.connection._session.read.parquet(*map(address, paths)))

    def materialize(self, table: ir.Table) -> ir.Table:
        # Cut off from the plan it came from: what is computed of it would be planned with all of that once more.
        frame = self._frame(table)
        if self._local:
            checkpoint = frame.localCheckpoint()
            blocks = checkpoint._jdf.queryExecution().logical().rdd()
            return self._view("kept", checkpoint, lambda: blocks.unpersist(False))
        # Into files: they outlive a worker, and by their size Spark knows what to send to all workers.
        folder = self._scratch.folder / ibis.util.gen_name("kept")
        write_parts(frame, folder, counted=True)
        stored = self.connection._session.read.schema(frame.schema).parquet(address(folder))
        return self._view("kept", stored, lambda: shutil.rmtree(folder, ignore_errors=True))

    def release(self, table: ir.Table) -> None:
        self._removals.pop(table.get_name(), lambda: None)()
        # A view holds the whole plan of its table in memory.
        self.connection._session.catalog.dropTempView(table.get_name())

    def write_parquet(self, table: ir.Table, path: Path, *, group: int | None = None) -> None:
        # Every worker writes its part; this process joins them, a few groups of rows at a time.
        folder = self._scratch.folder / ibis.util.gen_name("parts")
        parts = write_parts(self._frame(table), folder, counted=not self._local)
        with DuckEngine(memory_limit=JOINING, scratch=self._scratch.folder) as duck:
            duck.write_parquet(duck.read_parquet(parts), path, group=group)
        shutil.rmtree(folder)

    def close(self) -> None:
        self.connection._session.stop()
        self._scratch.remove()

    def _check_workers(self) -> None:
        try:
            check_workers(self.connection._session, self._scratch.folder)
        except Refused:
            self.close()
            raise

    def _stored(self, table: pa.Table) -> DataFrame:
        # Through a file: Spark cannot make a frame of some Arrow types, and of an empty table not at all.
        path = self._scratch.folder / f"{ibis.util.gen_name('table')}.parquet"
        pq.write_table(table, path, coerce_timestamps="us")
        frame: DataFrame = self.connection._session.read.parquet(address(path))
        return frame

    def _frame(self, table: ir.Table) -> DataFrame:
        frame: DataFrame = self.connection._session.sql(ibis.to_sql(table, dialect="pyspark"))
        return frame

    def _view(self, kind: str, frame: DataFrame, removal: Callable[[], None] | None = None) -> ir.Table:
        name = ibis.util.gen_name(kind)
        frame.createOrReplaceTempView(name)
        if removal is not None:
            self._removals[name] = removal
        return with_instants(self.connection.table(name))


def with_instants(table: ir.Table) -> ir.Table:
    """The same table with a zone to its instants: Ibis takes them for times on a clock, which Spark keeps apart."""
    stored = {
        op: op.copy(schema=_schema(op)) for op in table.op().find(ops.DatabaseTable) if op.source.name == "pyspark"
    }
    return cast(ir.Table, table.op().replace(stored).to_expr())


def _schema(op: ops.DatabaseTable) -> ibis.Schema:
    parts = (op.namespace.catalog, op.namespace.database, op.name)
    fields = op.source._session.table(".".join(f"`{part}`" for part in parts if part)).schema
    instants = {field.name for field in fields if isinstance(field.dataType, TimestampType)}
    return ibis.schema({name: INSTANT if name in instants else kind for name, kind in op.schema.items()})
