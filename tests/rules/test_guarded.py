"""Every entry point of the pipeline raises Custrata's errors: none lets an engine's own error through."""

from __future__ import annotations

import inspect

import pytest

from custrata import pipeline
from custrata.pipeline import simulation

ENTRY_POINTS = [getattr(pipeline, name) for name in pipeline.__all__ if inspect.isfunction(getattr(pipeline, name))]


@pytest.mark.parametrize(
    "entry_point",
    [*ENTRY_POINTS, simulation.simulate, simulation.preview],
    ids=lambda entry_point: entry_point.__name__,
)
def test_every_entry_point_translates_errors(entry_point: object) -> None:
    assert inspect.unwrap(entry_point) is not entry_point  # type: ignore[arg-type]  # a function, as the list is made
