"""Notes on a run as sentences, for the command line and for pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custrata.lake import Run
from custrata.pipeline.graded import GradedRun
from custrata.tiering.names import scheme_name
from custrata.wording.writer import Writer


def describe_run(run: Run, write: Writer) -> list[str]:
    """Sentences on rows dated in the future, on newly learned or missing lines, and on changed methods.

    `write` writes phrases of the area `runs`.
    """
    return [*_later(run, write), *_learned(run, write), *describe_marks(run, write)]


def describe_marks(run: Run, write: Writer) -> list[str]:
    """The marks of a run as sentences: what is graded by another method than at the previous run."""
    return [write(f"mark.{mark['kind']}", **_named(mark, run, write)) for mark in GradedRun.of(run).marks]


def _named(mark: Mapping[str, Any], run: Run, write: Writer) -> dict[str, Any]:
    key = mark["scheme"]
    scheme = None if key is None else GradedRun.of(run).schemes.get(key)
    name = "" if key is None else scheme_name(key, write.language, None if scheme is None else scheme.record)
    return {**mark, "scheme": name}


def _later(run: Run, write: Writer) -> list[str]:
    later = GradedRun.of(run).later
    if later is None:
        return []
    at, newest = write.instant(later.at), write.instant(later.newest)
    return [write.count("later", sum(later.tables.values()), table=later.table, key=later.key, at=at, newest=newest)]


def _learned(run: Run, write: Writer) -> list[str]:
    sentences, graded = [], GradedRun.of(run)
    for key, scheme in graded.schemes.items():
        learning = scheme.learning
        if learning is not None and (learning.at == graded.created_at or not learning.learned):
            phrase = f"learned.{learning.why}" if learning.learned else "learned.not"
            before = "" if learning.before is None else write.day(learning.before)
            name = scheme_name(key, write.language, scheme.record)
            sentences.append(write(phrase, scheme=name, number=learning.number, before=before))
    return sentences
