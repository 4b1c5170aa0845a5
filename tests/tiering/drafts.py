"""Definitions for tests: small ones by hand, and strategies of any definition for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from custrata.tiering import Definition, define

Data = dict[str, Any]
TRAITS = st.sampled_from(["spend", "orders", "recency_days", "average_order_value", "鞋码", "shoe size"])
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
NAMES = st.one_of(TEXTS, st.dictionaries(st.sampled_from(["zh-hans", "zh-hant", "en"]), TEXTS, min_size=1))
MONEY = st.decimals(-(10**9), 10**9, places=2)
WHOLE = st.integers(1, 999)
CONDITIONS = st.sampled_from(
    [
        {"trait": "orders", "is": ">=", "value": 3},
        {"all": [{"tag": "红名单"}, {"not": {"trait": "city", "is": "=", "value": "no"}}]},
        {"trait": "spend", "is": "between", "value": ["0.10", 5]},
        {"facts": "orders", "count": True, "window": 90, "is": ">=", "value": 1},
        {"scheme": "value", "tier": ["high"]},
    ]
)


def vip(**other: Any) -> Definition:
    """A scheme of three tiers by spend; a field may be said otherwise."""
    tiers = [{"key": "diamond", "line": 2000}, {"key": "gold", "line": 500, "keep": "80%"}, {"key": "basic"}]
    return define({"key": "vip", "kind": "threshold", "trait": "spend", "tiers": tiers, **other})


def lived() -> st.SearchStrategy[Data]:
    """What a tier may have besides its key and line."""
    optional = {
        "names": NAMES,
        "keep": st.sampled_from(["80%", "12.5%", "100%"]),
        "grace_days": WHOLE,
        "valid": st.sampled_from(["1 year", "2 years", "6 months", "90 days"]),
        "drop_at_most": WHOLE,
        "cost": st.decimals(0, 10**6, places=2),
    }
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def ladders(draw: st.DrawFn, drawn: str) -> list[Data]:
    """Tiers from the best down, drawn by lines or shares."""
    keys = draw(st.lists(KEYS, min_size=2, max_size=5, unique=True))
    many = len(keys) - 1
    parts: list[Any] = sorted(draw(st.sets(MONEY, min_size=many, max_size=many)), reverse=True)
    if drawn == "share":
        parts = [f"{part}%" for part in sorted(draw(st.sets(st.integers(1, 100), min_size=many, max_size=many)))]
    tiers = [{"key": key, drawn: part, **draw(lived())} for key, part in zip(keys, parts, strict=False)]
    return [*tiers, {"key": keys[-1]}]


@st.composite
def definitions(draw: st.DrawFn) -> Data:
    """The data of any definition."""
    kind = draw(st.sampled_from(sorted(_OWN)))
    common = {"names": NAMES, "about": NAMES, "told": st.booleans(), "window": st.one_of(st.just("all"), WHOLE)}
    return {"key": draw(KEYS), "kind": kind, **draw(st.fixed_dictionaries({}, optional=common)), **draw(_OWN[kind])}


def _fields(optional: dict[str, st.SearchStrategy[Any]] | None = None, **own: Any) -> st.SearchStrategy[Data]:
    return st.fixed_dictionaries(own, optional={"among": CONDITIONS} if optional is None else optional)


_USUAL_FACTOR: dict[str, st.SearchStrategy[Any]] = {
    "direction": st.sampled_from(["more", "less"]),
    "normaliser": st.sampled_from(["lines", "rank", "min_max", "z"]),
    "high": st.integers(2, 999),
}
_FACTOR = st.fixed_dictionaries({"trait": TRAITS, "weight": WHOLE}, optional=_USUAL_FACTOR)
_POINTS = st.fixed_dictionaries({"when": CONDITIONS, "points": st.integers(-50, 50)}, optional={"name": TEXTS})
_OWN: dict[str, st.SearchStrategy[Data]] = {
    "threshold": _fields(trait=TRAITS, tiers=ladders("line")),
    "quantile": _fields(trait=TRAITS, tiers=ladders("share")),
    "pareto": _fields(trait=TRAITS, tiers=ladders("share")),
    "prediction": _fields(trait=TRAITS, tiers=ladders("line")),
    "score": _fields(factors=st.dictionaries(KEYS, _FACTOR, min_size=1, max_size=3), tiers=ladders("line")),
    "points": _fields(rules=st.lists(_POINTS, min_size=1, max_size=3), tiers=ladders("line")),
    "rules": _fields(
        rules=st.lists(st.fixed_dictionaries({"tier": st.sampled_from("ab"), "when": CONDITIONS}), min_size=1),
        tiers=st.just([{"key": "a"}, {"key": "b"}, {"key": "c"}]),
    ),
    "rfm": _fields({"bins": st.integers(2, 9), "method": st.sampled_from(["quantile", "nested", "log"])}),
    "lifecycle": _fields({"new_days": WHOLE, "mature_orders": WHOLE}),
    "cluster": _fields({"clusters": st.integers(2, 9), "order_by": TRAITS}, traits=st.lists(TRAITS, min_size=1)),
    "tree": _fields({"depth": WHOLE}, target=TRAITS, traits=st.lists(TRAITS, min_size=1)),
}


JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["80%", "all"])
    ),
    lambda part: st.one_of(st.lists(part, max_size=3), st.dictionaries(st.text(max_size=5), part, max_size=3)),
    max_leaves=4,
)


@st.composite
def corrupted(draw: st.DrawFn) -> Data:
    """The data of a definition with one value replaced by another."""
    data = draw(definitions())
    place: Any = data
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
            break
        place[key] = place[key].copy()
        place = place[key]
    place[key] = draw(JUNK)
    return data
