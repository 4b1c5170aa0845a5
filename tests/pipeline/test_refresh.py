"""A refresh: every customer once, in one tier of every scheme; nothing twice, nothing backwards."""

from __future__ import annotations

from decimal import Decimal

import pytest

from custrata.engine import DuckEngine, Engine
from custrata.lake import Run, Workspace
from custrata.pipeline import Refreshed, refresh
from custrata.pipeline.refresh import EarlierAsOf
from custrata.pipeline.snapshot import NoFacts
from custrata.tiering import BUILT_IN
from tests.pipeline.conftest import AT, AddOrders, shop


def column(run: Run, duck: DuckEngine, *names: str) -> dict[str, object]:
    """One or more columns of the profile, by customer."""
    rows = run.read("profile", duck).select("customer_id", *names).to_pyarrow().to_pylist()
    return {row["customer_id"]: row[names[0]] if len(names) == 1 else tuple(row[n] for n in names) for row in rows}


def run_at(workspace: Workspace, duck: Engine, as_of: str | None = None) -> Refreshed:
    return refresh(workspace, duck, at=AT, as_of=as_of)


def test_grades_every_customer_once_in_every_scheme(
    workspace: Workspace, duck: DuckEngine, add_orders: AddOrders
) -> None:
    add_orders(workspace, shop(60))
    run = run_at(workspace, duck).run
    profile = run.read("profile", duck).to_pyarrow()
    assert profile.num_rows == len(set(profile["customer_id"].to_pylist())) == 60
    assert [key for key in BUILT_IN if run.record["schemes"][key]["waiting"]] == ["standing", "need"]
    for key, scheme in BUILT_IN.items():
        if run.record["schemes"][key]["waiting"]:
            continue
        assert set(profile[f"{key}_tier"].to_pylist()) <= set(scheme.tiers)


def test_tiers_of_a_scheme_add_up_to_all_customers_and_all_spend(
    workspace: Workspace, duck: DuckEngine, add_orders: AddOrders
) -> None:
    add_orders(workspace, shop(60))
    record = run_at(workspace, duck).run.record
    for sizes in record["tiers"].values():
        assert sum(size["customers"] for size in sizes) == 60
        assert sum(Decimal(size["revenue"]) for size in sizes) == Decimal(record["headline"]["spend"])


def test_looks_from_the_day_after_the_newest_fact(
    workspace: Workspace, duck: DuckEngine, add_orders: AddOrders
) -> None:
    add_orders(workspace, [{"customer_id": "a", "ordered_at": "2025-03-01T18:30:00", "amount": 5}])
    assert run_at(workspace, duck).run.as_of.isoformat() == "2025-03-02T00:00:00+00:00"


def test_the_same_instant_again_changes_nothing(workspace: Workspace, duck: DuckEngine, add_orders: AddOrders) -> None:
    add_orders(workspace, shop(20))
    first, again = run_at(workspace, duck), run_at(workspace, duck)
    assert (first.new, again.new, again.run.id) == (True, False, first.run.id)
    assert len(workspace.runs.all()) == 1


def test_gives_back_all_the_memory_it_took(workspace: Workspace, add_orders: AddOrders) -> None:
    with DuckEngine(threads=1) as engine:
        add_orders(workspace, shop(20))
        run_at(workspace, engine)
        tables = engine.raw.execute("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%kept%'").fetchall()
    assert tables == []


def test_late_facts_replace_the_run_of_the_same_instant(
    workspace: Workspace, duck: DuckEngine, add_orders: AddOrders
) -> None:
    add_orders(workspace, [{"customer_id": "a", "ordered_at": "2025-01-01", "amount": 5}])
    run_at(workspace, duck, "2025-02-01")
    add_orders(workspace, [{"customer_id": "b", "order_id": "late", "ordered_at": "2025-01-02", "amount": 7}])
    second = run_at(workspace, duck, "2025-02-01")
    assert [run.id for run in workspace.runs.all()] == [second.run.id]
    assert column(second.run, duck, "spend") == {"a": Decimal("5.00"), "b": Decimal("7.00")}


def test_refuses_an_earlier_instant_and_keeps_the_run(
    workspace: Workspace, duck: DuckEngine, add_orders: AddOrders
) -> None:
    add_orders(workspace, shop(5))
    published = run_at(workspace, duck, "2025-06-01").run
    with pytest.raises(EarlierAsOf, match="2025-06-01"):
        run_at(workspace, duck, "2025-05-01")
    assert [run.id for run in workspace.runs.all()] == [published.id]


def test_refuses_a_workspace_without_facts(workspace: Workspace, duck: DuckEngine) -> None:
    with pytest.raises(NoFacts):
        run_at(workspace, duck)
    assert workspace.runs.all() == []


def test_a_kept_tier_keeps_its_since(workspace: Workspace, duck: DuckEngine, add_orders: AddOrders) -> None:
    add_orders(workspace, [{"customer_id": "a", "ordered_at": "2025-01-01", "amount": 5}])
    first = run_at(workspace, duck, "2025-02-01").run
    second = run_at(workspace, duck, "2025-03-01").run
    assert column(second, duck, "value_since") == column(first, duck, "value_since")
    assert column(second, duck, "lifecycle_tier", "lifecycle_since")["a"] == ("new", first.as_of)


def test_records_who_moved_since_the_run_before(workspace: Workspace, duck: DuckEngine, add_orders: AddOrders) -> None:
    add_orders(workspace, [{"customer_id": "a", "ordered_at": "2025-01-01", "amount": 5}])
    assert run_at(workspace, duck, "2025-02-01").run.read("changes", duck).count().execute() == 0
    later = run_at(workspace, duck, "2025-04-01").run.read("changes", duck)
    moved = later.filter(later.scheme == "lifecycle").to_pyarrow().to_pylist()
    assert [(row["from_tier"], row["tier"], row["direction"]) for row in moved] == [("new", "growing", "up")]


def test_a_facts_future_is_not_seen(workspace: Workspace, duck: DuckEngine, add_orders: AddOrders) -> None:
    rows = [
        {"customer_id": name, "ordered_at": day, "amount": 5}
        for name, day in (("a", "2025-01-31"), ("b", "2025-02-01"))
    ]
    add_orders(workspace, rows)
    assert set(column(run_at(workspace, duck, "2025-02-01").run, duck, "spend")) == {"a"}


def test_learned_lines_stay_until_asked_anew(workspace: Workspace, duck: DuckEngine, add_orders: AddOrders) -> None:
    add_orders(workspace, shop(600))
    learned = run_at(workspace, duck, "2025-05-01").run.record["curve"]
    reused = run_at(workspace, duck, "2025-06-01").run.record["curve"]
    anew = refresh(workspace, duck, at=AT, as_of="2025-06-20", learned_before="2025-05-01").run.record["curve"]
    assert (learned["learned"], reused == learned, anew["dates"] == learned["dates"]) == (True, True, False)
