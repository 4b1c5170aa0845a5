"""A condition must fit the profile: its traits, their types, and the values it compares them with."""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import pytest

from custrata.criteria import (
    UngradedScheme,
    UnknownColumn,
    UnknownFacts,
    UnknownTrait,
    WrongOperator,
    parse,
)
from custrata.criteria.values import NotADay, NotANumber, NotAPair, NotAText, NotTrueOrFalse
from custrata.errors import BadInput

COLUMNS: dict[str, str | dt.DataType] = {
    "spend": "decimal(18, 2)",
    "orders": "int32",
    "rate": dt.float64,
    "city": "string",
    "vip": "boolean",
    "last_order_on": "date",
    "seen": "timestamp('UTC', 6)",
    "lines": "array<string>",
    "value_tier": "string",
    "_hidden": "int64",
}


def leaf(trait: str, operator: str, value: object) -> dict[str, Any]:
    return {"trait": trait, "is": operator, "value": value}


BAD: list[tuple[object, type[BadInput], str]] = [
    (leaf("spent", ">", 1), UnknownTrait, "trait"),
    ({"all": [{"tag": "x"}, {"not": leaf("nope", ">", 1)}]}, UnknownTrait, "all[1].not.trait"),
    ({"any": [{"scheme": "worth", "tier": "high"}]}, UngradedScheme, "any[0].scheme"),
    (leaf("city", ">", 1), WrongOperator, "is"),
    (leaf("spend", "contains", "1"), WrongOperator, "is"),
    (leaf("last_order_on", "=", "2025-01-01"), WrongOperator, "is"),
    (leaf("orders", "on", "2025-01-01"), WrongOperator, "is"),
    (leaf("vip", "!=", True), WrongOperator, "is"),
    (leaf("lines", "=", "x"), WrongOperator, "is"),
    ({"trait": "city", "is": "top", "share": "0.5"}, WrongOperator, "is"),
    ({"trait": "spend", "is": "within_last", "days": 5}, WrongOperator, "is"),
    (leaf("spend", "=", "much"), NotANumber, "value"),
    (leaf("spend", "=", True), NotANumber, "value"),
    (leaf("city", "=", 5), NotAText, "value"),
    (leaf("city", "=", True), NotAText, "value"),
    (leaf("vip", "=", "yes"), NotTrueOrFalse, "value"),
    (leaf("vip", "=", 1), NotTrueOrFalse, "value"),
    (leaf("spend", "between", [2, 1]), NotAPair, "value"),
    (leaf("spend", "between", ["2025-01-01", "2025-01-02"]), NotANumber, "value[0]"),
    (leaf("seen", "between", [1, 2]), NotADay, "value[0]"),
    (leaf("seen", "between", ["2025-01-02", "2025-01-01"]), NotAPair, "value"),
]
GOOD: list[object] = [
    leaf("spend", "between", ["9.00", 10]),
    leaf("spend", "between", [1, 1]),
    leaf("rate", "=", 0.5),
    leaf("city", "=", "5"),
    leaf("vip", "=", False),
    leaf("seen", "between", ["2025-01-01", "2025-01-01"]),
    {"trait": "lines", "is": "known"},
    {"trait": "last_order_on", "is": "anniversary_within_next", "days": 7},
    {"scheme": "value", "tier": "high", "for_days": 30},
    {"tag": "red_list"},
    {"facts": "events", "count": True, "is": ">", "value": 1},
]


@pytest.mark.parametrize(("condition", "error", "path"), BAD)
def test_refuses_what_does_not_fit(condition: object, error: type[BadInput], path: str) -> None:
    with pytest.raises(error) as raised:
        parse(condition).check(COLUMNS)
    assert type(raised.value) is error
    assert raised.value.facts["path"] == path


@pytest.mark.parametrize("condition", GOOD)
def test_takes_what_fits(condition: object) -> None:
    parse(condition).check(COLUMNS)


def test_names_the_nearest_traits() -> None:
    with pytest.raises(UnknownTrait, match=r"no trait “spent”\. The nearest names are spend, seen, "):
        parse(leaf("spent", ">", 1)).check(COLUMNS)


def test_names_nothing_where_there_is_nothing() -> None:
    with pytest.raises(UnknownTrait, match="The nearest names are –"):
        parse(leaf("spent", ">", 1)).check({"_hidden": "int64"})


def test_says_what_fits_instead() -> None:
    with pytest.raises(
        WrongOperator, match=r"“contains” does not fit “vip” \(boolean\)\. Available: = known unknown\."
    ):
        parse(leaf("vip", "contains", "x")).check(COLUMNS)


ORDERS: dict[str, Any] = {"facts": "orders", "count": True, "is": ">", "value": 1}


def test_checks_facts_where_their_columns_are_given() -> None:
    criteria = parse({**ORDERS, "where": [{"column": "chanel", "is": "=", "value": "app"}]})
    criteria.check(COLUMNS)
    with pytest.raises(UnknownColumn, match=r"^where\[0\]\.column: orders have no column “chanel”.*channel"):
        criteria.check(COLUMNS, {"orders": {"channel": "string", "at": "int64"}})
    with pytest.raises(UnknownFacts):
        criteria.check(COLUMNS, {})


def test_checks_the_types_of_facts() -> None:
    criteria = parse({**ORDERS, "where": [{"column": "channel", "is": ">", "value": 1}]})
    with pytest.raises(WrongOperator, match=r"^where\[0\]\.is: "):
        criteria.check(COLUMNS, {"orders": {"channel": "string"}})


def test_an_amount_is_compared_with_a_number() -> None:
    with pytest.raises(NotANumber, match=r"^value: "):
        parse({**ORDERS, "is": "=", "value": "many"}).check(COLUMNS)
