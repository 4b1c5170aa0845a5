"""The tier state that a new version of a scheme continues from when it replaces a run of the same instant.

The replaced run is removed when the new one is published, so the new run stores the tiers it continued from: regrading
that instant by the same version continues from them again, as the simulation did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from custrata.engine import Engine
from custrata.lake import Run
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.state import previous_state
from custrata.tiering.schemes import Scheme


@dataclass(frozen=True)
class Handover:
    """By scheme, the tier state that a version continues from instead of the previous run, and its definition."""

    states: Mapping[str, ir.Table] = field(default_factory=dict)
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def write(self, folder: Path, engine: Engine) -> None:
        """Write the states into a run's folder, one file per scheme."""
        for key, state in self.states.items():
            engine.write_parquet(state, folder / f"{file_of(key)}.parquet")


def file_of(key: str) -> str:
    """The name of a scheme's handover table in a run."""
    return f"handover-{key}"


def handover_for(superseded: Run | None, schemes: Sequence[Scheme], engine: Engine) -> Handover:
    """The handover of a new run: for schemes whose version changed, the superseded run's tiers; for the others, the
    handover that the superseded run recorded."""
    previous = recorded_handover(superseded, schemes, engine)
    if superseded is None:
        return previous
    graded = GradedRun.of(superseded)
    anew = {
        scheme.key: replaced.definition
        for scheme in schemes
        if scheme.definition.lives
        and (replaced := graded.scheme(scheme.key)) is not None
        and replaced.version != scheme.version
    }
    states = {key: previous_state(superseded, key, engine) for key in anew}
    return Handover({**previous.states, **states}, {**previous.definitions, **anew})


def recorded_handover(run: Run | None, schemes: Sequence[Scheme], engine: Engine) -> Handover:
    """The handover that a run recorded, for schemes whose version has not changed since."""
    if run is None:
        return Handover()
    graded = GradedRun.of(run)
    same = [
        scheme.key
        for scheme in schemes
        if scheme.key in graded.handover and graded.schemes[scheme.key].version == scheme.version
    ]
    states = {key: run.read(file_of(key), engine) for key in same}
    return Handover(states, {key: graded.handover[key] for key in same})
