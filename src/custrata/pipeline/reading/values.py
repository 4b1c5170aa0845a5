"""The distribution of values over the customers of a run: of schemes in bins, of traits by quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from custrata.engine.functions import discrete_quantile, only_row
from custrata.lake import Run
from custrata.pipeline.histogram import Bins, histogram
from custrata.pipeline.reading.connection import Serving, literal, quoted

BINS = 20
Spread = tuple[tuple[Decimal, ...], tuple[int, ...]]


def count_values(run: Run, key: str, unit: str) -> Spread:
    """Edges and counts of the values of a scheme in equal bins; the last bin includes all larger values."""
    return _count_values(run.folder / "profile.parquet", key, unit)


@lru_cache(maxsize=256)
def _count_values(profile: Path, key: str, unit: str) -> Spread:
    """Cached per process and run."""
    with Serving().connect() as connection:
        value = connection.parquet(profile)[f"{key}_value"].cast("float64")
        low, high = 0.0, 100.0
        if unit != "score":
            ends = only_row(value.as_table().aggregate(low=value.min(), high=discrete_quantile(value, 0.99)))
            low, high = ends["low"] or 0.0, ends["high"] or 0.0
        bins = Bins(low, max((high - low) / BINS, 1.0 if unit == "days" else 0.0001), BINS)
        return tuple(Decimal(str(round(edge, 4))) for edge in bins.edges), histogram(value, bins)


def positive_quantiles(run: Run, trait: str, shares: Sequence[float]) -> list[float]:
    """The values of a trait at these shares of the customers whose value is positive; empty if there are none."""
    column, source = quoted(trait), f"read_parquet({literal(str(run.folder / 'profile.parquet'))})"
    sql = f"SELECT quantile_disc({column}::DOUBLE, {list(shares)}) AS quantiles FROM {source} WHERE {column} > 0"
    with Serving().connect() as connection:
        return connection.table(sql)["quantiles"][0].as_py() or []
