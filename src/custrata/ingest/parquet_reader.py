"""The process that reads a Parquet file; see `custrata.ingest.parquet`. It answers with one line of JSON.

It is run as a script, apart from the package: it may import nothing of it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MEMORY = 6 << 30
BATCH = 65_536
MOST_BATCH = 1 << 30  # bytes that so many rows may decode to
DEEPEST = 10  # lists and structures in each other
CELL = 8  # bytes that a cell takes at least, decoded
UNPACKED, RATIO = 1 << 30, 200  # as of packed text: so much, and so many times the file's size, is a trap
MOST_COLUMNS = 10_000
MOST_CELLS = 4_000_000_000


class ParquetTooLarge(Exception):
    """The file decodes to more than it may: rows and columns it has, or says it has."""


def _depth(kind: Any) -> int:
    if kind.num_fields == 0:
        return 0
    return 1 + max(_depth(kind.field(place).type) for place in range(kind.num_fields))


def _check(rows: int, columns: int, size: int, allowed: int) -> None:
    """Refuse more cells than are allowed; without a limit set by the user, also decompression bombs."""
    cells = rows * max(1, columns)
    trap = cells * CELL > UNPACKED and cells * CELL > RATIO * size
    if cells > (allowed or MOST_CELLS) or (trap and not allowed) or columns > MOST_COLUMNS:
        raise ParquetTooLarge(rows, columns)


def _decoded(batch: Any) -> int:
    """The bytes that the rows take written out, also where each of them only refers to a long text."""
    total = batch.nbytes
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            kind = column.type.value_type
            if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
                lengths = pc.binary_length(column.dictionary)
                total += pc.sum(lengths.take(column.indices)).as_py() or 0
    return int(total)


def _copied(source: str, target: str, allowed: int) -> dict[str, Any]:
    """Rewrite the rows; the footer is checked before reading, and the decoded data while reading."""
    size = os.stat(source).st_size
    with pq.ParquetFile(source) as damaged:
        metadata, schema = damaged.metadata, damaged.schema_arrow
        _check(metadata.num_rows, metadata.num_columns, size, allowed)
        if any(_depth(field.type) > DEEPEST for field in schema):
            return {"problem": "nested", "deepest": DEEPEST}
        rows = 0
        with pq.ParquetWriter(target, schema, compression="lz4") as writer:
            for batch in damaged.iter_batches(batch_size=BATCH):
                rows += batch.num_rows
                _check(rows, metadata.num_columns, size, allowed)
                batch.validate(full=True)
                if _decoded(batch) > MOST_BATCH:
                    return {"problem": "memory"}
                writer.write_batch(batch)
        if rows != metadata.num_rows:
            return {"problem": "damaged", "reason": f"its footer says {metadata.num_rows:,} rows, and it has {rows:,}"}
    return {}


def main() -> int:
    """Read what the arguments name: source, target, how many cells are allowed (0: as usual)."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    source, target, allowed = sys.argv[1:4]
    try:
        answer = _copied(source, target, int(allowed))
    except ParquetTooLarge as error:
        answer = {"problem": "large", "rows": error.args[0], "columns": error.args[1]}
    except MemoryError:
        answer = {"problem": "memory"}
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        # Arrow tells of damage in many ways, of texts that are none among them.
        memory = isinstance(error, pa.ArrowMemoryError)
        answer = {"problem": "memory" if memory else "damaged", "reason": str(error).partition("\n")[0][:200]}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
