"""Erasing a customer and compacting: what leaves the tables leaves the disk, once nobody reads it."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from custrata.engine import DuckEngine
from custrata.lake import Busy, Workspace
from custrata.schema import TABLES
from tests.lake.conftest import StartWorker
from tests.lake.facts import AT, Row, day, import_record, keys_in, put, rows_in, table_of
from tests.lake.jobs import hold_reading

ANN = "Ann-0815"
PERSONAL = [name for name, spec in TABLES.items() if "customer_id" in spec.names]


@pytest.fixture
def shop(workspace: Workspace, duck: DuckEngine) -> Workspace:
    """Ann, Bob and somebody unknown in every table, and two files of orders, in one of which Ann's became Bob's."""
    with workspace.lake.change(at=AT) as change:
        for name in PERSONAL:
            people = (ANN, "Bob") if TABLES[name]["customer_id"].required else (ANN, "Bob", None)
            rows: list[Row] = [{TABLES[name].key[-1]: f"a{at}", "customer_id": who} for at, who in enumerate(people)]
            change.upsert(name, duck.from_arrow(table_of(name, *rows)), duck)
        change.record(import_record("a"))
    put(workspace, duck, "orders", {"order_id": "b", "customer_id": ANN}, {"order_id": "c", "customer_id": ANN})
    put(workspace, duck, "orders", {"order_id": "c", "customer_id": "Bob", "updated_at": day(2)})
    return workspace


def traces(folder: Path, customer_id: str) -> list[str]:
    """Every file below a folder that holds the customer's number, in its bytes or in its decoded rows."""
    names = []
    for path in folder.rglob("*"):
        if path.is_file():
            decoded = str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else ""
            if customer_id.encode() in path.read_bytes() or customer_id in decoded:
                names.append(path.name)
    return names


def test_a_customer_leaves_every_table_and_no_trace(shop: Workspace) -> None:
    assert traces(shop.lake.folder, ANN)
    assert shop.lake.erase(ANN, at=AT) == {**dict.fromkeys(PERSONAL, 1), "orders": 2}
    assert traces(shop.lake.folder, ANN) == []


def test_everybody_else_and_the_ledger_stay(shop: Workspace) -> None:
    before = shop.lake.snapshot()
    remaining = {name: [row for row in rows_in(before, name) if row["customer_id"] != ANN] for name in PERSONAL}
    shop.lake.erase(ANN, at=AT)
    after = shop.lake.snapshot()
    assert {name: rows_in(after, name) for name in PERSONAL} == remaining
    assert after.imports == before.imports
    assert {None, "Bob"} == {row["customer_id"] for row in remaining["orders"]}


def test_older_versions_are_gone_and_newer_ones_follow(shop: Workspace, duck: DuckEngine) -> None:
    shop.lake.erase(ANN, at=AT)
    logs = list(shop.lake.folder.glob("*/_delta_log/*.json"))
    assert len(logs) == len(PERSONAL)
    assert put(shop, duck, "orders", {"order_id": "d", "customer_id": ANN}).added == 1
    assert "d" in keys_in(shop, "orders")


def test_a_customer_nobody_knows_any_more_leaves_the_past_too(shop: Workspace, duck: DuckEngine) -> None:
    put(shop, duck, "orders", {"order_id": "x", "customer_id": "O'Neil-1", "updated_at": day(1)})
    put(shop, duck, "orders", {"order_id": "x", "customer_id": "Bob", "updated_at": day(2)})
    assert traces(shop.lake.folder, "O'Neil-1")
    assert shop.lake.erase("O'Neil-1", at=AT) == dict.fromkeys(PERSONAL, 0)
    assert traces(shop.lake.folder, "O'Neil-1") == []


def test_a_number_is_only_a_number(shop: Workspace) -> None:
    assert sum(shop.lake.erase("x' OR '1'='1", at=AT).values()) == 0


def test_a_table_can_become_empty_and_be_filled_again(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", {"order_id": "1", "customer_id": ANN})
    workspace.lake.erase(ANN, at=AT)
    assert workspace.lake.snapshot().read("orders", duck).count().to_pyarrow().as_py() == 0
    put(workspace, duck, "orders", {"order_id": "1"})
    assert keys_in(workspace, "orders") == ["1"]


@pytest.mark.parametrize(
    "remove", [lambda lake: lake.erase(ANN, at=AT, wait=0), lambda lake: lake.compact(at=AT, wait=0)]
)
def test_nothing_is_removed_while_another_process_reads(shop: Workspace, start: StartWorker, remove: object) -> None:
    worker, before = start(hold_reading), shop.lake.snapshot()
    worker.receive()
    assert callable(remove)
    with pytest.raises(Busy, match=str(worker.process.pid)):
        remove(shop.lake)
    assert shop.lake.snapshot().imports == before.imports
    assert {name: rows_in(before, name) for name in PERSONAL} == {
        name: rows_in(shop.lake.snapshot(), name) for name in PERSONAL
    }
    worker.line.send("enough")
    assert shop.lake.erase(ANN, at=AT)["orders"] == 2


def test_imports_go_on_while_another_process_reads(shop: Workspace, start: StartWorker, duck: DuckEngine) -> None:
    start(hold_reading).receive()
    assert put(shop, duck, "orders", {"order_id": "c", "store": "north", "updated_at": day(3)}).updated == 1


def test_reading_hands_out_a_snapshot_that_stays(shop: Workspace, duck: DuckEngine) -> None:
    with shop.lake.reading() as snapshot:
        put(shop, duck, "orders", {"order_id": "c", "store": "north", "updated_at": day(3)})
        assert len(rows_in(snapshot, "orders")) == 5


def test_compacting_writes_small_files_together(shop: Workspace) -> None:
    before = shop.lake.snapshot()
    rows = {name: rows_in(before, name) for name in PERSONAL}
    assert shop.lake.compact(at=AT)["orders"] == len(before.files["orders"]) - 1 > 0
    after = shop.lake.snapshot()
    assert {name: rows_in(after, name) for name in PERSONAL} == rows
    assert set(shop.lake.folder.glob("*/*.parquet")) == {path for paths in after.files.values() for path in paths}


def test_compacting_twice_changes_nothing_the_second_time(shop: Workspace) -> None:
    shop.lake.compact(at=AT)
    before = shop.lake.snapshot()
    assert set(shop.lake.compact(at=AT).values()) == {0}
    assert shop.lake.snapshot() == before
