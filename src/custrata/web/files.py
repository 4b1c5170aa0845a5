"""Static files served from the package; URLs contain the file's version, so browsers can cache them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.storage import FileSystemStorage

import custrata.report

REPORT = "report"
STYLES = ("pictures.css",)


class VersionedStorage(StaticFilesStorage):
    """`{% static "web/custrata.css" %}` is `/static/web/custrata.css?v=1f0c…`: cacheable forever."""

    def url(self, name: str | None) -> str:
        """The URL of a file with its version; of a missing file, without."""
        version = (_version_now if settings.DEBUG else _version)(name or "")
        return f"{super().url(name)}?v={version}" if version else super().url(name)


def _version_now(name: str) -> str:
    path = finders.find(name)
    return hashlib.sha256(Path(str(path)).read_bytes()).hexdigest()[:12] if path else ""


@lru_cache(maxsize=512)
def _version(name: str) -> str:
    """The version, cached: without DEBUG the files of a running server do not change."""
    return _version_now(name)


class ReportStyles(finders.BaseFinder):
    """Finds the style sheet of the report's charts as `report/pictures.css`."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self.folder = Path(custrata.report.__file__).parent / "templates"
        self.storage = FileSystemStorage(self.folder)
        self.storage.prefix = REPORT  # type: ignore[attr-defined]  # how finders say where their files go
        super().__init__(*args, **named)

    def find(self, path: str, find_all: bool = False, **named: Any) -> Any:
        """The path of a file of ours, an empty list for all others."""
        paths = [str(self.folder / name) for name in STYLES if path == f"{REPORT}/{name}"]
        return paths if find_all or not paths else paths[0]

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Every file of ours with where it lies."""
        return ((name, self.storage) for name in STYLES)
