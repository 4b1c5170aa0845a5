"""Every door of the pipeline fails in Custrata's words: none lets an engine's own error through."""

from __future__ import annotations

import inspect

import pytest

from custrata import pipeline
from custrata.pipeline import simulation

DOORS = [getattr(pipeline, name) for name in pipeline.__all__ if inspect.isfunction(getattr(pipeline, name))]


@pytest.mark.parametrize("door", [*DOORS, simulation.simulate, simulation.preview], ids=lambda door: door.__name__)
def test_a_door_of_the_pipeline_is_guarded(door: object) -> None:
    assert inspect.unwrap(door) is not door  # type: ignore[arg-type]  # a function, as the list is made
