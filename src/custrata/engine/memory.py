"""How much memory an engine may take: a size or a share of the machine, as bytes."""

from __future__ import annotations

import os
import re
from pathlib import Path

from custrata.errors import BadInput

HALF = "50%"
LEAST = 256 * 1000**2  # below it DuckDB cannot sort one row group
UNITS = {"MB": 1000**2, "GB": 1000**3, "TB": 1000**4, "MIB": 1024**2, "GIB": 1024**3, "TIB": 1024**4}
LIMIT = re.compile(r"\s*(?P<number>\d{1,6}(?:\.\d{1,3})?)\s*(?P<unit>%|[KMGT]i?B)\s*", re.IGNORECASE)
# What a container may use, by version of control groups; the machine itself where there is none.
GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


class BadMemoryLimit(BadInput):
    template = "“{limit}” is not a memory limit. Use a size of 256 MB or more, such as 8GB, or a share such as 50%."


def memory_in_bytes(limit: str) -> int:
    """A memory limit in bytes: a size (`"8GB"`, `"512MiB"`) or a share of this machine's memory (`"50%"`).

    Shares below 256 MB are raised to it. Raises `BadMemoryLimit`.

    >>> memory_in_bytes("1.5GB")
    1500000000
    """
    parts = LIMIT.fullmatch(limit)
    if parts is None:
        raise BadMemoryLimit(limit=limit)
    number, unit = float(parts["number"]), parts["unit"].upper()
    if unit == "%":
        if not 0 < number <= 100:
            raise BadMemoryLimit(limit=limit)
        return max(LEAST, int(machine_memory() * number / 100))
    size = int(number * UNITS.get(unit, 0))
    if size < LEAST:
        raise BadMemoryLimit(limit=limit)
    return size


def machine_memory() -> int:
    """The bytes of memory of this machine, or of the container this process runs in where that has less."""
    sizes = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for file in GROUPS:
        try:
            sizes.append(int(file.read_text()))
        except (OSError, ValueError):  # no such version of control groups here, or no limit ("max")
            continue
    return min(sizes)
