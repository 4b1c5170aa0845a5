"""The findings of a workspace check: one for each part that is whole, damaged or repaired."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from custrata.lake.durable import Damaged
from custrata.wording import LazyPhrase

State = Literal["whole", "notice", "mended", "damaged"]


@dataclass(frozen=True)
class Finding:
    """One part of a workspace: `what` describes its state, and `way` how to repair it where it is damaged."""

    part: str
    path: str
    state: State
    what: LazyPhrase
    way: LazyPhrase | None = None


def phrase_of(name: str, **facts: object) -> LazyPhrase:
    """A phrase of the doctor's area."""
    return LazyPhrase("doctor", name, facts)


def whole(part: str, path: str, name: str, **facts: object) -> Finding:
    """A part that is as it was written."""
    return Finding(part, path, "whole", phrase_of(name, **facts))


def notice(part: str, path: str, name: str, **facts: object) -> Finding:
    """A remark that is no damage."""
    return Finding(part, path, "notice", phrase_of(name, **facts))


def mended(part: str, path: str, name: str, **facts: object) -> Finding:
    """A part that was repaired."""
    return Finding(part, path, "mended", phrase_of(name, **facts))


def damaged(part: str, home: Path, error: Damaged, way: str, **facts: object) -> Finding:
    """A damaged part, and how to repair it."""
    file = Path(str(error.facts["file"]))
    path = file.relative_to(home).as_posix() if file.is_relative_to(home) else str(file)
    reason = error.facts["reason"]
    what = reason if isinstance(reason, LazyPhrase) else LazyPhrase("lake", "damage.form")
    return Finding(part, path, "damaged", what, phrase_of(f"ways.{way}", **facts))
