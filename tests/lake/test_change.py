"""A change is atomic and exclusive, and does not block readers."""

from __future__ import annotations

import os

import pytest
from deltalake import DeltaTable, write_deltalake

from custrata.engine import DuckEngine
from custrata.lake import Busy, Workspace
from tests.lake.conftest import StartWorker
from tests.lake.facts import AT, import_record, keys_in, put, table_of
from tests.lake.jobs import generation, hold_change, import_five, import_on


class Mistake(Exception):
    """Something goes wrong in the middle of a change."""


def fail_in_the_middle(workspace: Workspace, duck: DuckEngine) -> None:
    """Change two tables and the ledger, then fail."""
    with workspace.lake.change(at=AT) as change:
        change.upsert("orders", duck.from_arrow(table_of("orders", {"order_id": "1", "store": "x"})), duck)
        change.upsert("products", duck.from_arrow(table_of("products", {"product_id": "p"})), duck)
        change.record(import_record("i1"))
        raise Mistake


def test_several_tables_and_the_ledger_change_together(workspace: Workspace, duck: DuckEngine) -> None:
    with workspace.lake.change(at=AT) as change:
        for name, key in (("orders", "order_id"), ("products", "product_id")):
            change.upsert(name, duck.from_arrow(table_of(name, {key: "1"})), duck)
        change.record(import_record("i1"))
        assert (workspace.lake.snapshot().versions, workspace.lake.snapshot().imports) == ({}, ())
    after = workspace.lake.snapshot()
    assert (after.rows("orders"), after.rows("products"), after.imports) == (1, 1, (import_record("i1"),))


def test_an_error_leaves_everything_as_it_was(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", {"order_id": "1"})
    before = {path for path in workspace.lake.folder.rglob("*") if path.name != ".lease"}
    snapshot = workspace.lake.snapshot()
    with pytest.raises(Mistake):
        fail_in_the_middle(workspace, duck)
    assert workspace.lake.snapshot() == snapshot
    assert set(workspace.lake.folder.rglob("*")) == before


def test_a_failed_first_import_leaves_no_table(workspace: Workspace, duck: DuckEngine) -> None:
    with pytest.raises(Mistake):
        fail_in_the_middle(workspace, duck)
    assert not (workspace.lake.folder / "orders").exists()
    assert put(workspace, duck, "orders", {"order_id": "1"}).added == 1


def test_imports_are_kept_in_their_order(workspace: Workspace) -> None:
    for name in ("i2", "i1", "i3"):
        with workspace.lake.change(at=AT) as change:
            change.record(import_record(name))
    assert workspace.lake.snapshot().imports == tuple(import_record(name) for name in ("i2", "i1", "i3"))


def test_a_change_of_nothing_leaves_the_manifest(workspace: Workspace) -> None:
    before = (workspace.lake.folder / "manifest.json").stat()
    with workspace.lake.change(at=AT):
        pass
    assert (workspace.lake.folder / "manifest.json").stat().st_mtime_ns == before.st_mtime_ns


def test_what_others_write_into_a_table_is_not_seen_and_rolled_back(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", {"order_id": "1"})
    write_deltalake(workspace.lake.folder / "orders", table_of("orders", {"order_id": "stranger"}), mode="append")
    assert keys_in(workspace, "orders") == ["1"]
    put(workspace, duck, "orders", {"order_id": "2"})
    assert keys_in(workspace, "orders") == ["1", "2"]
    assert DeltaTable(workspace.lake.folder / "orders").count() == 2


def test_names_the_process_that_writes(workspace: Workspace, start: StartWorker) -> None:
    worker = start(hold_change)
    worker.receive()
    with pytest.raises(Busy, match=f"in use by process {worker.process.pid}"), workspace.lake.change(at=AT, wait=0.1):
        pass
    worker.line.send("enough")
    with workspace.lake.change(at=AT):
        assert (workspace.lake.folder / ".lock").read_text() == str(os.getpid())


def test_two_processes_write_in_turn(workspace: Workspace, start: StartWorker) -> None:
    workers = [start(import_five, mark) for mark in "ab"]
    assert [worker.receive() for worker in workers] == ["done", "done"]
    assert keys_in(workspace, "orders") == [f"{mark}{number}" for mark in "ab" for number in range(5)]


def test_a_reader_sees_whole_states_while_another_process_writes(workspace: Workspace, start: StartWorker) -> None:
    worker, generations = start(import_on), set[int]()
    while len(generations) < 3:
        generations.add(generation(workspace))
        assert worker.process.is_alive()
    assert generations == set(range(min(generations), max(generations) + 1))
