"""How the value a scheme grades by is spread over the customers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from custrata.apps.tiers.queries.runs import profile_of
from custrata.lake import Run
from custrata.pipeline.reading.connection import Serving, literal, quoted
from custrata.report.data import Histogram, Unit
from custrata.tiering import built_in
from custrata.tiering.names import trait_name
from custrata.web.schemes import scheme_named
from custrata.wording import catalogue

BINS = 20
# The scheme, what its value is called (a trait or the scheme itself), and the value's unit. A run has recorded the
# spread of the first three already; that of the others is counted from its profile.
RECORDED: dict[str, tuple[str, Unit]] = {
    "frequency": ("orders", "orders"),
    "value": ("spend", "money"),
    "high_ticket": ("average_order_value", "money"),
}
COUNTED: dict[str, tuple[str, Unit]] = {
    "loyalty": ("loyalty", "score"),
    "combined": ("combined", "score"),
    "price_sensitivity": ("discount_rate", "share"),
    "usage_cycle": ("median_gap_days", "days"),
}
Spread = tuple[tuple[Decimal, ...], tuple[int, ...]]


def value_histogram(run: Run, key: str, language: str) -> Histogram | None:
    """The spread of a scheme's value at a run; none for a scheme that has no single value or waits for data."""
    decided = run.record["schemes"].get(key)
    if decided is None or decided["waiting"]:
        return None
    recorded = is_shipped(decided) and key in RECORDED
    named = (RECORDED.get(key) or COUNTED.get(key)) if is_shipped(decided) else None
    named = named or _own(key, decided)
    if named is None:
        return None
    name, unit = named
    found = _recorded(run, name) if recorded else _counted(profile_of(run), key, unit)
    label = trait_name(name, language) if name in catalogue()["traits"] else scheme_named(key, language)
    return Histogram(key, label, unit, *found)


def is_shipped(decided: Mapping[str, Any]) -> bool:
    """Whether a run graded by the scheme as it is shipped; its value is known then without counting."""
    return int(decided.get("version", 1)) == 1


def is_counted(key: str, decided: Mapping[str, Any]) -> bool:
    """Whether the spread has to be counted from the profile: what a page asks for only after it is there."""
    if is_shipped(decided) and key in RECORDED:
        return False
    return (is_shipped(decided) and key in COUNTED) or _own(key, decided) is not None


def _own(key: str, decided: Mapping[str, Any]) -> tuple[str, Unit] | None:
    """What the value of a scheme of one's own is called, and its unit; none where it has no lines."""
    if not decided["ladder"] or (key in built_in() and is_shipped(decided)):
        return None
    trait = (decided.get("definition") or {}).get("trait", key)
    unit: Unit = next((one for one in get_args(Unit) if one == decided.get("unit")), "orders")
    return str(trait), unit


def _recorded(run: Run, trait: str) -> Spread:
    found = run.record["histograms"][trait]
    return tuple(Decimal(str(edge)) for edge in found["edges"]), tuple(found["counts"])


@lru_cache(maxsize=256)
def _counted(profile: Path, key: str, unit: Unit) -> Spread:
    """Equal bins, counted once per process and run; the last takes in all beyond."""
    source, value = f"read_parquet({literal(str(profile))})", f"{quoted(f'{key}_value')}::DOUBLE"
    with Serving().connect() as connection:
        if unit == "score":
            low, high = 0.0, 100.0
        else:
            sql = f"SELECT min({value}) AS low, quantile_disc({value}, 0.99) AS high FROM {source}"
            ends = connection.table(sql).to_pylist()[0]
            low, high = ends["low"] or 0.0, ends["high"] or 0.0
        width = max((high - low) / BINS, 1.0 if unit == "days" else 0.0001)
        place = f"least(greatest(floor(({value} - ?) / ?), 0), {BINS - 1})::INTEGER"
        sql = f"SELECT {place} AS place, count(*) AS customers FROM {source} WHERE {value} IS NOT NULL GROUP BY place"
        counts = {row["place"]: row["customers"] for row in connection.table(sql, [low, width]).to_pylist()}
    edges = tuple(Decimal(str(round(low + width * number, 4))) for number in range(BINS + 1))
    return edges, tuple(counts.get(number, 0) for number in range(BINS))
