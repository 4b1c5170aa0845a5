"""The operators: what each asks of a value, which types it fits, and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import ibis.expr.datatypes as dt

Kind = Literal["number", "text", "truth", "day", "other"]
Takes = Literal["anything", "number", "numbers or days", "text", "texts", "day", "days", "share", "nothing"]

KINDS: tuple[Kind, ...] = ("number", "text", "truth", "day", "other")


@dataclass(frozen=True)
class Operator:
    """One operator: its name, the kinds of column it fits, and what it takes."""

    name: str
    kinds: frozenset[Kind]
    takes: Takes

    @property
    def of_population(self) -> bool:
        """Whether it asks where a value stands among all customers."""
        return self.takes == "share"


def _operators(kinds: tuple[Kind, ...], takes: Takes, *names: str) -> dict[str, Operator]:
    return {name: Operator(name, frozenset(kinds), takes) for name in names}


OPERATORS: dict[str, Operator] = {
    **_operators(("number", "text", "truth"), "anything", "="),
    **_operators(("number", "text"), "anything", "!="),
    **_operators(("number",), "number", ">", ">=", "<", "<="),
    **_operators(("number", "day"), "numbers or days", "between"),
    **_operators(("text",), "texts", "in", "not_in"),
    **_operators(("text",), "text", "contains", "starts_with"),
    **_operators(("day",), "day", "before", "after", "on"),
    **_operators(("day",), "days", "within_last", "not_within_last", "within_next", "anniversary_within_next"),
    **_operators(KINDS, "nothing", "known", "unknown"),
    **_operators(("number",), "share", "top", "bottom"),
}
OF_COLUMNS = {name: operator for name, operator in OPERATORS.items() if not operator.of_population}
OF_AMOUNTS = {name: OPERATORS[name] for name in ("=", "!=", ">", ">=", "<", "<=", "between")}


def kind_of(dtype: dt.DataType) -> Kind:
    """What sort of value a column of that type holds; an instant counts as its day.

    >>> kind_of(dt.Decimal(18, 2)), kind_of(dt.Timestamp("UTC"))
    ('number', 'day')
    """
    if dtype.is_numeric() and not dtype.is_boolean():
        return "number"
    if dtype.is_date() or dtype.is_timestamp():
        return "day"
    if dtype.is_boolean():
        return "truth"
    return "text" if dtype.is_string() else "other"
