"""One consistent view of the lake, valid while its files exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir

from custrata.engine import Engine
from custrata.lake.delta import check_entry, files_at, files_of
from custrata.lake.durable import Damaged
from custrata.lake.manifest import DataFile, ImportRecord, Manifest, TableState
from custrata.schema import TABLES


@dataclass(frozen=True)
class LakeSnapshot:
    """All tables as of one change, unaffected by later ones.

    Erasing and compacting remove old files; long reads take the snapshot by `Lake.reading`.
    """

    manifest: Manifest
    files: dict[str, tuple[Path, ...]]

    @classmethod
    def take(cls, folder: Path) -> LakeSnapshot:
        """The current state of the lake. Raises `Damaged`."""
        while True:
            manifest = Manifest.read(folder)
            try:
                pinned = manifest.tables.items()
                for name, state in pinned:
                    check_entry(folder / name, state.version)
                return cls(
                    manifest, {name: _paths(folder / name, files_of(folder / name, state)) for name, state in pinned}
                )
            except Damaged:
                # A version may leave between our reading the manifest and the version: then there is a newer manifest.
                if Manifest.read(folder) == manifest:
                    raise

    @classmethod
    def empty(cls) -> LakeSnapshot:
        """A lake without rows."""
        return cls(Manifest(), {})

    @classmethod
    def of_versions(cls, folder: Path, versions: Mapping[str, int], rows: Mapping[str, int]) -> LakeSnapshot | None:
        """Tables at past versions; None where one was removed by erasing or compacting."""
        try:
            files = {name: files_at(folder / name, version) for name, version in versions.items()}
        except Damaged:
            return None
        if any(sum(file.rows for file in of_table) != rows.get(name, 0) for name, of_table in files.items()):
            return None  # another log took the place of the one that counted these versions
        paths = {name: _paths(folder / name, of_table) for name, of_table in files.items()}
        if not all(path.exists() for table in paths.values() for path in table):
            return None
        tables = {name: TableState(version, rows.get(name, 0), "") for name, version in versions.items()}
        return cls(Manifest(tables), paths)

    def read(self, table_name: str, engine: Engine) -> ir.Table:
        """The rows of a table, with exactly its canonical columns; an empty table where there are none yet."""
        spec = TABLES[table_name]
        return engine.read_parquet(self.files.get(table_name, ()), spec.schema).select(*spec.names)

    def rows(self, table_name: str) -> int:
        """How many rows a table has."""
        state = self.manifest.tables.get(table_name)
        return state.rows if state else 0

    @property
    def versions(self) -> dict[str, int]:
        """The Delta version of every table that has one."""
        return {name: state.version for name, state in self.manifest.tables.items()}

    @property
    def fingerprint(self) -> str:
        """A fingerprint that changes whenever the rows of a table do."""
        return self.manifest.fingerprint

    @property
    def imports(self) -> tuple[ImportRecord, ...]:
        """Every import, in their order."""
        return self.manifest.imports


def _paths(folder: Path, files: Iterable[DataFile]) -> tuple[Path, ...]:
    return tuple(folder / file.name for file in files)
