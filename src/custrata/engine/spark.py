"""Apache Spark, the engine to grow into, over the same files: what it does in its own way."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
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
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import TimestampType

from custrata.engine.base import Engine
from custrata.engine.compile import named, quotient_by, register_visitors, units_by
from custrata.engine.memory import memory_in_bytes
from custrata.engine.scratch import Scratch
from custrata.schema import INSTANT

# It reports every connection that closes, also after the end of whatever the report would go to.
logging.getLogger("py4j.clientserver").setLevel(logging.WARNING)


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


class SparkEngine(Engine):
    """A Spark session: local on `threads` cores, unless `options` (Spark's own settings) name another master."""

    name = "spark"
    connection: Backend

    def __init__(
        self,
        *,
        threads: int | None = None,
        memory_limit: str | None = None,
        scratch: Path | str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._scratch = Scratch(scratch)
        super().__init__(ibis.pyspark.connect(_session(threads, memory_limit, options or {})))
        self._local = self.connection._session.sparkContext.master.startswith("local")
        self._frames: dict[str, DataFrame] = {}

    def from_arrow(self, table: pa.Table) -> ir.Table:
        # Through a file: Spark cannot make a frame of some Arrow types, and of an empty table not at all.
        path = self._scratch.folder / f"{ibis.util.gen_name('table')}.parquet"
        pq.write_table(table, path, coerce_timestamps="us")
        return with_instants(self.connection.read_parquet(str(path)))

    def read_parquet(self, paths: Sequence[Path | str], schema: ibis.Schema | None = None) -> ir.Table:
        if not paths:
            return super().read_parquet(paths, schema)
        frame = self.connection._session.read.parquet(*[str(path) for path in paths])
        name = ibis.util.gen_name("files")
        frame.createOrReplaceTempView(name)
        return with_instants(self.connection.table(name))

    def materialize(self, table: ir.Table) -> ir.Table:
        frame = self.connection._session.sql(ibis.to_sql(table, dialect="pyspark"))
        # Cut off from the plan it came from: what is computed of it would be planned with all of that once more. Where
        # a worker can be lost, its rows are computed again, for which Spark needs the plan.
        frame = frame.localCheckpoint() if self._local else frame.persist()
        name = ibis.util.gen_name("kept")
        frame.createOrReplaceTempView(name)
        self._frames[name] = frame
        return with_instants(self.connection.table(name))

    def release(self, table: ir.Table) -> None:
        frame = self._frames.pop(table.get_name(), None)
        if frame is not None and self._local:
            frame._jdf.queryExecution().logical().rdd().unpersist(False)
        elif frame is not None:
            frame.unpersist()
        # A view holds the whole plan of its table in memory.
        self.connection._session.catalog.dropTempView(table.get_name())

    def write_parquet(self, table: ir.Table, path: Path, *, group: int | None = None) -> None:
        # Spark knows sizes of groups in bytes alone: what it likes will do.
        folder = self._scratch.folder / f"out-{path.name}"
        frame = self.connection._session.sql(ibis.to_sql(table, dialect="pyspark"))
        frame.coalesce(1).write.mode("overwrite").parquet(str(folder))
        part = next(folder.glob("part-*.parquet"))
        shutil.move(part, path)
        shutil.rmtree(folder)

    def close(self) -> None:
        self.connection._session.stop()
        self._scratch.remove()


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


def _session(threads: int | None, memory_limit: str | None, options: Mapping[str, str]) -> SparkSession:
    settings = {
        "spark.master": f"local[{threads or '*'}]",
        "spark.app.name": "custrata",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Nobody looks at Spark's own pages; what they would show of each query, its plan above all, fills the heap.
        "spark.sql.ui.retainedExecutions": "1",
        "spark.ui.retainedJobs": "1",
        "spark.ui.retainedStages": "1",
        "spark.ui.retainedTasks": "1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.shuffle.partitions": str((threads or 2) * 2),
        "spark.driver.memory": "2g" if memory_limit is None else f"{memory_in_bytes(memory_limit) // 1024**2}m",
        "spark.log.level": "ERROR",
        "spark.sql.ansi.enabled": "false",
        **options,
    }
    builder = SparkSession.builder
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()
