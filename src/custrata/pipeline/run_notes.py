"""Notes on a run as sentences, for the command line and for pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from custrata.lake import Run
from custrata.tiering.names import scheme_name
from custrata.wording.writer import Writer


def describe_run(run: Run, write: Writer) -> list[str]:
    """Sentences on rows dated in the future, on newly learned or missing lines, and on changed methods.

    `write` writes phrases of the area `runs`.
    """
    return [*_later(run, write), *_learned(run, write), *describe_marks(run, write)]


def describe_marks(run: Run, write: Writer) -> list[str]:
    """The marks of a run as sentences: what is graded by another method than at the previous run."""
    return [write(f"mark.{mark['kind']}", **_named(mark, run, write)) for mark in run.record.get("marks") or []]


def _named(mark: Mapping[str, Any], run: Run, write: Writer) -> dict[str, Any]:
    key = mark["scheme"]
    name = "" if key is None else scheme_name(key, write.language, run.record["schemes"].get(key))
    return {**mark, "scheme": name}


def _later(run: Run, write: Writer) -> list[str]:
    later = run.record.get("later")
    if later is None:
        return []
    at, newest = (write.instant(datetime.fromisoformat(later[name])) for name in ("at", "newest"))
    rows = sum(later["tables"].values())
    return [write.count("later", rows, table=later["table"], key=later["key"], at=at, newest=newest)]


def _learned(run: Run, write: Writer) -> list[str]:
    sentences = []
    for key, scheme_record in run.record["schemes"].items():
        learning = scheme_record.get("learning")
        if learning is not None and (learning["at"] == run.record["at"] or not learning["learned"]):
            phrase = f"learned.{learning['why']}" if learning["learned"] else "learned.not"
            before = write.day(datetime.fromisoformat(learning["before"]))
            name = scheme_name(key, write.language, scheme_record)
            sentences.append(write(phrase, scheme=name, number=learning["number"], before=before))
    return sentences
