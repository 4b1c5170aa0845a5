"""Whether one customer meets a condition: the row of a table that `Scope.apply` prepared, without an engine."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from math import isnan
from typing import Any

from custrata.criteria.columns import BETWEEN_TAGS, TAGS, line_column, measure_column, since_column, tier_column
from custrata.criteria.moment import Moment
from custrata.criteria.nodes import AllOf, AnyOf, FactsLeaf, Leaf, Node, NotOf, TagLeaf, Test, TierLeaf, TraitLeaf
from custrata.criteria.texts import caseless, filled
from custrata.criteria.values import dates, decimals

Row = Mapping[str, Any]


def holds(node: Node, row: Row, moment: Moment) -> bool:
    """Whether the condition holds for the row."""
    match node:
        case AllOf(parts):
            return all(holds(part, row, moment) for part in parts)
        case AnyOf(parts):
            return any(holds(part, row, moment) for part in parts)
        case NotOf(part):
            return not holds(part, row, moment)
        case TraitLeaf(_, test):
            return passes(actual(node, row), test, moment, row[line_column(node) or "customer_id"])
        case TagLeaf(tag):
            return tag in (actual(node, row) or "").split(BETWEEN_TAGS)
        case TierLeaf(scheme, tiers, days):
            lasted = days is None or _lasted(row.get(since_column(scheme)), days, moment)
            return actual(node, row) in tiers and lasted
        case FactsLeaf(_, test):
            return passes(actual(node, row), test, moment, None)


def actual(leaf: Leaf, row: Row) -> Any:
    """What the row has where the leaf looks; `None` where nothing is known."""
    match leaf:
        case TraitLeaf(trait):
            value = row[trait]
            return None if isinstance(value, float) and isnan(value) else value
        case TagLeaf():
            return row.get(TAGS)
        case TierLeaf(scheme):
            return row[tier_column(scheme)]
        case FactsLeaf(measure):
            return row[measure_column(measure)]


def _lasted(since: datetime | None, days: int, moment: Moment) -> bool:
    return since is not None and moment.utc(since) <= moment.start(days)


def passes(value: Any, test: Test, moment: Moment, line: Any) -> bool:
    """Whether a value passes a test; an unknown one passes `unknown` alone."""
    value = filled(value) if isinstance(value, str) else value
    if test.operator in ("known", "unknown"):
        return (value is None) == (test.operator == "unknown")
    match value:
        case None:
            return False
        case bool():
            return value is test.truth
        case int() | float() | Decimal():
            return _number(value, test, line)
        case str():
            return _text(value, test)
        case _:
            return _day(moment.day_of(value), test, moment)


def _number(value: int | float | Decimal, test: Test, line: Any) -> bool:
    if test.share is not None:
        return line is not None and bool(value >= line if test.operator == "top" else value <= line)
    marks: list[Any] = list(decimals(test.value, *test.values))
    if isinstance(value, float):
        marks = [float(mark) for mark in marks]
    match test.operator:
        case "=":
            return bool(value == marks[0])
        case "!=":
            return bool(value != marks[0])
        case ">":
            return bool(value > marks[0])
        case ">=":
            return bool(value >= marks[0])
        case "<":
            return bool(value < marks[0])
        case "<=":
            return bool(value <= marks[0])
        case _:
            return bool(marks[0] <= value <= marks[1])


def _text(value: str, test: Test) -> bool:
    operand = str(test.value)
    match test.operator:
        case "=":
            return value == operand
        case "!=":
            return value != operand
        case "in":
            return value in test.values
        case "not_in":
            return value not in test.values
        case "contains":
            return caseless(operand) in caseless(value)
        case _:
            return caseless(value).startswith(caseless(operand))


def _day(day: date, test: Test, moment: Moment) -> bool:
    if test.days is not None:
        first, last = moment.span(test.operator, test.days)
        if test.operator == "anniversary_within_next":
            return next_anniversary(day, first) <= last
        return (first <= day <= last) != test.operator.startswith("not")
    marks = list(dates(test.value, *test.values))
    match test.operator:
        case "before":
            return day < marks[0]
        case "after":
            return day > marks[0]
        case "on":
            return day == marks[0]
        case _:
            return marks[0] <= day <= marks[1]


def next_anniversary(day: date, today: date) -> date:
    """The next day, today included, with that month and day; 29 February is the 28th in a year without one.

    >>> next_anniversary(date(2000, 2, 29), date(2025, 2, 1))
    datetime.date(2025, 2, 28)
    """
    this_year = _in_year(day, today.year)
    return this_year if this_year >= today else _in_year(day, today.year + 1)


def _in_year(day: date, year: int) -> date:
    leap = (day.month, day.day) == (2, 29) and not isleap(year)
    return date(year, 2, 28) if leap else day.replace(year=year)
