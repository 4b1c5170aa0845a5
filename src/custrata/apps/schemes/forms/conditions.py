"""Conditions as rows of a form: parsing submitted rows, and laying out a condition as rows.

A condition of one level (all or any of its parts) is shown as rows; any other as JSON in a text field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from custrata.apps.schemes.forms.editor import ConditionForm, PartForm, PartRows
from custrata.criteria.operators import OPERATORS
from custrata.schema.numbers import UnreadableNumber, decimal_of, whole_of
from custrata.web.bodies import read_json

Data = dict[str, Any]
AMOUNTS = ("=", "!=", ">", ">=", "<", "<=", "between")
PAIRED = {name for name, operator in OPERATORS.items() if operator.takes == "numbers or days"}


@dataclass(frozen=True)
class Row:
    """One part of a condition, as the values of its widgets."""

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
    """A condition as a form: `how` is `all` or `any` for rows, `expert` for JSON in `text`."""

    how: str
    rows: tuple[Row, ...] = ()
    text: str = ""
    data: Any = field(default=None, compare=False)


def condition_of(when: Any) -> Condition:
    """A condition as rows if it is one level deep, else as JSON text.

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
    except (_NotARow, TypeError, ValueError, AttributeError, KeyError):
        return Condition("expert", text=_to_json(when), data=when)


class _NotARow(Exception):
    """The condition cannot be shown as a row."""


def _to_json(when: Any) -> str:
    return when if isinstance(when, str) else json.dumps(when, ensure_ascii=False, indent=1)


def _row(part: Any) -> Row:
    if not isinstance(part, Mapping):
        raise _NotARow
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
    raise _NotARow


def _facts_row(part: Mapping[str, Any]) -> Row:
    wheres = part.get("where") or []
    if len(wheres) > 1 or (wheres and wheres[0].get("is") != "="):
        raise _NotARow
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
    """Operator and value of a leaf as text."""
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


def parse_condition(post: QueryDict, name: str) -> Any:
    """The condition submitted by the widgets called `name`; None without rows."""
    fields = ConditionForm(post, prefix=name).texts()
    if fields["how"] == "expert":
        text = fields["text"]
        try:
            return read_json(text) if text else None
        except ValueError:
            return text
    rows = [_parse_row(form) for form in PartRows(post, prefix=name).posted() or ()]
    return combine(rows, fields["how"])


def combine(rows: Sequence[Data], how: str) -> Any:
    """Combine parts into one condition; a single part is returned as it is."""
    return None if not rows else rows[0] if len(rows) == 1 else {how if how in ("all", "any") else "all": list(rows)}


def _parse_row(form: PartForm) -> Data:
    fields = form.texts()
    if fields["what"] == "tag":
        leaf: Data = {"tag": fields["tag"]}
    elif fields["what"] == "tier":
        leaf = {"scheme": fields["scheme"], "tier": form.tiers()}
        leaf |= {"for_days": number(fields["for_days"])} if fields["for_days"] else {}
    elif fields["what"] == "facts":
        leaf = _parse_facts(fields)
    else:
        test = _parse_test(fields["is"], fields["value"], fields["high"], fields["sort"])
        leaf = {"trait": fields["trait"], **test}
    return {"not": leaf} if form.cleaned_data.get("not") else leaf


def _parse_facts(fields: Mapping[str, str]) -> Data:
    leaf: Data = {"facts": fields["facts"] or "orders"}
    leaf |= {"sum": fields["column"]} if fields["column"] else {"count": True}
    leaf |= {"window": number(fields["window"])} if fields["window"] else {}
    if fields["where"]:
        leaf["where"] = [{"column": fields["where"], "is": "=", "value": fields["where_value"]}]
    operator = fields["is"] if fields["is"] in AMOUNTS else ">="
    return {**leaf, **_parse_test(operator, fields["value"], fields["high"])}


def _parse_test(operator: str, value: str, high: str, sort: str = "number") -> Data:
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
            return {**leaf, "value": [part.strip() for part in value.replace("，", ",").split(",") if part.strip()]}
        case "number":
            return {**leaf, "value": number(value)}
        case "anything":
            return {**leaf, "value": _typed_value(value, sort)}
    return {**leaf, "value": value}


def _typed_value(value: str, sort: str) -> Any:
    """The value of an equality test in the type of its trait; text that is not a number is returned unchanged."""
    if sort == "truth":
        return value == "true"
    if sort == "text":
        return value
    parsed = number(value)
    try:
        return float(decimal_of(parsed)) if isinstance(parsed, str) else parsed
    except UnreadableNumber:
        return parsed


def number(text: str) -> str | int:
    """Parse an integer; any other text is returned unchanged."""
    try:
        return whole_of(text)
    except UnreadableNumber:
        return text
