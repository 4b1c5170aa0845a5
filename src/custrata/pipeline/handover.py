"""What a new version of a scheme goes on from, where it is graded at the instant of the run that it replaces.

The replaced run is no more once the new one is published, so the new run keeps the tiers it went on from: however
often that instant is graded again by the same version, it goes on from them, as the simulation did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from custrata.engine import Engine
from custrata.lake import Run
from custrata.pipeline.state import state_left
from custrata.tiering.schemes import Scheme


@dataclass(frozen=True)
class Handover:
    """By scheme, the state that a version goes on from instead of the run before, and the definition that left it."""

    states: Mapping[str, ir.Table] = field(default_factory=dict)
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def write(self, folder: Path, engine: Engine) -> None:
        """Keep the states in a run's folder, a file for each scheme."""
        for key, state in self.states.items():
            engine.write_parquet(state, folder / f"{file_of(key)}.parquet")


def file_of(key: str) -> str:
    """What the table of a scheme is called in a run."""
    return f"handover-{key}"


def handed_over(former: Run | None, schemes: Sequence[Scheme], engine: Engine) -> Handover:
    """What the schemes of other versions than the replaced run's go on from: that run's tiers. And what it went on from
    itself by the same versions."""
    kept = kept_handover(former, schemes, engine)
    if former is None:
        return kept
    recorded = former.record["schemes"]
    anew = {
        one.key: recorded[one.key]
        for one in schemes
        if one.definition.lives and one.key in recorded and not recorded[one.key]["waiting"]
        and recorded[one.key].get("version") != one.version
    }  # fmt: skip
    states = {key: state_left(former, key, engine) for key in anew}
    definitions = {key: decided.get("definition") or {} for key, decided in anew.items()}
    return Handover({**kept.states, **states}, {**kept.definitions, **definitions})


def kept_handover(run: Run | None, schemes: Sequence[Scheme], engine: Engine) -> Handover:
    """What a run kept of it, for the schemes that are still of the versions it graded by."""
    if run is None:
        return Handover()
    recorded, kept = run.record["schemes"], run.record.get("handover", {})
    same = [one.key for one in schemes if one.key in kept and recorded[one.key]["version"] == one.version]
    states = {key: run.read(file_of(key), engine) for key in same}
    return Handover(states, {key: kept[key] for key in same})
