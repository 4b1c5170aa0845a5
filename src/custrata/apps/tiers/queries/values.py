"""The distribution of a scheme's value over the customers."""

from __future__ import annotations

from typing import get_args

from custrata.pipeline.reading import GradedRun, GradedScheme
from custrata.pipeline.reading.figures import Histogram, Unit
from custrata.pipeline.reading.values import Spread, count_values
from custrata.tiering import built_in
from custrata.tiering.names import trait_name
from custrata.web.schemes import scheme_named
from custrata.wording import catalogue

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
    spread = _recorded_histogram(run, name) if recorded else count_values(run, key, unit)
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
