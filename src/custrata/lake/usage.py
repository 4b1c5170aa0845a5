"""Disk usage of a lake by purpose, and whether compacting is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from custrata.lake.delta import LOG, files_at
from custrata.lake.manifest import Manifest
from custrata.lake.pending import SMALL

# More versions or small files of one table slow readers down, even if they take little space.
MOST_VERSIONS, MOST_SMALL = 50, 50


@dataclass(frozen=True)
class LakeUsage:
    """Bytes of a lake: `live` files of the present version, `dead` ones of former versions, `log` of what the tables
    consist of. `versions` and `small` are the most entries of a log and the most small files that a table has;
    `sweep_due` says that removing was interrupted."""

    live: int = 0
    dead: int = 0
    log: int = 0
    versions: int = 0
    small: int = 0
    sweep_due: bool = False

    def is_due(self, share: Decimal | None) -> bool:
        """Whether the lake is to be compacted: dead files exceed a share of the live ones, or there are too many small
        files or versions; where there is no share, only to finish what was interrupted."""
        if share is None:
            return self.sweep_due
        crowded = self.versions > MOST_VERSIONS or self.small > MOST_SMALL
        return self.dead > share * self.live or crowded or self.sweep_due


def usage_of(folder: Path) -> LakeUsage:
    """The disk usage of the lake in a folder; files of a change in progress count as dead. Raises `Damaged`."""
    live = log = versions = small = 0
    manifest = Manifest.read(folder)
    for name, state in manifest.tables.items():
        needed = files_at(folder / name, state.version)
        live += sum(file.size for file in needed)
        small = max(small, sum(file.size < SMALL for file in needed))
        entries = list((folder / name / LOG).glob("*"))
        log += sum(map(_size, entries))
        versions = max(versions, sum(path.suffix == ".json" for path in entries))
    dead = sum(map(_size, _dead_of(folder, manifest)))
    return LakeUsage(live, dead, log, versions, small, manifest.sweep_due)


def dead_files(folder: Path) -> set[Path]:
    """The files of rows that the present version of the lake does not need. Raises `Damaged`."""
    return set(_dead_of(folder, Manifest.read(folder)))


def _dead_of(folder: Path, manifest: Manifest) -> Iterator[Path]:
    for name, state in manifest.tables.items():
        needed = {file.name for file in files_at(folder / name, state.version)}
        yield from (path for path in (folder / name).glob("*.parquet") if path.name not in needed)


def _size(path: Path) -> int:
    """The size of a file; 0 where it was removed meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
