"""DuckDB, the default engine, in this process: what it does in its own way."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
import sqlglot.expressions as sge
from ibis.backends.duckdb import Backend
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler
from ibis.common.exceptions import TableNotFound

from custrata.engine.base import Engine
from custrata.engine.compile import named, quotient_by, register_visitors, scaled, units_by
from custrata.engine.deadline import watch
from custrata.engine.functions import Quotient, WholeUnits
from custrata.engine.memory import memory_in_bytes
from custrata.engine.scratch import Scratch
from custrata.engine.statements import Statements, with_holes

WIDE = sge.DataType.build("DECIMAL(38, 0)")


def _discrete_quantile(
    self: SQLGlotCompiler, op: Any, *, arg: sge.Expression, quantile: sge.Expression, where: sge.Expression | None
) -> sge.Expression:
    call: sge.Expression = self.agg.quantile_disc(arg, quantile, where=where)
    return call


def _integer_quotient(top: sge.Expression, bottom: sge.Expression) -> sge.Expression:
    return sge.IntDiv(this=top, expression=bottom)


_slow_quotient = quotient_by(_integer_quotient, "HUGEINT")


def _quotient(
    self: SQLGlotCompiler,
    op: Quotient,
    *,
    numerator: sge.Expression,
    denominator: sge.Expression,
    scale: int,
    places: int,
    whole: bool,
) -> sge.Expression:
    """The same result as `quotient_by` gives, without dividing 128-bit numbers.

    DuckDB divides those bit by bit, and rescales wide decimals that way, a microsecond each. Small numbers are divided
    in 64 bits. A division of doubles is off by one at most while the result has fewer than 15 digits; the rest, in
    exact decimals, says by which.
    """
    parts: dict[str, Any] = {"numerator": numerator, "denominator": denominator}
    slow = _slow_quotient(self, op, **parts, scale=scale, places=places, whole=True).sql("duckdb")
    wide, narrow = f"DECIMAL(38, {scale})", f"DECIMAL(18, {scale})" if scale else "DECIMAL(38, 0)"
    top, bottom = (f"ABS({part.sql('duckdb')})" for part in (numerator, denominator))
    exact = {"top": f"CAST({top} AS {wide})", "bottom": f"NULLIF(CAST({bottom} AS {wide}), 0)"}
    # Beyond 18 digits of a decimal with places there is no double, and the slow way is taken.
    double = {name: f"CAST(TRY_CAST({value} AS {narrow}) AS DOUBLE)" for name, value in exact.items()}
    ratio = f"{double['top']} / {double['bottom']} * 1e{places}"
    near = f"CAST(CAST({ratio} AS BIGINT) AS DECIMAL(19, 0))"
    rest = f"({exact['top']} * {2 * 10**places} - {near} * ({exact['bottom']} * 2))"
    fast = f"{near} + CAST({rest} >= {exact['bottom']} AS TINYINT) - CAST({rest} < -{exact['bottom']} AS TINYINT)"
    signs = f"(({numerator.sql('duckdb')}) < 0) = (({denominator.sql('duckdb')}) < 0)"
    signed = f"CASE WHEN {signs} THEN 1 ELSE -1 END"
    cases = [(f"{ratio} < 4e14", fast)]
    short = _short_division(op, top, bottom, scale, places)
    if short is not None:
        cases.insert(0, short)
    whens = " ".join(f"WHEN {fits} THEN CAST(({size}) * ({signed}) AS DECIMAL(38, 0))" for fits, size in cases)
    # As text, not as a tree: Ibis copies trees again and again.
    result = sge.Var(this=f"CASE {whens} ELSE {slow} END")
    return result if whole else scaled(result, places, 38, 38)


def _short_division(op: Quotient, top: str, bottom: str, scale: int, places: int) -> tuple[str, str] | None:
    """A condition, and the magnitude of the quotient by 64-bit division where it holds; none where too few numbers
    would fit. More than six places take two steps of a long division, for shares of at most 1."""
    first = places if places <= 6 else -(-places // 2)
    second, digits = places - first, 18 - max(first, scale)
    if digits - scale < 6:
        return None
    fits = " AND ".join(f"{value} < {10 ** (digits - scale)}" for value in (top, bottom))
    numerator, divisor = (
        _units(value, operand.dtype, digits, scale)
        for value, operand in ((top, op.numerator), (bottom, op.denominator))
    )
    raised = f"({numerator} * {10**first})"
    if not second:
        return fits, f"({raised} * 2 + {divisor}) // ({divisor} * 2)"
    rest = f"({raised} % {divisor}) * {2 * 10**second}"
    return f"{fits} AND {top} <= {bottom}", (
        f"({raised} // {divisor}) * {10**second} + ({rest} + {divisor}) // ({divisor} * 2)"
    )


def _units(value: str, dtype: dt.DataType, digits: int, scale: int) -> str:
    """A number of at most so many digits in units of its last place, in 64 bits."""
    if dtype.is_integer():
        return f"(CAST({value} AS BIGINT) * {10**scale})" if scale else f"CAST({value} AS BIGINT)"
    narrow = f"CAST({value} AS DECIMAL({digits}, {scale}))"
    return f"CAST({narrow} * {10**scale} AS BIGINT)" if scale else f"CAST({narrow} AS BIGINT)"


_slow_units = units_by("HUGEINT")


def _whole_units(self: SQLGlotCompiler, op: WholeUnits, *, arg: sge.Expression, places: int) -> sge.Expression:
    """The same result as a division by 1 gives, in 64 bits where 17 digits hold the number: the places that leave nine
    of them first, then the rest, each through a double, which is exact for so few digits."""
    scale = getattr(op.arg.dtype, "scale", 0) or 0
    if not scale:
        return sge.Mul(this=sge.Cast(this=arg, to=WIDE), expression=sge.Literal.number(str(10**places)))
    value, first = arg.sql("duckdb"), max(0, scale - 9)
    own = f"CAST({value} AS DECIMAL(18, {scale}))"
    high = f"CAST({own} AS DECIMAL(18, {first}))"
    parts = [(high, first), (f"({own} - CAST({high} AS DECIMAL(18, {scale})))", scale)]
    head, tail = (f"CAST(CAST({part} AS DOUBLE) * 1e{digits} AS BIGINT)" for part, digits in parts)
    fast = f"CAST({head} * {10 ** (scale - first)} + {tail} AS DECIMAL(38, 0)) * {10 ** (places - scale)}"
    slow = _slow_units(self, op, arg=arg, places=places).sql("duckdb")
    most = f"{9 * 10 ** (17 - scale)}" if scale <= 17 else "0"
    return sge.Var(this=f"CASE WHEN ABS({value}) <= {most} THEN {fast} ELSE {slow} END")


def _date_from_day(self: SQLGlotCompiler, op: Any, *, arg: sge.Expression) -> sge.Expression:
    epoch = sge.Cast(this=sge.Literal.string("1970-01-01"), to=sge.DataType.build("DATE"))
    return sge.Add(this=epoch, expression=arg)


register_visitors(
    DuckDBCompiler,
    {
        "DiscreteQuantile": _discrete_quantile,
        "Quotient": _quotient,
        "WholeUnits": _whole_units,
        "DateFromDay": _date_from_day,
        "EpochMicros": named("epoch_us"),
        "InstantFromMicros": named("make_timestamptz"),
    },
)


with_holes(DuckDBCompiler)


@lru_cache(maxsize=1024)
def _type(kind: str, nullable: bool) -> dt.DataType:
    dtype: dt.DataType = DuckDBCompiler.type_mapper.from_string(kind, nullable=nullable)
    return dtype


@cache
def _statements(compiler: SQLGlotCompiler) -> Statements:
    """The statements of all connections: a new one starts with what the earlier ones compiled."""
    return Statements(compiler, compiler.dialect)


class _DuckBackend(Backend):  # type: ignore[misc]  # Ibis ships no types
    """Ibis' connection, which compiles what differs by its values alone only once."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._statements = _statements(self.compiler)

    def disconnect(self) -> None:
        # Tables that Ibis cached go with the database; dropped one by one later on, they would find it closed.
        for entry in self._cache_name_to_entry.values():
            entry.finalizer.detach()
        super().disconnect()

    def get_schema(self, table_name: str, **place: Any) -> ibis.Schema:
        """The columns of a table; a type that was read before is not parsed again, which took most of the time."""
        if any(place.values()):
            return super().get_schema(table_name, **place)
        try:
            columns = self.con.execute(f"DESCRIBE {sge.to_identifier(table_name, quoted=True).sql()}").fetchall()
        except duckdb.CatalogException as error:
            raise TableNotFound(table_name) from error
        return ibis.schema({name: _type(kind, nullable == "YES") for name, kind, nullable, *_ in columns})

    def compile(self, expr: ir.Expr, /, **options: Any) -> str:
        def whole() -> str:
            return str(super(_DuckBackend, self).compile(expr, **options))

        if any(value is not None and value is not False for value in options.values()):
            return whole()
        return self._statements.sql(expr.as_table().op(), whole)


class DuckEngine(Engine):
    """One DuckDB in memory, spilling to a temporary folder of its own."""

    name = "duckdb"
    sorts_at_once = 500_000
    connection: _DuckBackend

    def __init__(
        self, *, threads: int | None = None, memory_limit: str | None = None, scratch: Path | str | None = None
    ) -> None:
        self._scratch = Scratch(scratch)
        options: dict[str, Any] = {"temp_directory": str(self._scratch.folder / "spill")}
        if threads is not None:
            options["threads"] = threads
        if memory_limit is not None:
            options["memory_limit"] = f"{memory_in_bytes(memory_limit) // 1000}KB"
        connection = _DuckBackend().connect(**options)
        connection.con.execute("SET TimeZone = 'UTC'")
        connection.con.execute("SET enable_progress_bar = false")  # what shows progress is ours
        super().__init__(connection)
        watch(self, connection.con.interrupt)

    @property
    def raw(self) -> duckdb.DuckDBPyConnection:
        """The connection below Ibis, for what Ibis has no words for: reading damaged CSV, COPY."""
        raw: duckdb.DuckDBPyConnection = self.connection.con
        return raw

    def from_arrow(self, table: pa.Table) -> ir.Table:
        return self.connection.create_table(ibis.util.gen_name("given"), table, temp=True)

    def materialize(self, table: ir.Table) -> ir.Table:
        # Not by Ibis' create_table: it copies the statement over and over, a second for a wide profile.
        name = ibis.util.gen_name("kept")
        self.raw.execute(f'CREATE TEMP TABLE "{name}" AS {self.connection.compile(table)}')
        return self.connection.table(name)

    def release(self, table: ir.Table) -> None:
        self.connection.drop_table(table.get_name(), force=True)

    def write_parquet(self, table: ir.Table, path: Path, *, group: int | None = None) -> None:
        sizes = {} if group is None else {"row_group_size": group}
        self.connection.to_parquet(table, path, compression="zstd", compression_level=1, **sizes)

    def close(self) -> None:
        self.connection.disconnect()
        self._scratch.remove()
