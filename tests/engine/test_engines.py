"""The interface of an engine: tables are registered, materialized, released and read."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custrata.engine import DuckEngine, Engine, EngineMissing, UnknownEngine, connect
from custrata.engine.spark_session import OtherSparkSession
from custrata.errors import BadInput
from custrata.schema import TABLES

ROWS = pa.table(
    {
        "customer_id": pa.array(["a", "b"]),
        "amount": pa.array([Decimal("10.00"), None], pa.decimal128(18, 2)),
        "at": pa.array([datetime(2025, 1, 31, 12, 30, 0, 5, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC")),
    }
)


@pytest.mark.parametrize("name", ["", "DuckDB", "sqlite"])
def test_refuses_an_engine_it_does_not_know(name: str) -> None:
    with pytest.raises(UnknownEngine, match="duckdb and spark") as caught:
        connect(name)
    assert isinstance(caught.value, BadInput)


def test_says_that_spark_needs_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match="a Java runtime: java: command not found"):
        connect("spark")


def test_a_process_with_a_spark_session_is_refused_one_of_another_master(spark: Engine) -> None:
    with pytest.raises(OtherSparkSession, match=r"with the master local\[2\]"):
        connect("spark", spark_options={"spark.master": "local[7]"})
    assert spark.arrow(spark.from_arrow(ROWS)).num_rows == 2  # it goes on


def test_connects_with_as_many_threads_as_asked() -> None:
    with connect(threads=1, memory_limit="300MB") as engine:
        assert isinstance(engine, DuckEngine)
        settings = engine.raw.execute("SELECT current_setting('threads'), current_setting('TimeZone')").fetchone()
        assert settings == (1, "UTC")


def test_closing_gives_back_the_connection_and_its_folder() -> None:
    with connect() as engine:
        assert isinstance(engine, DuckEngine)
        spill = Path(engine.raw.execute("SELECT current_setting('temp_directory')").fetchall()[0][0])
        assert spill.parent.is_dir()
    assert not spill.parent.exists()
    with pytest.raises(duckdb.ConnectionException):
        engine.raw.execute("SELECT 1")


def test_a_table_comes_out_as_it_went_in(engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    engine.write_parquet(engine.from_arrow(ROWS), out)
    read = engine.arrow(engine.read_parquet([out])).sort_by("customer_id")
    assert read.to_pydict() == ROWS.to_pydict()
    assert read.schema.field("amount").type == pa.decimal128(18, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_a_kept_table_is_computed_once_and_can_be_released(engine: Engine) -> None:
    table = engine.from_arrow(ROWS)
    materialized = engine.materialize(table.select(n=ibis.random()))
    first, second = (engine.arrow(materialized)["n"].to_pylist() for _ in range(2))
    assert sorted(first) == sorted(second)
    engine.release(materialized)
    assert engine.arrow(table).num_rows == 2


def test_a_released_table_is_gone(duck: DuckEngine) -> None:
    materialized = duck.materialize(duck.from_arrow(ROWS))
    there = "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?"
    assert duck.raw.execute(there, [materialized.get_name()]).fetchone() == (1,)
    duck.release(materialized)
    assert duck.raw.execute(there, [materialized.get_name()]).fetchone() == (0,)


def test_what_a_block_keeps_is_given_back_at_its_end_even_after_an_error(duck: DuckEngine) -> None:
    with suppress(KeyError), duck.keeping() as keep:
        materialized = keep(duck.from_arrow(ROWS))
        raise KeyError
    there = duck.raw.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert (materialized.get_name(),) not in there


def test_reads_many_files_as_one_table(engine: Engine, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.parquet" for number in range(3)]
    for file in files:
        pq.write_table(ROWS, file)
    assert engine.arrow(engine.read_parquet([*files]).aggregate(n=ibis._.count()))["n"].to_pylist() == [6]


@pytest.mark.parametrize("table", ["orders", "products"])
def test_no_files_are_an_empty_table_of_the_schema(duck: DuckEngine, table: str) -> None:
    empty = duck.read_parquet([], TABLES[table].schema)
    assert tuple(empty.columns) == TABLES[table].names
    assert duck.arrow(empty).num_rows == 0


def test_no_files_and_no_schema_say_nothing(duck: DuckEngine) -> None:
    with pytest.raises(ValueError, match="no schema"):
        duck.read_parquet([])
