"""A scheme's definition as a form: what was filled in, section by section, and the buttons that change its rows.

A form says which sections it has (`has`), so that a page may show some of them; all else stays as it was. What cannot
be read is kept as it was typed, so that the person can mend it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import QueryDict

from custrata.apps.tiers.forms.conditions import condition_posted, number, together
from custrata.schema.numbers import NotANumber, whole_of
from custrata.tiering.shapes import SHAPES
from custrata.web.bodies import read_json
from custrata.wording import LANGUAGES

Data = dict[str, Any]
MOST_ROWS = 20


class NotJson(ValueError):
    """What was typed into the expert view is no JSON object."""


def definition_posted(held: Mapping[str, Any], post: QueryDict) -> Data:
    """The definition with what the form's sections say. Raises `NotJson`."""
    data: Data = dict(held)
    for section in post.getlist("has"):
        if section in _SECTIONS:
            _SECTIONS[section](data, post)
    return data


def _whole(data: Data, post: QueryDict) -> None:
    """The expert view: all of it as JSON; key and kind stay."""
    try:
        found = read_json(post.get("json", ""))
    except ValueError as error:
        raise NotJson from error
    if not isinstance(found, dict) or not _fits(found):
        raise NotJson
    kept: Data = {name: data[name] for name in ("key", "kind") if name in data}
    data.clear()
    data.update({**kept, **found, **kept})


def _fits(found: Data) -> bool:
    """Whether its parts are what the form can show: rows of mappings, names by language."""
    rows = [found.get(name, []) for name in ("tiers", "rules")]
    named = [found.get(name, {}) for name in ("names", "about")]
    tiers = found.get("tiers", [])
    return (
        all(isinstance(many, list) and all(isinstance(one, dict) for one in many) for many in rows)
        and all(isinstance(one, str | dict) for one in (*named, *(tier.get("names", {}) for tier in tiers)))
        and all(isinstance(tier.get("key"), str) for tier in tiers)
        and isinstance(found.get("factors", {}), dict)
        and all(isinstance(factor, dict) for factor in found.get("factors", {}).values())
        and isinstance(found.get("review", ""), str | dict)
        and isinstance(found.get("traits", []), list)
        and isinstance(found.get("lines", {}) or {}, dict)
        and isinstance(found.get("trait", ""), str)
    )


def _named(data: Data, post: QueryDict) -> None:
    for part in ("names", "about"):
        _put(data, part, _languages(post, part))
    _put(data, "told", None if post.get("told") else False)


def _languages(post: QueryDict, name: str) -> Data:
    found = {language: post.get(f"{name}-{language}", "").strip() for language in LANGUAGES}
    return {language: text for language, text in found.items() if text}


def _put(data: Data, name: str, value: Any) -> None:
    """Set a field; nothing, and nothing said, is left out."""
    if value is None or value in ("", {}, []):
        data.pop(name, None)
    else:
        data[name] = value


def _measure(data: Data, post: QueryDict) -> None:
    """The fields of the kind; those the form does not have stay."""
    own = {field.name for field in SHAPES[data["kind"]].own} if data.get("kind") in SHAPES else set()
    for name in ("trait", "order_by", "target", "otherwise", "waits_for", "without_order"):
        if name in own and name in post:
            _put(data, name, post.get(name, "").strip())
    for name in ("clusters", "depth", "least_leaf", "bins", "at_least", "least_customers", "new_days", "new_orders",
                 "won_back_days", "mature_orders", "mature_days", "unpaced_at_risk_days",
                 "unpaced_churned_days"):  # fmt: skip
        if name in own and name in post:
            _put(data, name, number(post.get(name, "").strip()))
    if "method" in own and "method" in post:
        data["method"] = post["method"]
    if "reference" in own and "reference" in post:
        _put(data, "reference", None if post["reference"] == "mean" else post["reference"])
    if "traits" in own and "traits-there" in post:
        data["traits"] = post.getlist("traits")
    if "less_is_better" in own and "less-there" in post:
        _put(data, "less_is_better", True if post.get("less_is_better") else None)
    if "lines" in own:
        _put(data, "lines", _rfm_lines(post) if data.get("method") == "fixed" else None)
    if "window-there" in post:
        data["window"] = "all" if post.get("window-all") else number(post.get("window", "").strip() or "365")


def _rfm_lines(post: QueryDict) -> Data:
    found = {name: [number(one) for one in re.split(r"[\s,，、;]+", post.get(f"lines-{name}", "").strip()) if one]
             for name in ("r", "f", "m")}  # fmt: skip
    return found if any(found.values()) else {}


def _among(data: Data, post: QueryDict) -> None:
    _put(data, "among", condition_posted(post, "among"))


def _tiers(data: Data, post: QueryDict) -> None:
    tiers = [_tier(post, f"tier-{token}") for token in post.getlist("tier")[:MOST_ROWS]]
    if post.get("do") == "tier:all":
        tiers = [*(_filled(tier, _for_all(post)) for tier in tiers[:-1]), *tiers[-1:]]
    data["tiers"] = tiers


def _filled(tier: Data, for_all: Data) -> Data:
    """A tier with what was said for all of them; an empty part goes."""
    return {part: held for part, held in {**tier, **for_all}.items() if held is not None}


def _for_all(post: QueryDict) -> Data:
    """What was filled in once for all tiers but the last."""
    keep = post.get("all-keep", "").strip().removesuffix("%")
    found: Data = {"keep": f"{keep}%"} if keep else {}
    _put_terms(found, post, "all")
    # Where there were months and now are days, the days alone stay.
    others = {"valid": "valid_days", "valid_days": "valid", "grace": "grace_days", "grace_days": "grace"}
    return found | {others[part]: None for part in found if part in others}


def _put_terms(tier: Data, post: QueryDict, name: str) -> None:
    """Validity and grace: days as a number, months and years with their unit."""
    for part in ("valid", "grace"):
        many = post.get(f"{name}-{part}_days", "").strip()
        unit = post.get(f"{name}-{part}_unit", "day")
        if unit in ("month", "year") and many not in ("", "0"):
            tier[part] = f"{many} {unit}{'' if many == '1' else 's'}"
        else:
            _put(tier, f"{part}_days", number(many))


def _tier(post: QueryDict, name: str) -> Data:
    def given(part: str) -> str:
        return post.get(f"{name}-{part}", "").strip()

    tier: Data = {"key": given("key")}
    _put(tier, "names", _languages(post, f"{name}-names"))
    value = given("line").replace(",", "")
    if given("drawn") == "share":
        _put(tier, "share", f"{value}%" if value and re.fullmatch(r"[\d.]+", value) else value)
    else:
        _put(tier, "line", number(value))
    keep = given("keep").replace(",", "")
    _put(tier, "keep", f"{keep}%" if keep and given("keep_unit") == "%" and not keep.endswith("%") else number(keep))
    _put_terms(tier, post, name)
    for part in ("drop_at_most", "cost"):
        _put(tier, part, number(given(part)))
    return {part: held for part, held in tier.items() if held not in (0,) or part == "line"}


def _life(data: Data, post: QueryDict) -> None:
    kind = post.get("review", "each_run")
    if kind == "calendar":
        days = [day for day in re.split(r"[\s,，、;]+", post.get("dates", "").strip()) if day]
        data["review"] = {"kind": kind, "dates": days}
    else:
        _put(data, "review", None if kind == "each_run" else kind)
    _put(data, "qualify", None if post.get("qualify", "rolling") == "rolling" else post["qualify"])


def _rules(data: Data, post: QueryDict) -> None:
    data["rules"] = [_rule(data, post, f"rule-{token}") for token in post.getlist("rule")[:MOST_ROWS]]


def _rule(data: Data, post: QueryDict, name: str) -> Data:
    when = condition_posted(post, name)
    if data.get("kind") == "points":
        said = {"name": post.get(f"{name}-name", "").strip(), "when": when}
        return {**said, "points": number(post.get(f"{name}-points", "").strip())}
    return {"tier": post.get(f"{name}-tier", ""), "when": when}


def _factors(data: Data, post: QueryDict) -> None:
    data["factors"] = {
        post.get(f"factor-{token}-key", token): _factor(post, f"factor-{token}") for token in post.getlist("factor")
    }


def _factor(post: QueryDict, name: str) -> Data:
    def given(part: str) -> str:
        return post.get(f"{name}-{part}", "").strip()

    factor: Data = {"trait": given("trait"), "weight": number(given("weight"))}
    for part, usual in (("direction", "more"), ("normaliser", "lines")):
        _put(factor, part, None if given(part) in ("", usual) else given(part))
    for part, plain in (("low", 0), ("high", 1)):
        value = number(given(part))
        _put(factor, part, None if value == plain else value)
    return factor


_SECTIONS: dict[str, Callable[[Data, QueryDict], None]] = {
    "json": _whole,
    "names": _named,
    "measure": _measure,
    "among": _among,
    "rules": _rules,
    "factors": _factors,
    "tiers": _tiers,
    "life": _life,
}


def pressed(data: Data, button: str, traits: tuple[str, ...]) -> Data:
    """The definition after a button that changes rows: `tier:add`, `rule:up:2`, `row:add:rule-1`, `row:remove:among:0`.

    `traits` are those a new row may begin with, the usual one first.
    """
    what, _, rest = button.partition(":")
    verb, _, place = rest.partition(":")
    found = {**data}
    if what == "row":
        _row_pressed(found, verb, place, traits)
    elif what == "tier":
        found["tiers"] = _moved(list(found.get("tiers") or ()), verb, place, lambda: _new_tier(found))
        _give_up_last(found)
    elif what == "rule":
        found["rules"] = _moved(list(found.get("rules") or ()), verb, place, lambda: _new_rule(found, traits))
    elif what == "factor":
        _factor_pressed(found, verb, place, traits)
    return found


def _moved(rows: list[Any], verb: str, place: str, new: Callable[[], Any]) -> list[Any]:
    at = place_of(place, rows)
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


def place_of(text: str, rows: Sequence[object]) -> int | None:
    """The place among the rows that a button names; none where there is no such row."""
    try:
        place = whole_of(text)
    except NotANumber:
        return None
    return place if 0 <= place < len(rows) else None


def _new_tier(data: Data) -> Data:
    keys = {tier.get("key") for tier in data.get("tiers") or ()}
    return {"key": next(key for key in (f"tier{number}" for number in range(1, 99)) if key not in keys)}


def _give_up_last(data: Data) -> None:
    """The last tier takes in everybody else: it has no line and no life, and whoever it was before may have had."""
    tiers = data.get("tiers") or []
    if tiers:
        kept = {name: tiers[-1][name] for name in ("key", "names", "cost") if name in tiers[-1]}
        data["tiers"] = [*tiers[:-1], kept]


def _new_rule(data: Data, traits: tuple[str, ...]) -> Data:
    when = {"trait": traits[0] if traits else "orders", "is": ">=", "value": 1}
    if data.get("kind") == "points":
        return {"name": "", "when": when, "points": 10}
    tiers = data.get("tiers") or [{"key": ""}]
    return {"tier": tiers[0]["key"], "when": when}


def _factor_pressed(data: Data, verb: str, place: str, traits: tuple[str, ...]) -> None:
    factors = dict(data.get("factors") or {})
    if verb == "remove":
        factors.pop(place, None)
    elif verb == "add":
        trait = next((one for one in traits if all(held.get("trait") != one for held in factors.values())), traits[0])
        name = next(key for key in (trait[:30], *(f"factor{n}" for n in range(2, 99))) if key not in factors)
        factors[name] = {"trait": trait, "weight": 10, "normaliser": "rank"}
    data["factors"] = factors


def _row_pressed(data: Data, verb: str, place: str, traits: tuple[str, ...]) -> None:
    """Add a row to a condition, or take one away: `row:add:among`, `row:remove:rule-0:2`."""
    name, _, at = place.partition(":")
    rules = list(data.get("rules") or ())
    number_of = place_of(name.removeprefix("rule-"), rules)
    if name == "among":
        _put(data, "among", _rows_after(data.get("among"), verb, at, traits))
    elif number_of is not None:
        rule = rules[number_of]
        rules[number_of] = {**rule, "when": _rows_after(rule.get("when"), verb, at, traits)}
        data["rules"] = rules


def _rows_after(when: Any, verb: str, at: str, traits: tuple[str, ...]) -> Any:
    how, parts = "all", [when] if when else []
    if isinstance(when, Mapping) and len(when) == 1 and isinstance(when.get("any", when.get("all")), list):
        how = next(iter(when))
        parts = list(when[how])
    if verb == "add":
        trait = traits[0] if traits else "orders"
        return {how: [*parts, {"trait": trait, "is": ">=", "value": 1}]}
    place = place_of(at, parts)
    if verb == "remove" and place is not None:
        del parts[place]
    return together(parts, how)
