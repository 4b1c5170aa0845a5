"""The manifest: which version of every table makes up the lake, and every import that brought it there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from custrata.lake.durable import Damaged, replace_file

FILE = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class ImportRecord:
    """One import: the file, how it was read, and how many of its rows were kept."""

    import_id: str
    table: str
    file_name: str
    sha256: str
    mapping_sha256: str
    rows: int
    accepted: int
    rejected: int
    at: datetime


@dataclass(frozen=True)
class TableState:
    """A table's Delta version, its number of rows, and a mark that changes whenever its rows do."""

    version: int
    rows: int
    content: str


@dataclass(frozen=True)
class Manifest:
    """The whole lake at one moment; `sweep_due` says that files of erased rows may still lie on the disk."""

    tables: dict[str, TableState] = field(default_factory=dict)
    imports: tuple[ImportRecord, ...] = ()
    sweep_due: bool = False

    @property
    def fingerprint(self) -> str:
        """A short text that changes whenever the rows of a table do.

        >>> Manifest().fingerprint
        'e3b0c44298fc1c14'
        """
        marks = "".join(f"{name}={state.content};" for name, state in sorted(self.tables.items()))
        return hashlib.sha256(marks.encode()).hexdigest()[:16]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest in force. Raises `Damaged`."""
        path = folder / FILE
        try:
            return cls._from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise Damaged(file=path, reason=error) from error

    @classmethod
    def _from_json(cls, found: dict[str, Any]) -> Manifest:
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']} is not {FORMAT}")
        return cls(
            tables={name: TableState(**state) for name, state in found["tables"].items()},
            imports=tuple(
                ImportRecord(**{**record, "at": datetime.fromisoformat(record["at"])}) for record in found["imports"]
            ),
            sweep_due=found["sweep_due"],
        )

    def write(self, folder: Path) -> None:
        """Put this manifest in force: the moment at which a change becomes visible, whole."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, default=datetime.isoformat, ensure_ascii=False, indent=1)
        replace_file(folder / FILE, text)
