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
from custrata.pipeline.state import previous_state
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


def handover_for(superseded: Run | None, schemes: Sequence[Scheme], engine: Engine) -> Handover:
    """What the schemes of other versions than the replaced run's go on from: that run's tiers. And what it went on from
    itself by the same versions."""
    previous = recorded_handover(superseded, schemes, engine)
    if superseded is None:
        return previous
    recorded = superseded.record["schemes"]
    anew = {
        scheme.key: recorded[scheme.key]
        for scheme in schemes
        if scheme.definition.lives and scheme.key in recorded and not recorded[scheme.key]["waiting"]
        and recorded[scheme.key].get("version") != scheme.version
    }  # fmt: skip
    states = {key: previous_state(superseded, key, engine) for key in anew}
    definitions = {key: scheme_record.get("definition") or {} for key, scheme_record in anew.items()}
    return Handover({**previous.states, **states}, {**previous.definitions, **definitions})


def recorded_handover(run: Run | None, schemes: Sequence[Scheme], engine: Engine) -> Handover:
    """What a run kept of it, for the schemes that are still of the versions it graded by."""
    if run is None:
        return Handover()
    recorded, definitions = run.record["schemes"], run.record.get("handover", {})
    same = [
        scheme.key
        for scheme in schemes
        if scheme.key in definitions and recorded[scheme.key]["version"] == scheme.version
    ]
    states = {key: run.read(file_of(key), engine) for key in same}
    return Handover(states, {key: definitions[key] for key in same})
