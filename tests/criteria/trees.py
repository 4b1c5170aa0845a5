"""Random profiles, facts and conditions about them, near enough to each other that many conditions hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from tests.criteria.evaluation import AS_OF, INSTANT, MONEY

Json = dict[str, Any]

TEXTS = [
    "上海",
    "上",
    "a_b",
    "A_B",
    "it's",
    '\\"',
    "%",
    "é",
    "É",
    "",
    " ",
    "\u3000\t",
    "İzmir",
    "izmir",
    "ΣΑΣ",
    "σας",
    "ß",
    "ẞ",
    "SS",
    "\u00a0\x0b\u200b",
    "Ｖ",
    "ｖ",
]
TIERS = ["high", "mid", "low"]
TAGS = ["vip", "vip2", "red_list"]

cents = st.integers(-300, 300).map(lambda number: Decimal(number).scaleb(-2))
wholes = st.integers(-3, 3)
near_days = st.integers(-12, 12).map(lambda ahead: date(2025, 1, 31) + timedelta(days=ahead))
birthdays = st.one_of(near_days, st.dates(date(1920, 1, 1), date(2024, 12, 31)), st.just(date(2000, 2, 29)))
instants = st.integers(-12 * 24, 12 * 24).map(lambda ahead: AS_OF + timedelta(hours=ahead))
far_instants = st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
floats = st.sampled_from([0.1, 0.3, 0.1 + 0.2, -1.5, float("nan"), 1e300])
tags = st.lists(st.sampled_from(TAGS), unique=True, min_size=1).map(", ".join)

COLUMNS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "spend": (MONEY, cents),
    "orders": (pa.int32(), wholes),
    "rate": (pa.float64(), floats),
    "city": (pa.string(), st.sampled_from(TEXTS)),
    "flag": (pa.bool_(), st.booleans()),
    "last": (pa.date32(), near_days),
    "born": (pa.date32(), birthdays),
    "seen": (INSTANT, st.one_of(instants, far_instants)),
    "tags": (pa.string(), tags),
    "value_tier": (pa.string(), st.sampled_from(TIERS)),
    "value_since": (INSTANT, instants),
}
FACTS = {"customer_id": pa.string(), "at": pa.int64(), "net": MONEY, "channel": pa.string()}


def _rows(fields: dict[str, st.SearchStrategy[Any]], most: int) -> st.SearchStrategy[list[Json]]:
    return st.lists(st.fixed_dictionaries({name: st.none() | value for name, value in fields.items()}), max_size=most)


def _profile(rows: list[Json]) -> pa.Table:
    ids = pa.array([f"{number:03}" for number in range(len(rows))], pa.string())
    columns = {name: pa.array([row[name] for row in rows], kind) for name, (kind, _) in COLUMNS.items()}
    return pa.table({"customer_id": ids, **columns})


profiles = _rows({name: values for name, (_, values) in COLUMNS.items()}, 12).map(_profile)
orders = _rows(
    {
        "customer_id": st.integers(0, 11).map(lambda number: f"{number:03}"),
        "at": instants.map(lambda at: int(at.timestamp()) * 10**6),
        "net": cents,
        "channel": st.sampled_from(TEXTS[:3]),
    },
    20,
).map(lambda rows: pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in FACTS.items()}))

numbers = st.one_of(wholes, cents.map(str), st.integers(-3000, 3000).map(lambda n: str(Decimal(n).scaleb(-3))))
few_days = st.one_of(st.integers(0, 14), st.sampled_from([59, 364, 365, 366, 36_500]))
written_days = near_days.map(date.isoformat)
texts = st.sampled_from([text for text in TEXTS if text])


def _leaf(operators: list[str], **rest: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({"is": st.sampled_from(operators), **rest})


def _pairs(ends: st.SearchStrategy[Any], key: Any) -> st.SearchStrategy[list[Any]]:
    return st.lists(ends, min_size=2, max_size=2).map(lambda pair: sorted(pair, key=key))


presence = _leaf(["known", "unknown"])
amounts = st.one_of(
    _leaf(["=", "!=", ">", ">=", "<", "<="], value=numbers), _leaf(["between"], value=_pairs(numbers, Decimal))
)
shares = _leaf(["top", "bottom"], share=st.sampled_from(["0.01", "0.2", "0.3", "0.5", "0.999", "1"]))
words = st.one_of(
    _leaf(["=", "!=", "contains", "starts_with"], value=texts),
    _leaf(["in", "not_in"], value=st.lists(texts, min_size=1, max_size=3)),
)
moments = st.one_of(
    _leaf(["before", "after", "on"], value=written_days),
    _leaf(["within_last", "not_within_last", "within_next", "anniversary_within_next"], days=few_days),
    _leaf(["between"], value=_pairs(written_days, str)),
)


def _trait(names: list[str], tests: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.tuples(st.sampled_from(names), tests).map(lambda pair: {"trait": pair[0], **pair[1]})


def _where(names: list[str], tests: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.tuples(st.sampled_from(names), tests).map(lambda pair: {"column": pair[0], **pair[1]})


measures = st.one_of(st.just({"count": True}), st.just({"sum": "net"}))
wheres = st.lists(
    st.one_of(_where(["net"], amounts), _where(["channel"], words), _where(["channel"], presence)), max_size=2
)
measured = st.tuples(measures, st.none() | few_days, wheres, amounts).map(
    lambda parts: {"facts": "orders", **parts[0], "window": parts[1], "where": parts[2], **parts[3]}
)
tiered = st.tuples(st.lists(st.sampled_from(TIERS), min_size=1, max_size=2), st.none() | few_days).map(
    lambda parts: {"scheme": "value", "tier": parts[0], "for_days": parts[1]}
)
leaves = st.one_of(
    _trait(["spend", "orders", "rate"], amounts),
    _trait(["spend", "orders", "rate"], shares),
    _trait(["city"], words),
    _trait(["flag"], _leaf(["="], value=st.booleans())),
    _trait(["last", "born", "seen"], moments),
    _trait(list(COLUMNS), presence),
    st.sampled_from(TAGS).map(lambda tag: {"tag": tag}),
    tiered,
    measured,
)
trees = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3).map(lambda conditions: {"all": conditions}),
        st.lists(parts, max_size=3).map(lambda conditions: {"any": conditions}),
        parts.map(lambda condition: {"not": condition}),
    ),
    max_leaves=6,
)
