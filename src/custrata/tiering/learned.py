"""Lines that were learned from the facts: kept with the version of the scheme they belong to, dated, never changed.

They lie beside the versions in `schemes/` of the workspace's folder: `<key>/learned/<version>-<number>.json`. Number 0
says that there was too little to learn from yet, and is replaced when it is tried again; from 1 on each is a learning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from custrata.lake import Workspace
from custrata.lake.durable import UNREADABLE, Damaged
from custrata.lake.sums import read_checked, write_checked
from custrata.private import private_files
from custrata.tiering.schemes import Scheme

LEARNING = frozenset({"lifecycle", "cluster", "tree"})
FOLDER = "learned"


@dataclass(frozen=True)
class Learned:
    """What one learning of a scheme's version came to.

    `before` is the day whose earlier facts it was learned from, `saw` the state of the facts, `at` when it was done;
    `why` is `first` (the version had none), `enough` (there was too little before) or `asked`; `model` is the curve or
    model as JSON, the fixed lines or nothing where `number` is 0.
    """

    scheme: str
    version: int
    number: int
    before: datetime
    at: datetime
    why: str
    saw: str
    model: Mapping[str, Any] | None

    def text(self) -> str:
        """The learning as its file holds it."""
        return json.dumps(asdict(self), default=datetime.isoformat, ensure_ascii=False, indent=1)

    @property
    def heading(self) -> dict[str, Any]:
        """What a run records of it besides the lines themselves."""
        heading = {"number": self.number, "before": self.before.isoformat(), "at": self.at.isoformat(), "why": self.why}
        return {**heading, "learned": self.number > 0}


class LearnedLines:
    """The learnings of a workspace.

    >>> import tempfile
    >>> LearnedLines(Workspace.create(tempfile.mkdtemp())).newest("lifecycle", 1) is None
    True
    """

    def __init__(self, workspace: Workspace) -> None:
        self.folder = workspace.schemes

    def newest(self, key: str, version: int) -> Learned | None:
        """The last learning of a version; number 0 only where there is no other. Raises `Damaged`."""
        learnings = self.all(key, version)
        return learnings[-1] if learnings else None

    def all(self, key: str, version: int) -> list[Learned]:
        """Every learning of a version, the first one first. Raises `Damaged`."""
        paths = (self.folder / key / FOLDER).glob(f"{version}-*.json")
        return sorted(map(_read, paths), key=lambda learning: learning.number)

    def keep(self, learned: Learned) -> None:
        """Save a learning."""
        home = self.folder / learned.scheme / FOLDER
        with private_files():
            home.mkdir(parents=True, exist_ok=True)
        write_checked(home / f"{learned.version}-{learned.number}.json", learned.text())


def is_learned(scheme: Scheme) -> bool:
    """Whether lines of a scheme are learned from the facts, and kept."""
    return scheme.kind in LEARNING or bool(scheme.definition.settings.get("frozen"))


def fingerprint_of(lines: Iterable[Learned]) -> str:
    """A short text that changes with what was learned."""
    content = [
        [learning.scheme, learning.version, learning.number, learning.model]
        for learning in sorted(lines, key=lambda learning: learning.scheme)
    ]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16] if content else ""


def _read(path: Path) -> Learned:
    try:
        data = json.loads(read_checked(path))
        instants = {name: datetime.fromisoformat(data[name]) for name in ("before", "at")}
        return Learned(**{field.name: data[field.name] for field in fields(Learned)} | instants)
    except UNREADABLE as error:
        raise Damaged(file=path, reason=error) from error
