"""What is no condition is refused by name, with its place and what would be right."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from custrata.criteria import (
    BadValue,
    MissingPart,
    Needs,
    TooLarge,
    UnknownFacts,
    UnknownNode,
    UnknownOperator,
    UnknownPart,
    parse,
)
from custrata.criteria.values import (
    NotADay,
    NotAList,
    NotANumber,
    NotAPair,
    NotAShare,
    NotAText,
    NotDays,
)
from custrata.errors import BadInput
from custrata.wording import error_sentence

ORDERS: dict[str, Any] = {"facts": "orders", "count": True, "is": ">", "value": 1}


def deep(levels: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"tag": "vip"}
    for _ in range(levels):
        tree = {"not": tree}
    return tree


BAD: list[tuple[object, type[BadInput], str]] = [
    (None, UnknownNode, "$"),
    ([], UnknownNode, "$"),
    ({}, UnknownNode, "$"),
    ({1: 2}, UnknownNode, "$"),
    ({"trait": "a", "tag": "b"}, UnknownNode, "$"),
    ({"all": [{"tag": "a"}, "vip"]}, UnknownNode, "all[1]"),
    ({"any": [{"not": {"al": []}}]}, UnknownNode, "any[0].not"),
    ({"all": {"tag": "a"}}, NotAList, "all"),
    ({"tag": "a", "is": "="}, UnknownPart, "$"),
    ({"all": [], "x": 1}, UnknownPart, "$"),
    ({"not": {"tag": "a", "x": 1}}, UnknownPart, "not"),
    ({"trait": "a", "is": "known", "value": 1}, UnknownPart, "$"),
    ({"trait": "a", "is": "top", "days": 1}, UnknownPart, "$"),
    ({"trait": "a"}, MissingPart, "$"),
    ({"all": [{"trait": "a", "is": ">"}]}, MissingPart, "all[0]"),
    ({"trait": "a", "is": "within_last"}, MissingPart, "$"),
    ({"scheme": "a"}, MissingPart, "$"),
    ({"trait": "a", "is": "=>", "value": 1}, UnknownOperator, "is"),
    ({"trait": "a", "is": ["="], "value": 1}, UnknownOperator, "is"),
    ({**ORDERS, "is": "top"}, UnknownOperator, "is"),
    ({**ORDERS, "where": [{"column": "net", "is": "top", "share": "0.3"}]}, UnknownOperator, "where[0].is"),
    ({"trait": "a", "is": ">", "value": "1,000"}, NotANumber, "value"),
    ({"trait": "a", "is": ">", "value": True}, NotANumber, "value"),
    ({"trait": "a", "is": ">", "value": "1e3"}, NotANumber, "value"),
    ({"trait": "a", "is": ">", "value": float("inf")}, NotANumber, "value"),
    ({"trait": "a", "is": ">", "value": 10**15}, NotANumber, "value"),
    ({"trait": "a", "is": ">", "value": 10**9999}, NotANumber, "value"),
    ({"trait": "a", "is": ">", "value": Decimal("1e999999999")}, NotANumber, "value"),
    ({"trait": "a", "is": "=", "value": None}, NotANumber, "value"),
    ({"trait": "a", "is": "=", "value": ""}, NotAText, "value"),
    ({"trait": "a", "is": "contains", "value": 5}, NotAText, "value"),
    ({"trait": "a", "is": "contains", "value": "a\0"}, NotAText, "value"),
    ({"trait": "a", "is": "contains", "value": "\ud800"}, NotAText, "value"),
    ({"trait": "a", "is": "contains", "value": "x" * 1001}, NotAText, "value"),
    ({"trait": "a", "is": "in", "value": []}, NotAList, "value"),
    ({"trait": "a", "is": "in", "value": "x"}, NotAList, "value"),
    ({"trait": "a", "is": "in", "value": ["x", 5]}, NotAText, "value[1]"),
    ({"trait": "a", "is": "between", "value": [1]}, NotAPair, "value"),
    ({"trait": "a", "is": "between", "value": [1, "x"]}, NotANumber, "value[1]"),
    ({"trait": "a", "is": "between", "value": ["2025-01-31", "2025-02-30"]}, NotADay, "value[1]"),
    ({"trait": "a", "is": "on", "value": "31.1.2025"}, NotADay, "value"),
    ({"trait": "a", "is": "on", "value": 20250131}, NotADay, "value"),
    ({"trait": "a", "is": "within_last", "days": -1}, NotDays, "days"),
    ({"trait": "a", "is": "within_last", "days": 1.5}, NotDays, "days"),
    ({"trait": "a", "is": "within_last", "days": True}, NotDays, "days"),
    ({"trait": "a", "is": "top", "share": 0}, NotAShare, "share"),
    ({"trait": "a", "is": "top", "share": "1.01"}, NotAShare, "share"),
    ({"trait": "a", "is": "top", "share": "30%"}, NotAShare, "share"),
    ({"tag": ""}, NotAText, "tag"),
    ({"tag": 7}, NotAText, "tag"),
    ({"scheme": "a", "tier": []}, NotAList, "tier"),
    ({"scheme": "a", "tier": ["x"], "for_days": "30"}, NotDays, "for_days"),
    ({**ORDERS, "facts": "tickets"}, UnknownFacts, "facts"),
    ({**ORDERS, "count": 1}, BadValue, "count"),
    ({**ORDERS, "sum": "net"}, UnknownPart, "$"),
    ({"facts": "orders", "is": ">", "value": 1}, MissingPart, "$"),
    ({**ORDERS, "window": "90"}, NotDays, "window"),
    ({**ORDERS, "where": {}}, NotAList, "where"),
    ({**ORDERS, "where": [[]]}, UnknownNode, "where[0]"),
    ({**ORDERS, "where": [{"is": "known"}]}, MissingPart, "where[0]"),
    ({**ORDERS, "where": [{"column": "net", "is": ">", "value": "x"}]}, NotANumber, "where[0].value"),
]


@pytest.mark.parametrize(("condition", "error", "path"), BAD)
def test_refuses_by_name_with_the_place(condition: object, error: type[BadInput], path: str) -> None:
    with pytest.raises(error) as raised:
        parse(condition)
    assert type(raised.value) is error
    assert raised.value.facts["path"] == path
    assert str(raised.value).startswith(f"{path}: ")
    assert error_sentence(raised.value, "zh-hans").startswith(f"{path}：")


@pytest.mark.parametrize(
    "condition", [deep(21), deep(5000), {"all": [{"tag": "a"}] * 501}, {**ORDERS, "where": [{}] * 21}]
)
def test_refuses_what_is_too_large(condition: object) -> None:
    with pytest.raises(TooLarge):
        parse(condition)


def test_takes_twenty_levels_and_hundreds_of_parts() -> None:
    assert parse(deep(20)).to_json() == deep(20)
    assert len(parse({"all": [{"tag": "a"}] * 499}).to_json()["all"]) == 499  # type: ignore[arg-type]  # a list of conditions


def test_says_which_operators_there_are() -> None:
    with pytest.raises(UnknownOperator, match=r"no operator “like” here\. The operators are = != > >= <"):
        parse({"trait": "city", "is": "like", "value": "x"})


@pytest.mark.parametrize(
    ("number", "written"),
    [(0.1, "0.1"), (1e20 / 1e10, "10000000000.0"), (Decimal("1.50"), "1.50"), (5, 5), ("5.0", "5.0"), (-0.5, "-0.5")],
)
def test_a_number_is_kept_as_it_was_written(number: object, written: object) -> None:
    assert parse({"trait": "a", "is": ">", "value": number}).to_json()["value"] == written


def test_a_day_of_yaml_is_a_day() -> None:
    criteria = parse({"trait": "a", "is": "between", "value": [date(2025, 1, 1), date(2025, 1, 31)]})
    assert criteria.to_json()["value"] == ["2025-01-01", "2025-01-31"]


def test_true_is_not_one() -> None:
    assert parse({"trait": "a", "is": "=", "value": True}) != parse({"trait": "a", "is": "=", "value": 1})


def test_equal_conditions_are_one_key() -> None:
    assert len({parse(ORDERS), parse({**ORDERS, "window": None, "where": []})}) == 1


def test_tells_what_it_needs() -> None:
    tier = {"scheme": "value", "tier": "high", "for_days": 3}
    criteria = parse({"any": [{"trait": "a", "is": "known"}, {"not": {"tag": "vip"}}, tier, ORDERS]})
    assert criteria.needs == Needs(*(frozenset({name}) for name in ("a", "vip", "value", "orders")))
    assert criteria.columns == {"a", "tags", "value_tier", "value_since"}
