"""The manifest: the version of every table in the lake, and every import.

It is written twice, so that a damaged one can be restored from its copy.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from custrata.lake.durable import UNREADABLE, Damaged, replace_file
from custrata.lake.sums import Checksum, read_checked, write_checked
from custrata.wording import LazyPhrase

FILE, COPY = "manifest.json", "manifest.copy.json"
FORMAT = 2
READABLE = (1, FORMAT)  # format 1 has no files


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
class DataFile:
    """One Parquet file of a table: its name in the table's folder, its rows, its bytes.

    `sha256` and `at`, the time of change, are of the file as it was written; empty where an earlier version wrote it.
    """

    name: str
    rows: int
    size: int
    sha256: str = ""
    at: float = 0.0

    @property
    def sum(self) -> Checksum:
        """The checksum that the file is compared with."""
        return Checksum(self.size, self.sha256, self.at)


@dataclass(frozen=True)
class TableState:
    """A table's Delta version, its row count, a token that changes whenever its rows do, and its files.

    `files` is empty where an earlier version wrote the manifest: then they are those of the Delta version.
    """

    version: int
    rows: int
    content: str
    files: tuple[DataFile, ...] = ()

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> TableState:
        """A table's state as the manifest has it."""
        return cls(**{**state, "files": tuple(DataFile(**file) for file in state.get("files", ()))})


@dataclass(frozen=True)
class Manifest:
    """The state of the lake at one moment; `sweep_due` says that files of erased rows may still be on the disk."""

    tables: dict[str, TableState] = field(default_factory=dict)
    imports: tuple[ImportRecord, ...] = ()
    sweep_due: bool = False

    @property
    def fingerprint(self) -> str:
        """A fingerprint that changes whenever the rows of a table do.

        >>> Manifest().fingerprint
        'e3b0c44298fc1c14'
        """
        marks = "".join(f"{name}={state.content};" for name, state in sorted(self.tables.items()))
        return hashlib.sha256(marks.encode()).hexdigest()[:16]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The current manifest. Raises `Damaged`."""
        path = folder / FILE
        try:
            return cls.from_text(read_checked(path), path)
        except FileNotFoundError as error:
            raise Damaged(file=path, reason=error) from error

    @classmethod
    def from_text(cls, text: str, path: Path) -> Manifest:
        """A manifest as its file holds it. Raises `Damaged`."""
        try:
            document = json.loads(text)
            if document["format"] not in READABLE:
                raise Damaged(file=path, reason=LazyPhrase("lake", "damage.format", {"format": document["format"]}))
            return cls._from_json(document)
        except UNREADABLE as error:
            raise Damaged(file=path, reason=error) from error

    @classmethod
    def _from_json(cls, document: dict[str, Any]) -> Manifest:
        return cls(
            tables={name: TableState.from_json(state) for name, state in document["tables"].items()},
            imports=tuple(
                ImportRecord(**{**record, "at": datetime.fromisoformat(record["at"])}) for record in document["imports"]
            ),
            sweep_due=document["sweep_due"],
        )

    def write(self, folder: Path) -> None:
        """Write this manifest, which makes a change visible atomically."""
        write_checked(folder / FILE, self.text())
        replace_file(folder / COPY, self.text())

    def text(self) -> str:
        """The manifest as its file holds it."""
        return json.dumps({"format": FORMAT, **asdict(self)}, default=datetime.isoformat, ensure_ascii=False, indent=1)
