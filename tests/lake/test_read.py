"""Reading the lake: canonical columns on every engine, one consistent view, and plain Delta tables for others."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import ibis
import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from custrata.engine import DuckEngine, Engine
from custrata.lake import Damaged, NotWritable, Workspace
from custrata.lake.manifest import Manifest
from custrata.schema import ORDERS, TABLES
from tests.lake.facts import AT, day, import_record, keys_in, put, rows_in

SOLD = {"order_id": "1", "amount": Decimal("12.30"), "ordered_at": day(2), "properties": [("colour", "red")]}


def types(schema: ibis.Schema) -> dict[str, str]:
    """Column → type, leaving out what engines see differently: nullability, and the zone and digits of instants."""
    return {name: "instant" if kind.is_timestamp() else str(kind.copy(nullable=True)) for name, kind in schema.items()}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_nobody_imported_is_empty_and_canonical(workspace: Workspace, duck: DuckEngine, table: str) -> None:
    contents = workspace.lake.snapshot().read(table, duck)
    assert (duck.arrow(contents).num_rows, types(contents.schema())) == (0, types(TABLES[table].schema))


def test_an_empty_table_is_the_same_on_every_engine(engine: Engine, workspace: Workspace) -> None:
    orders = workspace.lake.snapshot().read("orders", engine)
    assert types(orders.schema()) == types(ORDERS.schema)
    assert engine.arrow(orders.select("order_id", "ordered_at", "amount")).num_rows == 0


def test_rows_come_back_as_they_were_on_every_engine(engine: Engine, duck: DuckEngine, workspace: Workspace) -> None:
    put(workspace, duck, "orders", SOLD)
    orders = workspace.lake.snapshot().read("orders", engine)
    assert types(orders.schema()) == types(ORDERS.schema)
    (row,) = engine.arrow(orders.mutate(colour=orders.properties["colour"]).drop("properties")).to_pylist()
    assert row["ordered_at"].replace(tzinfo=AT.tzinfo) == day(2)
    assert (row["amount"], row["store"], row["colour"]) == (Decimal("12.30"), None, "red")


def test_a_snapshot_stays_as_it_was(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", SOLD)
    before = workspace.lake.snapshot()
    put(workspace, duck, "orders", {**SOLD, "store": "north"}, {"order_id": "2"})
    assert [row["store"] for row in rows_in(before, "orders")] == [None]
    assert (before.rows("orders"), workspace.lake.snapshot().rows("orders")) == (1, 2)


def test_the_fingerprint_follows_the_rows_and_nothing_else(workspace: Workspace, duck: DuckEngine) -> None:
    marks = [workspace.lake.snapshot().fingerprint]
    for row in (SOLD, {"order_id": "2"}, {"order_id": "2"}):
        put(workspace, duck, "orders", row)
        marks.append(workspace.lake.snapshot().fingerprint)
    assert len(set(marks[:3])) == 3
    workspace.lake.compact(at=AT)
    with workspace.lake.change(at=AT) as change:
        change.record(import_record("i1"))
    assert {*marks[2:], workspace.lake.snapshot().fingerprint} == {marks[2]}


def test_others_read_the_tables_as_delta(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", SOLD)
    put(workspace, duck, "orders", {**SOLD, "store": "north"}, {"order_id": "2"})
    folder = workspace.lake.folder / "orders"
    assert pl.read_delta(str(folder)).sort("order_id")["store"].to_list() == ["north", None]
    table = DeltaTable(folder).to_pyarrow_table()
    assert table.column_names == list(ORDERS.names)
    assert table.schema.field("ordered_at") == ORDERS.schema.to_pyarrow().field("ordered_at")


def test_file_statistics_cover_times_but_no_personal_columns(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", SOLD)
    (added,) = pa.table(DeltaTable(workspace.lake.folder / "orders").get_add_actions()).to_pylist()
    assert added["num_records"] == 1
    assert added["min"]["ordered_at"] <= day(2) <= added["max"]["ordered_at"]
    assert [name for name, value in added["max"].items() if value is not None] == ["ordered_at"]


@pytest.mark.parametrize("name", ["客户 数据", "shop's", "a & b #1"])
def test_the_folder_may_have_any_usual_name(tmp_path: Path, duck: DuckEngine, name: str) -> None:
    workspace = Workspace.create(tmp_path / name)
    put(workspace, duck, "orders", SOLD)
    put(workspace, duck, "orders", {**SOLD, "store": "x"})
    assert keys_in(workspace, "orders") == ["1"]
    assert workspace.lake.erase("nobody", at=AT)["orders"] == 0


def test_refuses_a_lake_without_manifest(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", SOLD)
    (workspace.lake.folder / "manifest.json").unlink()
    with pytest.raises(Damaged, match=r"manifest\.json cannot be read"):
        put(workspace, duck, "orders", SOLD)
    assert list(workspace.lake.folder.glob("orders/*.parquet"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"format": 1, "tables": {"orders": {}}}'])
def test_refuses_a_damaged_manifest(workspace: Workspace, text: str) -> None:
    (workspace.lake.folder / "manifest.json").write_text(text)
    with pytest.raises(Damaged):
        workspace.lake.snapshot()


def test_refuses_a_lake_whose_version_is_gone(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", SOLD)
    shutil.rmtree(workspace.lake.folder / "orders" / "_delta_log")
    with pytest.raises(Damaged, match="version 1 is missing"):
        workspace.lake.snapshot()
    with pytest.raises(Damaged), workspace.lake.change(at=AT):
        pass


def test_refuses_to_write_where_the_manifest_does_not_know_a_table(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", SOLD)
    Manifest().write(workspace.lake.folder)
    with pytest.raises(Damaged, match="does not list the table orders"):
        put(workspace, duck, "orders", SOLD)
    assert list(workspace.lake.folder.glob("orders/*.parquet"))


def test_refuses_to_lock_a_lake_that_is_gone(workspace: Workspace) -> None:
    shutil.rmtree(workspace.lake.folder)
    with pytest.raises(NotWritable, match="no such file"), workspace.lake.reading():
        pass
