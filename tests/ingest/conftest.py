"""A shop to import into: a fresh workspace, and what its lake holds afterwards."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from custrata.engine import DuckEngine
from custrata.ingest import ImportResult, import_file
from custrata.lake import Workspace

AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Shop:
    """A workspace, the folder its files come from, and the engine that reads them."""

    workspace: Workspace
    folder: Path
    engine: DuckEngine

    def file(self, content: str | bytes, name: str = "file.csv") -> Path:
        """A file with that content."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def import_text(self, kind: str, content: str | bytes, name: str = "file.csv", **options: Any) -> ImportResult:
        """Import a file with this content."""
        return self.import_path(kind, self.file(content, name), **options)

    def import_path(self, kind: str, path: Path, **options: Any) -> ImportResult:
        """Import a file."""
        return import_file(self.workspace, kind, path, **{"at": AT, "engine": self.engine, **options})

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """What a table of the lake holds, in the order of its columns."""
        contents = self.engine.arrow(self.workspace.lake.snapshot().read(table, self.engine).select(*columns))
        return sorted((tuple(row.values()) for row in contents.to_pylist(maps_as_pydicts="strict")), key=str)

    def quarantine(self, result: ImportResult) -> list[str]:
        """The lines of the quarantine file, its header first."""
        assert result.quarantine is not None
        return result.quarantine.read_text("utf-8-sig").splitlines()

    def rejected(self, result: ImportResult) -> list[dict[str, str]]:
        """The rows of the quarantine file."""
        return list(csv.DictReader(io.StringIO("\n".join(self.quarantine(result)))))

    @property
    def state(self) -> object:
        """What must not change when an import is refused."""
        snapshot = self.workspace.lake.snapshot()
        return snapshot.fingerprint, snapshot.imports, sorted(path.name for path in self.workspace.quarantine.iterdir())


OpenShop = Callable[..., Shop]


def opened_shop(folder: Path, duck: DuckEngine, **settings: str) -> Shop:
    """A shop in Shanghai, or with other settings, whose workspace and files are in a folder."""
    chosen: dict[str, Any] = {"currency": "CNY", "timezone": "Asia/Shanghai", "language": "en", **settings}
    return Shop(Workspace.create(folder / "shop", **chosen), folder, duck)


def copied_shop(template: Path, folder: Path, duck: DuckEngine) -> Shop:
    """A copy of a shop with its files."""
    copytree(template, folder, dirs_exist_ok=True)
    return Shop(Workspace.open(folder / "shop"), folder, duck)


@pytest.fixture
def open_shop(tmp_path: Path, duck: DuckEngine) -> OpenShop:
    """Open a shop with other settings than usual."""
    return partial(opened_shop, tmp_path, duck)


@pytest.fixture
def shop(open_shop: OpenShop) -> Shop:
    """A shop in Shanghai."""
    return open_shop()
