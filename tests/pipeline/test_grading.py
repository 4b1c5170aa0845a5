"""Grading by many schemes: in order of what reads what, over windows of their own, with what was learned kept."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import permutations
from typing import Any

import pyarrow as pa
import pytest

from custrata.analytics.traits import traits
from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.schema import CUSTOMER_RECORDS
from custrata.tiering import BUILT_IN, define, scheme_of
from custrata.tiering.schemes import dependency_order
from tests.analytics.conftest import orders_table
from tests.pipeline.conftest import AT, shop, stock
from tests.pipeline.lives import VIP, by_hand, column, order, publish, run_at, tiers_of


def reader(key: str, of: str, *tiers: str) -> dict[str, Any]:
    """A scheme that says yes to some tiers of another."""
    rules = [{"tier": "yes", "when": {"scheme": of, "tier": list(tiers)}}]
    return {"key": key, "kind": "rules", "rules": rules, "tiers": [{"key": "yes"}, {"key": "no"}]}


def by_lines(key: str, trait: str, **more: Any) -> dict[str, Any]:
    """A scheme of two tiers by a trait."""
    return {
        "key": key,
        "kind": "threshold",
        "trait": trait,
        "tiers": [{"key": "top", "line": 300}, {"key": "rest"}],
        **more,
    }


@pytest.mark.parametrize("keys", list(permutations(["vip", "upper", "over"])))
def test_a_scheme_stands_after_what_it_reads(keys: tuple[str, ...]) -> None:
    definitions = {"vip": VIP, "upper": reader("upper", "vip", "gold"), "over": reader("over", "upper", "yes")}
    assert [scheme.key for scheme in dependency_order([scheme_of(define(definitions[key])) for key in keys])] == [
        "vip",
        "upper",
        "over",
    ]


def test_a_scheme_reads_the_tier_as_life_and_hand_left_it(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("a", "2024-06-01", 1000), order("b", "2024-12-20", 10)])
    publish(workspace, reader("upper", "vip", "gold"), VIP)
    first = run_at(workspace, duck, "2025-05-15", decisions=by_hand("b", "vip", "gold"))
    later = run_at(workspace, duck, "2025-06-10")  # the order of a has left the window, the tier is still safe
    assert tiers_of(first, duck, "upper") == {"a": "yes", "b": "yes"}
    assert column(later, duck, "vip_status") == {"a": "protected", "b": "override"}
    assert tiers_of(later, duck, "upper") == {"a": "yes", "b": "yes"}


@pytest.mark.parametrize("window", [None, 30])
@pytest.mark.parametrize("trait", ["spend", "orders", "average_order_value"])
def test_a_window_of_its_own_is_that_of_the_trait(
    workspace: Workspace, duck: DuckEngine, window: int | None, trait: str
) -> None:
    rows = shop(25)
    stock(workspace, duck, rows)
    publish(workspace, by_lines("own", trait, window=window or "all"), by_lines("usual", trait))
    run = run_at(workspace, duck, "2025-03-01")
    for key, days in (("own", window), ("usual", 365)):
        trait_rows = duck.arrow(
            traits(duck.from_arrow(orders_table(rows)), as_of="2025-03-01", window=days)
        ).to_pylist()
        expected = {row["customer_id"]: row[trait] for row in trait_rows}
        graded_values = column(run, duck, f"{key}_value")
        assert {who: to_cents(value) for who, value in graded_values.items() if value} == {
            who: to_cents(value) for who, value in expected.items() if value
        }


def to_cents(value: Any) -> Decimal:
    """To the cent, as a trait is shown: a scheme compares an average with more places."""
    return Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_since_a_calendar_review_only_later_orders_count(workspace: Workspace, duck: DuckEngine) -> None:
    bought = [("2024-03-31", 400), ("2024-04-01", 20), ("2025-03-31", 30), ("2025-04-01", 5)]
    stock(workspace, duck, [order("a", day, amount) for day, amount in bought])
    review = {"kind": "calendar", "dates": ["04-01"]}
    publish(workspace, by_lines("air", "spend", qualify="since_review", review=review))
    days = ("2024-06-01", "2025-03-01", "2025-04-01", "2025-04-02")
    runs = [run_at(workspace, duck, day) for day in days]
    assert [column(run, duck, "air_value")["a"] for run in runs] == [Decimal(400), Decimal(20), Decimal(50), Decimal(5)]


def test_since_the_anniversary_of_the_first_order(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("a", "2023-05-10", 100), order("a", "2024-05-09", 50), order("a", "2024-05-10", 7)])
    review = {"kind": "member_anniversary"}
    publish(workspace, by_lines("club", "spend", qualify="since_review", review=review))
    runs = [run_at(workspace, duck, day) for day in ("2024-05-09", "2024-05-12", "2024-05-13")]
    assert [column(run, duck, "club_value")["a"] for run in runs] == [Decimal(100), Decimal(150), Decimal(7)]


def test_a_scheme_waits_for_what_nobody_brought(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("a", "2025-01-01")])
    asks = {"key": "local", "kind": "rules", "tiers": [{"key": "here"}, {"key": "away"}]}
    asks["rules"] = [{"tier": "here", "when": {"trait": "shoe size", "is": "=", "value": "42"}}]
    publish(workspace, asks, by_lines("shoes", "shoe_size"), VIP)
    record = run_at(workspace, duck, "2025-02-01").record
    assert {key: grading["waiting"] for key, grading in record["schemes"].items()} == {
        "local": True,
        "shoes": True,
        "vip": False,
    }
    assert "local" not in record["tiers"]


@pytest.mark.parametrize(
    "scheme",
    [
        {"key": "groups", "kind": "cluster", "traits": ["orders", "spend"], "clusters": 3, "order_by": "spend"},
        {"key": "splits", "kind": "tree", "target": "spend", "traits": ["orders"], "depth": 2, "least_leaf": 5},
    ],
    ids=["cluster", "tree"],
)
def test_what_was_learned_is_kept_until_asked_anew(
    workspace: Workspace, duck: DuckEngine, scheme: dict[str, Any]
) -> None:
    stock(workspace, duck, shop(60))
    publish(workspace, scheme)
    key = scheme["key"]
    runs = [run_at(workspace, duck, day) for day in ("2024-08-01", "2025-04-01")]
    anew = run_at(workspace, duck, "2025-04-02", learned_before="2024-08-01")
    first, reused, learned = (run.record["schemes"][key]["facts"] for run in (*runs, anew))
    assert (_learned(first) == _learned(reused), _learned(reused) == _learned(learned)) == (True, False)


def _learned(facts: dict[str, Any]) -> Any:
    return facts.get("model", facts.get("tree", facts))


def test_payments_out_of_a_file_decide_the_standing(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order(who, "2025-01-01") for who in "abcd"])
    paid = {"a": ("0", "no"), "b": ("0.9", "yes"), "c": ("gar nicht", "?"), "d": None}
    origin = {"source": "crm", "imported_at": AT, "import_id": "i1"}
    records = [
        {"source_id": who, "customer_id": who, **origin,
         "properties": None if payment is None else list(zip(("late_share", "overdue"), payment, strict=True))}
        for who, payment in paid.items()
    ]  # fmt: skip
    table = pa.Table.from_pylist(records, CUSTOMER_RECORDS.schema.to_pyarrow())
    with workspace.lake.change(at=AT) as change:
        change.upsert("customer_records", duck.from_arrow(table), duck)
    publish(workspace, BUILT_IN["standing"].definition.data())
    run = run_at(workspace, duck, "2025-02-01")
    assert column(run, duck, "late_share") == {"a": Decimal(0), "b": Decimal("0.9"), "c": None, "d": None}
    assert column(run, duck, "overdue") == {"a": False, "b": True, "c": None, "d": None}
    assert set(tiers_of(run, duck, "standing")) == set("abcd")
    assert tiers_of(run, duck, "standing")["b"] == "black"


@pytest.mark.parametrize("scheme", [by_lines("club", "spend"), VIP | {"key": "club"}])
def test_on_the_day_a_tier_by_hand_ends_ones_own_stands_without_grace(
    workspace: Workspace, duck: DuckEngine, scheme: dict[str, Any]
) -> None:
    stock(workspace, duck, [order("a", "2025-01-01", 10)])
    publish(workspace, scheme)
    best, until = scheme["tiers"][0]["key"], datetime(2025, 2, 10, tzinfo=UTC)
    overridden = run_at(workspace, duck, "2025-02-01", decisions=by_hand("a", "club", best, until))
    ended = run_at(workspace, duck, "2025-02-10")
    assert (tiers_of(overridden, duck, "club"), tiers_of(ended, duck, "club")) == (
        {"a": best},
        {"a": scheme["tiers"][-1]["key"]},
    )
