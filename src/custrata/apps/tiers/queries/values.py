"""The distribution of a scheme's value over the customers."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import get_args

from custrata.apps.tiers.queries.runs import profile_of
from custrata.pipeline.reading import GradedRun, GradedScheme
from custrata.pipeline.reading.connection import Serving, literal, quoted
from custrata.report.data import Histogram, Unit
from custrata.tiering import built_in
from custrata.tiering.names import trait_name
from custrata.web.schemes import scheme_named
from custrata.wording import catalogue

BINS = 20
# By scheme: the name of its value (a trait or the scheme itself) and its unit. Runs record the histograms of the
# schemes in RECORDED; those of COUNTED are computed from the profile.
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


def value_histogram(run: GradedRun, key: str, language: str) -> Histogram | None:
    """The histogram of a scheme's value at a run; None if the scheme has no single value or waits for data."""
    graded = run.scheme(key)
    if graded is None:
        return None
    recorded = is_shipped(graded) and key in RECORDED
    named = (RECORDED.get(key) or COUNTED.get(key)) if is_shipped(graded) else None
    named = named or _custom_value(graded)
    if named is None:
        return None
    name, unit = named
    spread = _recorded_histogram(run, name) if recorded else _count_histogram(profile_of(run), key, unit)
    label = trait_name(name, language) if name in catalogue()["traits"] else scheme_named(key, language)
    return Histogram(key, label, unit, *spread)


def is_shipped(graded: GradedScheme) -> bool:
    """Whether a run used the built-in version of the scheme."""
    return graded.version == 1


def is_counted(graded: GradedScheme) -> bool:
    """Whether the histogram has to be computed from the profile, which pages request lazily."""
    if is_shipped(graded) and graded.key in RECORDED:
        return False
    return (is_shipped(graded) and graded.key in COUNTED) or _custom_value(graded) is not None


def _custom_value(graded: GradedScheme) -> tuple[str, Unit] | None:
    """Name and unit of the value of a custom scheme; None if it has no lines."""
    if graded.ladder is None or (graded.key in built_in() and is_shipped(graded)):
        return None
    trait = graded.definition.get("trait", graded.key)
    unit: Unit = next((candidate for candidate in get_args(Unit) if candidate == graded.unit), "orders")
    return str(trait), unit


def _recorded_histogram(run: GradedRun, trait: str) -> Spread:
    histogram = run.histograms[trait]
    return histogram.edges, histogram.counts


@lru_cache(maxsize=256)
def _count_histogram(profile: Path, key: str, unit: Unit) -> Spread:
    """Counts in equal bins, cached per process and run; the last bin includes all larger values."""
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
