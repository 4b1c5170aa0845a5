"""Conditions on facts: windows, sums, wheres, and customers without any."""

from __future__ import annotations

import pyarrow as pa
import pytest

from custrata.criteria import NotSummable, UnknownColumn, UnknownFacts, parse
from custrata.engine import DuckEngine, Engine
from tests.criteria.evaluation import MONEY, answers, cents, facts, matches, people, scope_of

PEOPLE = people({"n": (pa.int32(), [0, 1, 2, 3])})
# The window of 90 days opens on 1 November, 16:00 UTC; the instant one looks from is 30 January, 16:00 UTC.
ORDERS = facts(
    [
        ("000", "2024-11-01T15:59:59.999999Z", *cents("5.00"), "app"),
        ("000", "2024-11-01T16:00:00Z", *cents("10.00"), "app"),
        ("000", "2025-01-30T15:59:59.999999Z", *cents("20.00"), "web"),
        ("000", "2025-01-30T16:00:00Z", *cents("40.00"), "app"),
        ("001", "2025-01-01T00:00:00Z", *cents("-3.00"), None),
        ("002", "2024-01-01T00:00:00Z", *cents("1.00"), "app"),
        ("002", None, *cents("80.00"), "app"),
        (None, "2025-01-01T00:00:00Z", *cents("7.00"), "app"),
    ],
    net=MONEY,
    channel=pa.string(),
)
EVENTS = facts([("001", "2025-01-02T00:00:00Z", "visit"), ("003", "2025-01-02T00:00:00Z", "visit")], name=pa.string())

APP = [{"column": "channel", "is": "=", "value": "app"}]
CASES: list[tuple[dict[str, object], str]] = [
    ({"count": True, "window": 90, "is": "=", "value": 2}, "0"),
    ({"count": True, "window": 89, "is": "=", "value": 1}, "01"),
    ({"count": True, "is": "=", "value": 3}, "0"),
    ({"count": True, "is": "=", "value": 0}, "3"),
    ({"count": True, "window": None, "is": ">=", "value": 1}, "012"),
    ({"count": True, "window": 90, "is": "<", "value": 1}, "23"),
    ({"count": True, "window": 0, "is": ">", "value": 0}, ""),
    ({"count": True, "window": 90, "where": APP, "is": ">=", "value": 1}, "0"),
    ({"count": True, "where": [{"column": "channel", "is": "unknown"}], "is": "=", "value": 1}, "1"),
    ({"count": True, "where": [*APP, {"column": "net", "is": ">", "value": "5.00"}], "is": "=", "value": 1}, "0"),
    ({"sum": "net", "window": 90, "is": ">=", "value": "30.00"}, "0"),
    ({"sum": "net", "window": 90, "is": ">=", "value": "30.01"}, ""),
    ({"sum": "net", "window": 90, "is": "<", "value": 0}, "1"),
    ({"sum": "net", "is": "between", "value": [0, 1]}, "23"),
    ({"sum": "net", "where": APP, "is": "=", "value": "15"}, "0"),
]


def test_facts_are_measured_at_their_bounds(engine: Engine) -> None:
    criteria = [parse({"facts": "orders", **rest}) for rest, _ in CASES]
    rows = answers(engine, scope_of(engine, PEOPLE, orders=ORDERS), criteria)
    matched = ["".join(row["customer_id"][-1] for row in rows if row[f"answer_{n}"]) for n in range(len(CASES))]
    assert [(rest, customers) for (rest, _), customers in zip(CASES, matched, strict=True)] == CASES


@pytest.mark.parametrize(("rest", "customers"), CASES)
def test_one_measure_alone_is_the_same(duck: DuckEngine, rest: dict[str, object], customers: str) -> None:
    assert matches(duck, scope_of(duck, PEOPLE, orders=ORDERS), {"facts": "orders", **rest}) == customers


def test_counts_by_facts(duck: DuckEngine) -> None:
    criteria = [parse({"facts": "orders", **rest}) for rest, _ in CASES]
    assert scope_of(duck, PEOPLE, orders=ORDERS).count(criteria) == [len(customers) for _, customers in CASES]


def test_facts_of_several_tables_and_traits_join(duck: DuckEngine) -> None:
    visited = {"facts": "events", "count": True, "window": 30, "is": ">=", "value": 1}
    ordered = {"facts": "orders", "count": True, "is": ">=", "value": 1}
    scope = scope_of(duck, PEOPLE, orders=ORDERS, events=EVENTS)
    assert matches(duck, scope, {"all": [visited, {"not": ordered}, {"trait": "n", "is": ">", "value": 0}]}) == "3"


def test_a_measure_asked_for_twice_is_one_column(duck: DuckEngine) -> None:
    often, seldom = ({"facts": "orders", "count": True, "is": sign, "value": 1} for sign in (">", "<="))
    table, _ = scope_of(duck, PEOPLE, orders=ORDERS).apply([parse(often), parse({"not": seldom})])
    assert sum(name.startswith("_") for name in table.columns) == 1


def test_the_profile_stays_as_it_is_where_nothing_is_measured(duck: DuckEngine) -> None:
    scope = scope_of(duck, PEOPLE)
    table, _ = scope.apply([parse({"trait": "n", "is": ">", "value": 1})])
    assert table.equals(scope.profile)


def test_keeps_what_is_measured_once(duck: DuckEngine) -> None:
    base = scope_of(duck, PEOPLE, orders=ORDERS)
    with duck.keeping() as keep:
        scope = type(base)(base.profile, base.as_of, base.zone, base.facts, keep)
        assert matches(duck, scope, {"facts": "orders", "count": True, "is": ">=", "value": 1}) == "012"


def test_facts_of_nobody_count_nought(engine: Engine) -> None:
    scope = scope_of(engine, PEOPLE, orders=facts([], net=MONEY))
    assert matches(engine, scope, {"facts": "orders", "sum": "net", "is": "=", "value": 0}) == "0123"


def test_facts_must_be_there_with_their_columns(duck: DuckEngine) -> None:
    scope = scope_of(duck, PEOPLE, events=EVENTS)
    with pytest.raises(UnknownFacts, match=r"^any\[0\].facts: .*orders.* Available: events"):
        matches(duck, scope, {"any": [{"facts": "orders", "count": True, "is": ">", "value": 1}]})
    with pytest.raises(UnknownColumn, match=r"^sum: events have no column “nam”. The nearest names are name"):
        matches(duck, scope, {"facts": "events", "sum": "nam", "is": ">", "value": 1})
    with pytest.raises(NotSummable, match=r"^sum: “name” \(string\)"):
        matches(duck, scope, {"facts": "events", "sum": "name", "is": ">", "value": 1})
