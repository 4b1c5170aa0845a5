"""Precomputed data for pages, written when a run is made and stored next to its profile.

`scales.parquet` has a column for each numeric column of the profile: its values at every thousandth of the customers.
`movers.parquet` has the biggest spenders of every move between two tiers. For a run of an earlier version without
these files the data is computed when needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from custrata.engine import DuckEngine
from custrata.pipeline.reading.connection import Connection, literal, quoted

Scale = npt.NDArray[np.float64]

SCALES, MOVERS = "scales.parquet", "movers.parquet"
SAMPLE, POINTS = 50_000, 1_001
MOST_MOVERS = 5
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL")
MOVED = """
SELECT moved.scheme, moved.from_tier AS source, moved.tier AS target, customer_id, {name} AS name, profile.spend
FROM {changes} AS moved JOIN {profile} AS profile USING (customer_id)
WHERE moved.direction <> 'stayed' AND {which}
QUALIFY row_number() OVER (
    PARTITION BY moved.scheme, moved.from_tier, moved.tier ORDER BY profile.spend DESC NULLS LAST, customer_id
) <= {most}
ORDER BY moved.scheme, source, target, profile.spend DESC NULLS LAST, customer_id
"""


def prepare_run(folder: Path, *, threads: int = 2, memory: str = "1GB") -> None:
    """Write both files into the folder of a run that is being made."""
    with DuckEngine(threads=threads, memory_limit=memory) as engine:
        connection = Connection(engine.raw)
        columns = columns_of(connection, folder)
        numbers = [name for name, kind in columns.items() if is_number(kind)]
        pq.write_table(_as_table(compute_scales(connection, folder, numbers)), folder / SCALES)
        pq.write_table(compute_movers(connection, folder, named="name" in columns), folder / MOVERS)


def columns_of(connection: Connection, folder: Path) -> dict[str, str]:
    """The columns of a run's profile and their SQL types."""
    described = connection.table(f"DESCRIBE SELECT * FROM {profile_of(folder)}").to_pylist()
    return {row["column_name"]: row["column_type"] for row in described}


def is_number(kind: str) -> bool:
    """Whether a column of the SQL type holds numbers."""
    return kind.startswith(NUMBERS)


def profile_of(folder: Path) -> str:
    """The profile of a run as SQL."""
    return _read(folder / "profile.parquet")


def compute_scales(connection: Connection, folder: Path, traits: Sequence[str]) -> dict[str, Scale]:
    """The values at every thousandth of the customers; of more than 50,000, from a sample."""
    if not traits:
        return {}
    source = profile_of(folder)
    many = int(connection.table(f"SELECT count(*) AS many FROM {source}")["many"][0].as_py())
    every = -(-many // SAMPLE) or 1
    named = ", ".join(f"{quoted(name)}::DOUBLE AS {quoted(name)}" for name in traits)
    sampled = connection.table(f"SELECT {named} FROM {source} WHERE hash(customer_id) % {every} = 0")
    return {name: _scale(sampled[name]) for name in traits}


def read_scales(folder: Path, traits: Sequence[str]) -> dict[str, Scale]:
    """The stored scales of these traits; empty where the run has no file."""
    try:
        with pq.ParquetFile(folder / SCALES) as file:
            columns = set(file.schema_arrow.names)
            table = file.read([name for name in traits if name in columns])
    except FileNotFoundError:
        return {}
    return {name: table[name].drop_null().to_numpy() for name in table.column_names}


def compute_movers(connection: Connection, folder: Path, *, named: bool, scheme: str | None = None) -> pa.Table:
    """The biggest spenders of every move, of one scheme or of all: columns `scheme`, `source`, `target`,
    `customer_id`, `name`, `spend`."""
    sql = MOVED.format(
        name="profile.name" if named else "NULL::VARCHAR",
        changes=_read(folder / "changes.parquet"),
        profile=profile_of(folder),
        which="true" if scheme is None else "moved.scheme = ?",
        most=MOST_MOVERS,
    )
    return connection.table(sql, () if scheme is None else (scheme,))


def read_movers(connection: Connection, folder: Path, scheme: str) -> pa.Table | None:
    """The stored movers of one scheme; None where the run has no file."""
    path = folder / MOVERS
    return connection.table(f"SELECT * FROM {_read(path)} WHERE scheme = ?", (scheme,)) if path.exists() else None


def _read(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def _as_table(scales: dict[str, Scale]) -> pa.Table:
    rows = {name: pa.array(scale if len(scale) else [None] * POINTS, pa.float64()) for name, scale in scales.items()}
    return pa.table(rows)


def _scale(column: pa.ChunkedArray) -> Scale:
    values = column.drop_null().to_numpy()
    if not len(values):
        return np.empty(0)
    scale: Scale = np.quantile(values, np.linspace(0, 1, POINTS), method="inverted_cdf")
    return scale
