"""Conditions as rows of a form: what was filled in, and how a condition is laid out to be filled in.

A condition of one level, all or any of its parts, is rows; any other is JSON in a field of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from custrata.criteria.operators import OPERATORS
from custrata.schema.numbers import NotANumber, decimal_of, whole_of
from custrata.web.bodies import read_json

Data = dict[str, Any]
WHATS = ("trait", "tag", "tier", "facts")
AMOUNTS = ("=", "!=", ">", ">=", "<", "<=", "between")
PAIRED = {name for name, operator in OPERATORS.items() if operator.takes == "numbers or days"}


@dataclass(frozen=True)
class Row:
    """One part of a condition as its widgets hold it."""

    what: str
    negated: bool = False
    trait: str = ""
    operator: str = ">="
    value: str = ""
    high: str = ""
    tag: str = ""
    scheme: str = ""
    tiers: tuple[str, ...] = ()
    for_days: str = ""
    facts: str = "orders"
    column: str = ""
    window: str = ""
    where: str = ""
    where_value: str = ""


@dataclass(frozen=True)
class Condition:
    """A condition laid out: `how` its rows go together (`all`, `any`), or `expert`, then it is `text`."""

    how: str
    rows: tuple[Row, ...] = ()
    text: str = ""
    data: Any = field(default=None, compare=False)


def condition_of(when: Any) -> Condition:
    """A condition laid out as rows, as far as it is one level deep.

    >>> condition_of({"trait": "orders", "is": ">=", "value": 3}).rows[0].value
    '3'
    >>> condition_of({"any": [{"all": []}]}).how
    'expert'
    """
    how, parts = "all", [when] if when else []
    if isinstance(when, Mapping) and len(when) == 1 and isinstance(when.get("any", when.get("all")), list):
        how = next(iter(when))
        parts = when[how]
    try:
        return Condition(how, tuple(map(_row, parts)), data=when)
    except (_Deeper, TypeError, ValueError, AttributeError, KeyError):
        return Condition("expert", text=_dumped(when), data=when)


class _Deeper(Exception):
    """It is no row."""


def _dumped(when: Any) -> str:
    return when if isinstance(when, str) else json.dumps(when, ensure_ascii=False, indent=1)


def _row(part: Any) -> Row:
    if not isinstance(part, Mapping):
        raise _Deeper
    if set(part) == {"not"}:
        inner = _row(part["not"])
        return Row(**{**vars(inner), "negated": True})
    if set(part) == {"tag"}:
        return Row("tag", tag=str(part["tag"]))
    if "scheme" in part:
        tiers = part.get("tier") or []
        tiers = (tiers,) if isinstance(tiers, str) else tuple(map(str, tiers))
        return Row("tier", scheme=str(part["scheme"]), tiers=tiers, for_days=_text(part.get("for_days")))
    if "facts" in part:
        return _facts_row(part)
    if "trait" in part:
        return Row("trait", trait=str(part["trait"]), **_test(part))
    raise _Deeper


def _facts_row(part: Mapping[str, Any]) -> Row:
    wheres = part.get("where") or []
    if len(wheres) > 1 or (wheres and wheres[0].get("is") != "="):
        raise _Deeper
    where = wheres[0] if wheres else {}
    return Row(
        "facts",
        facts=str(part["facts"]),
        column=_text(part.get("sum")),
        window=_text(part.get("window")),
        where=_text(where.get("column")),
        where_value=_text(where.get("value")),
        **_test(part),
    )


def _test(part: Mapping[str, Any]) -> dict[str, Any]:
    """Operator and value of a leaf, as texts."""
    operator = str(part.get("is", ">="))
    value = next((part[name] for name in ("value", "days", "share") if name in part), "")
    if operator in PAIRED and isinstance(value, list):
        low, high = (*value, "", "")[:2]
        return {"operator": operator, "value": _text(low), "high": _text(high)}
    return {"operator": operator, "value": _text(value)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)


def condition_posted(post: QueryDict, name: str) -> Any:
    """The condition that the widgets called `name` hold; nothing where there is no row."""
    if post.get(f"{name}-how") == "expert":
        text = post.get(f"{name}-text", "").strip()
        try:
            return read_json(text) if text else None
        except ValueError:
            return text
    rows = [_posted(post, f"{name}-{token}") for token in post.getlist(f"{name}-row")]
    return together(rows, post.get(f"{name}-how", "all"))


def together(rows: Sequence[Data], how: str) -> Any:
    """Parts as one condition; a single part is the condition."""
    return None if not rows else rows[0] if len(rows) == 1 else {how if how in ("all", "any") else "all": list(rows)}


def new_row(traits: Sequence[str]) -> Data:
    """A part to be filled in."""
    return {"trait": traits[0] if traits else "orders", "is": ">=", "value": 1}


def _posted(post: QueryDict, name: str) -> Data:
    def given(part: str) -> str:
        return post.get(f"{name}-{part}", "").strip()

    what = given("what")
    if what == "tag":
        leaf: Data = {"tag": given("tag")}
    elif what == "tier":
        leaf = {"scheme": given("scheme"), "tier": post.getlist(f"{name}-tier")}
        leaf |= {"for_days": number(given("for_days"))} if given("for_days") else {}
    elif what == "facts":
        leaf = _facts_posted(given)
    else:
        leaf = {"trait": given("trait"), **_test_posted(given("is"), given("value"), given("high"), given("sort"))}
    return {"not": leaf} if given("not") else leaf


def _facts_posted(given: Any) -> Data:
    leaf: Data = {"facts": given("facts") or "orders"}
    leaf |= {"sum": given("column")} if given("column") else {"count": True}
    leaf |= {"window": number(given("window"))} if given("window") else {}
    if given("where"):
        leaf["where"] = [{"column": given("where"), "is": "=", "value": given("where_value")}]
    operator = given("is") if given("is") in AMOUNTS else ">="
    return {**leaf, **_test_posted(operator, given("value"), given("high"))}


def _test_posted(operator: str, value: str, high: str, sort: str = "number") -> Data:
    takes = OPERATORS[operator].takes if operator in OPERATORS else "anything"
    leaf: Data = {"is": operator}
    match takes:
        case "nothing":
            return leaf
        case "days":
            return {**leaf, "days": number(value)}
        case "share":
            return {**leaf, "share": value}
        case "numbers or days":
            return {**leaf, "value": [number(value), number(high)]}
        case "texts":
            return {**leaf, "value": [one.strip() for one in value.replace("，", ",").split(",") if one.strip()]}
        case "number":
            return {**leaf, "value": number(value)}
        case "anything":
            return {**leaf, "value": _sorted(value, sort)}
    return {**leaf, "value": value}


def _sorted(value: str, sort: str) -> Any:
    """A value to be equal to, as the trait holds it; what is no number where one is wanted stays as it was typed."""
    if sort == "truth":
        return value == "true"
    if sort == "text":
        return value
    found = number(value)
    try:
        return float(decimal_of(found)) if isinstance(found, str) else found
    except NotANumber:
        return found


def number(text: str) -> str | int:
    """A whole number as such, all else as it was typed."""
    try:
        return whole_of(text)
    except NotANumber:
        return text
