"""A scheme's definition as a form: parsing submitted sections, and the buttons that change rows.

A form lists the sections it contains (`has`), so that a page may show some of them; the others are kept. Invalid input
is kept as it was typed, so that the user can correct it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import QueryDict

from custrata.apps.schemes.forms.conditions import combine, number, parse_condition
from custrata.apps.schemes.forms.editor import (
    MOST_ROWS,
    AllTiersForm,
    FactorForm,
    FactorRows,
    LifeForm,
    MeasureForm,
    NamesForm,
    RuleForm,
    RuleRows,
    TierForm,
    TierRows,
)
from custrata.schema.numbers import UnreadableNumber, whole_of
from custrata.tiering.shapes import SHAPES
from custrata.web.bodies import read_json

Data = dict[str, Any]
SEPARATOR = re.compile(r"[\s,，、;]+")


class NotJson(ValueError):
    """The text of the expert view is not a JSON object."""


def parse_definition(definition: Mapping[str, Any], post: QueryDict) -> Data:
    """The definition updated from the submitted sections. Raises `NotJson`."""
    data: Data = dict(definition)
    for section in post.getlist("has"):
        if section in _SECTIONS:
            _SECTIONS[section](data, post)
    return data


def _parse_json(data: Data, post: QueryDict) -> None:
    """The expert view: the whole definition as JSON; key and kind are kept."""
    try:
        parsed = read_json(post.get("json", ""))
    except ValueError as error:
        raise NotJson from error
    if not isinstance(parsed, dict) or not _is_editable(parsed):
        raise NotJson
    identity: Data = {name: data[name] for name in ("key", "kind") if name in data}
    data.clear()
    data.update({**identity, **parsed, **identity})


def _is_editable(definition: Data) -> bool:
    """Whether the form can show the definition: rows are mappings, names are by language."""
    rows = [definition.get(name, []) for name in ("tiers", "rules")]
    named = [definition.get(name, {}) for name in ("names", "about")]
    tiers = definition.get("tiers", [])
    return (
        all(isinstance(many, list) and all(isinstance(row, dict) for row in many) for many in rows)
        and all(isinstance(text, str | dict) for text in (*named, *(tier.get("names", {}) for tier in tiers)))
        and all(isinstance(tier.get("key"), str) for tier in tiers)
        and isinstance(definition.get("factors", {}), dict)
        and all(isinstance(factor, dict) for factor in definition.get("factors", {}).values())
        and isinstance(definition.get("review", ""), str | dict)
        and isinstance(definition.get("traits", []), list)
        and isinstance(definition.get("lines", {}) or {}, dict)
        and isinstance(definition.get("trait", ""), str)
    )


def _named(data: Data, post: QueryDict) -> None:
    form = NamesForm(post)
    for part in form.named:
        _put(data, part, form.languages(part))
    _put(data, "told", None if form.cleaned_data.get("told") else False)


def _put(data: Data, name: str, value: Any) -> None:
    """Set a field; an empty value removes it."""
    if value is None or value in ("", {}, []):
        data.pop(name, None)
    else:
        data[name] = value


WHOLE = ("clusters", "depth", "least_leaf", "bins", "at_least", "least_customers")
WHOLE_OF_LIFECYCLE = {spec.name: "" for spec in SHAPES["lifecycle"].own}


def _measure(data: Data, post: QueryDict) -> None:
    """The fields of the kind; fields missing from the form are kept."""
    own = {field.name for field in SHAPES[data["kind"]].own} if data.get("kind") in SHAPES else set()
    form = MeasureForm(post, whole=WHOLE_OF_LIFECYCLE)
    fields = form.texts()
    posted = {name: text for name, text in fields.items() if name in own and name in post}
    for name, text in posted.items():
        if name in ("trait", "order_by", "target", "otherwise", "waits_for", "without_order"):
            _put(data, name, text)
        elif name in WHOLE or name in WHOLE_OF_LIFECYCLE:
            _put(data, name, number(text))
    if "method" in posted:
        data["method"] = posted["method"]
    if "reference" in posted:
        _put(data, "reference", None if posted["reference"] == "mean" else posted["reference"])
    if "traits" in own and "traits-there" in post:
        data["traits"] = post.getlist("traits")
    if "less_is_better" in own and "less-there" in post:
        _put(data, "less_is_better", True if form.cleaned_data["less_is_better"] else None)
    if "lines" in own:
        _put(data, "lines", _rfm_lines(fields) if data.get("method") == "fixed" else None)
    if "window-there" in post:
        data["window"] = "all" if form.cleaned_data["window-all"] else number(fields["window"] or "365")


def _rfm_lines(fields: Mapping[str, str]) -> Data:
    lines = {name: [number(part) for part in SEPARATOR.split(fields[f"lines-{name}"]) if part] for name in "rfm"}
    return lines if any(lines.values()) else {}


def _among(data: Data, post: QueryDict) -> None:
    _put(data, "among", parse_condition(post, "among"))


def _tiers(data: Data, post: QueryDict) -> None:
    rows = TierRows(post, prefix="tier").posted()
    if rows is None:
        return
    tiers = [_tier(row) for row in rows]
    if post.get("do") == "tier:all":
        tiers = [*(_with_common_values(tier, _common_values(post)) for tier in tiers[:-1]), *tiers[-1:]]
    data["tiers"] = tiers


def _with_common_values(tier: Data, for_all: Data) -> Data:
    """A tier with the values entered for all tiers; None removes a part."""
    return {part: value for part, value in {**tier, **for_all}.items() if value is not None}


def _common_values(post: QueryDict) -> Data:
    """The values entered once for all tiers but the last."""
    fields = AllTiersForm(post).texts()
    keep = fields["keep"].removesuffix("%")
    terms: Data = {"keep": f"{keep}%"} if keep else {}
    _put_terms(terms, fields)
    # Days replace months and months replace days.
    counterparts = {"valid": "valid_days", "valid_days": "valid", "grace": "grace_days", "grace_days": "grace"}
    return terms | {counterparts[part]: None for part in terms if part in counterparts}


def _put_terms(tier: Data, fields: Mapping[str, str]) -> None:
    """Validity and grace: days as a number, months and years with their unit."""
    for part in ("valid", "grace"):
        many, unit = fields[f"{part}_days"], fields[f"{part}_unit"]
        if unit in ("month", "year") and many not in ("", "0"):
            tier[part] = f"{many} {unit}{'' if many == '1' else 's'}"
        else:
            _put(tier, f"{part}_days", number(many))


def _tier(form: TierForm) -> Data:
    fields = form.texts()
    tier: Data = {"key": fields["key"]}
    _put(tier, "names", form.languages())
    value = fields["line"].replace(",", "")
    if fields["drawn"] == "share":
        _put(tier, "share", f"{value}%" if value and re.fullmatch(r"[\d.]+", value) else value)
    else:
        _put(tier, "line", number(value))
    keep = fields["keep"].replace(",", "")
    of_line = keep and fields["keep_unit"] == "%" and not keep.endswith("%")
    _put(tier, "keep", f"{keep}%" if of_line else number(keep))
    _put_terms(tier, fields)
    for part in ("drop_at_most", "cost"):
        _put(tier, part, number(fields[part]))
    return {part: value for part, value in tier.items() if value not in (0,) or part == "line"}


def _life(data: Data, post: QueryDict) -> None:
    fields = LifeForm(post).texts()
    kind, qualify = fields["review"] or "each_run", fields["qualify"] or "rolling"
    if kind == "calendar":
        data["review"] = {"kind": kind, "dates": [day for day in SEPARATOR.split(fields["dates"]) if day]}
    else:
        _put(data, "review", None if kind == "each_run" else kind)
    _put(data, "qualify", None if qualify == "rolling" else qualify)


def _rules(data: Data, post: QueryDict) -> None:
    rows = RuleRows(post, prefix="rule").posted()
    if rows is not None:
        data["rules"] = [_rule(data, post, form) for form in rows]


def _rule(data: Data, post: QueryDict, form: RuleForm) -> Data:
    fields, when = form.texts(), parse_condition(post, str(form.prefix))
    if data.get("kind") == "points":
        return {"name": fields["name"], "when": when, "points": number(fields["points"])}
    return {"tier": fields["tier"], "when": when}


def _factors(data: Data, post: QueryDict) -> None:
    rows = FactorRows(post, prefix="factor").posted()
    if rows is not None:
        posted = [(form.texts()["key"] or str(place), _factor(form)) for place, form in enumerate(rows)]
        data["factors"] = dict(posted)


def _factor(form: FactorForm) -> Data:
    fields = form.texts()
    factor: Data = {"trait": fields["trait"], "weight": number(fields["weight"])}
    for part, usual in (("direction", "more"), ("normaliser", "lines")):
        _put(factor, part, None if fields[part] in ("", usual) else fields[part])
    for part, plain in (("low", 0), ("high", 1)):
        value = number(fields[part])
        _put(factor, part, None if value == plain else value)
    return factor


_SECTIONS: dict[str, Callable[[Data, QueryDict], None]] = {
    "json": _parse_json,
    "names": _named,
    "measure": _measure,
    "among": _among,
    "rules": _rules,
    "factors": _factors,
    "tiers": _tiers,
    "life": _life,
}


def apply_button(data: Data, button: str, traits: tuple[str, ...]) -> Data:
    """The definition after a button that changes rows: `tier:add`, `rule:up:2`, `row:add:rule-1`, `row:remove:among:0`.

    `traits` are the candidates for a new row, the preferred one first.
    """
    what, _, rest = button.partition(":")
    verb, _, place = rest.partition(":")
    changed = {**data}
    if what == "row":
        _edit_condition(changed, verb, place, traits)
    elif what == "tier":
        changed["tiers"] = _edit_rows(list(changed.get("tiers") or ()), verb, place, lambda: _new_tier(changed))
        _clear_last_tier(changed)
    elif what == "rule":
        changed["rules"] = _edit_rows(list(changed.get("rules") or ()), verb, place, lambda: _new_rule(changed, traits))
    elif what == "factor":
        _edit_factors(changed, verb, place, traits)
    return changed


def _edit_rows(rows: list[Any], verb: str, place: str, new: Callable[[], Any]) -> list[Any]:
    at = row_index(place, rows)
    if verb == "add" and len(rows) < MOST_ROWS:
        return [new(), *rows] if place == "top" else [*rows, new()]
    if at is None:
        return rows
    if verb == "remove":
        del rows[at]
    elif verb == "up" and at:
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
    elif verb == "down" and at + 1 < len(rows):
        rows[at], rows[at + 1] = rows[at + 1], rows[at]
    return rows


def row_index(text: str, rows: Sequence[object]) -> int | None:
    """The row index a button names; None if there is no such row."""
    try:
        place = whole_of(text)
    except UnreadableNumber:
        return None
    return place if 0 <= place < len(rows) else None


def _new_tier(data: Data) -> Data:
    keys = {tier.get("key") for tier in data.get("tiers") or ()}
    return {"key": next(key for key in (f"tier{number}" for number in range(1, 99)) if key not in keys)}


def _clear_last_tier(data: Data) -> None:
    """Remove line and lifetime fields from the last tier, which takes in all remaining customers."""
    tiers = data.get("tiers") or []
    if tiers:
        last = {name: tiers[-1][name] for name in ("key", "names", "cost") if name in tiers[-1]}
        data["tiers"] = [*tiers[:-1], last]


def _new_rule(data: Data, traits: tuple[str, ...]) -> Data:
    when = {"trait": traits[0] if traits else "orders", "is": ">=", "value": 1}
    if data.get("kind") == "points":
        return {"name": "", "when": when, "points": 10}
    tiers = data.get("tiers") or [{"key": ""}]
    return {"tier": tiers[0]["key"], "when": when}


def _edit_factors(data: Data, verb: str, place: str, traits: tuple[str, ...]) -> None:
    factors = dict(data.get("factors") or {})
    if verb == "remove":
        factors.pop(place, None)
    elif verb == "add":
        trait = next(
            (candidate for candidate in traits if all(factor.get("trait") != candidate for factor in factors.values())),
            traits[0],
        )
        name = next(key for key in (trait[:30], *(f"factor{n}" for n in range(2, 99))) if key not in factors)
        factors[name] = {"trait": trait, "weight": 10, "normaliser": "rank"}
    data["factors"] = factors


def _edit_condition(data: Data, verb: str, place: str, traits: tuple[str, ...]) -> None:
    """Add a row to a condition or remove one: `row:add:among`, `row:remove:rule-0:2`."""
    name, _, at = place.partition(":")
    rules = list(data.get("rules") or ())
    number_of = row_index(name.removeprefix("rule-"), rules)
    if name == "among":
        _put(data, "among", _edited_condition(data.get("among"), verb, at, traits))
    elif number_of is not None:
        rule = rules[number_of]
        rules[number_of] = {**rule, "when": _edited_condition(rule.get("when"), verb, at, traits)}
        data["rules"] = rules


def _edited_condition(when: Any, verb: str, at: str, traits: tuple[str, ...]) -> Any:
    how, parts = "all", [when] if when else []
    if isinstance(when, Mapping) and len(when) == 1 and isinstance(when.get("any", when.get("all")), list):
        how = next(iter(when))
        parts = list(when[how])
    if verb == "add":
        trait = traits[0] if traits else "orders"
        return {how: [*parts, {"trait": trait, "is": ">=", "value": 1}]}
    place = row_index(at, parts)
    if verb == "remove" and place is not None:
        del parts[place]
    return combine(parts, how)
