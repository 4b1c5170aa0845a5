"""Marks: where the method behind a curve changes, by other definitions, a new scheme version, or a new learning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custrata.lake import Run
from custrata.pipeline.graded import GradedRun, GradedScheme

# Increased whenever the definition of a trait or of a kind of scheme changes, so that equal facts may give other tiers:
# runs made by other definitions are regraded, and curves carry a mark where the definitions change.
DEFINITIONS = 2


def marks_of(schemes: Mapping[str, Mapping[str, Any]], before: Run | None) -> list[dict[str, Any]]:
    """The schemes graded by another method than at the previous run, as a run records it.

    Each has `kind` (`definitions` for all schemes; `version`, `learning` of one), `scheme`, `was` and `now`.
    """
    if before is None:
        return []
    previous_run = GradedRun.of(before)
    was = previous_run.inputs.definitions
    marks = [_mark("definitions", None, was, DEFINITIONS)] if was != DEFINITIONS else []
    graded = {key: GradedScheme(key, scheme_record, {}) for key, scheme_record in schemes.items()}
    return marks + _scheme_marks(graded, previous_run.schemes)


def _scheme_marks(
    schemes: Mapping[str, GradedScheme], previous_schemes: Mapping[str, GradedScheme]
) -> list[dict[str, Any]]:
    """The marks of individual schemes."""
    marks: list[dict[str, Any]] = []
    for key, scheme in schemes.items():
        earlier = previous_schemes.get(key)
        if earlier is None or earlier.waiting or scheme.waiting:
            continue
        versions = earlier.version, scheme.version
        if versions[0] != versions[1]:
            marks.append(_mark("version", key, *versions))
        elif (numbers := (_learning(earlier), _learning(scheme)))[0] != numbers[1]:
            marks.append(_mark("learning", key, *numbers))
    return marks


def marks_between(before: Run | None, run: Run) -> list[dict[str, Any]]:
    """The marks of a run against the one that now precedes it: the recorded marks, where it continued from that run.

    Otherwise retention removed runs in between, and the marks cover all changes since.
    """
    graded = GradedRun.of(run)
    if before is None or graded.follows(before):
        return list(map(dict, graded.marks))
    earlier = GradedRun.of(before)
    was, now = earlier.inputs.definitions, graded.inputs.definitions
    marks = [_mark("definitions", None, was, now)] if was != now else []
    return marks + _scheme_marks(graded.schemes, earlier.schemes)


def method_of(run: Run, scheme: str) -> tuple[int, int, int | None] | None:
    """The method of a scheme at a run: definitions, version and number of the learning; None if it waited."""
    graded = GradedRun.of(run)
    by = graded.scheme(scheme)
    return None if by is None else (graded.inputs.definitions, by.version, _learning(by))


def same_method(run: Run, scheme: str, scheme_record: Mapping[str, Any]) -> bool:
    """Whether a run graded a scheme by the current method, so that another tier is due to other facts."""
    by = GradedScheme(scheme, scheme_record, {})
    return method_of(run, scheme) == (DEFINITIONS, by.version, _learning(by))


def _mark(kind: str, scheme: str | None, was: int | None, now: int | None) -> dict[str, Any]:
    return {"kind": kind, "scheme": scheme, "was": was, "now": now}


def _learning(scheme: GradedScheme) -> int | None:
    return None if scheme.learning is None else scheme.learning.number
