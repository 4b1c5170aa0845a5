"""Marks: where the method behind a curve changes, by other definitions, a new scheme version, or a new learning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custrata.lake import Run

# Increased whenever the definition of a trait or of a kind of scheme changes, so that equal facts may give other tiers:
# runs made by other definitions are regraded, and curves carry a mark where the definitions change.
DEFINITIONS = 2


def marks_of(schemes: Mapping[str, Mapping[str, Any]], before: Run | None) -> list[dict[str, Any]]:
    """The schemes graded by another method than at the previous run, as a run records it.

    Each has `kind` (`definitions` for all schemes; `version`, `learning` of one), `scheme`, `was` and `now`.
    """
    if before is None:
        return []
    previous_record = before.record
    was = int(previous_record["saw"].get("definitions") or 1)
    marks = [_mark("definitions", None, was, DEFINITIONS)] if was != DEFINITIONS else []
    return marks + _scheme_marks(schemes, previous_record["schemes"])


def _scheme_marks(
    schemes: Mapping[str, Mapping[str, Any]], previous_schemes: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The marks of individual schemes."""
    marks: list[dict[str, Any]] = []
    for key, scheme_record in schemes.items():
        earlier = previous_schemes.get(key)
        if earlier is None or earlier["waiting"] or scheme_record["waiting"]:
            continue
        versions = earlier.get("version") or 1, scheme_record.get("version") or 1
        if versions[0] != versions[1]:
            marks.append(_mark("version", key, *versions))
        elif (numbers := (_learning(earlier), _learning(scheme_record)))[0] != numbers[1]:
            marks.append(_mark("learning", key, *numbers))
    return marks


def marks_between(before: Run | None, run: Run) -> list[dict[str, Any]]:
    """The marks of a run against the one that now precedes it: the recorded marks, where it continued from that run.

    Otherwise retention removed runs in between, and the marks cover all changes since.
    """
    recorded: list[dict[str, Any]] = list(run.record.get("marks") or ())
    if before is None or run.record.get("before") in (None, before.id):
        return recorded
    was, now = (int((compared.record.get("saw") or {}).get("definitions") or 1) for compared in (before, run))
    marks = [_mark("definitions", None, was, now)] if was != now else []
    return marks + _scheme_marks(run.record["schemes"], before.record["schemes"])


def method_of(run: Run, scheme: str) -> tuple[int, int, int | None] | None:
    """The method of a scheme at a run: definitions, version and number of the learning; None if it waited."""
    scheme_record = run.record["schemes"].get(scheme)
    if scheme_record is None or scheme_record["waiting"]:
        return None
    return int(run.record["saw"].get("definitions") or 1), scheme_record.get("version", 1), _learning(scheme_record)


def same_method(run: Run, scheme: str, scheme_record: Mapping[str, Any]) -> bool:
    """Whether a run graded a scheme by the current method, so that another tier is due to other facts."""
    return method_of(run, scheme) == (DEFINITIONS, scheme_record["version"], _learning(scheme_record))


def _mark(kind: str, scheme: str | None, was: int | None, now: int | None) -> dict[str, Any]:
    return {"kind": kind, "scheme": scheme, "was": was, "now": now}


def _learning(scheme_record: Mapping[str, Any]) -> int | None:
    learning: int | None = (scheme_record.get("learning") or {}).get("number")
    return learning
