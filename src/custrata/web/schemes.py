"""The schemes of the published run, and their names in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custrata.pipeline.reading import GradedScheme
from custrata.tiering.names import scheme_name, tier_name
from custrata.tiering.shapes import SHAPES
from custrata.web import texts
from custrata.web.workspace import published_run


def graded_schemes() -> Mapping[str, GradedScheme]:
    """All schemes of the published run, in display order; empty without a run."""
    run = published_run()
    return run.schemes if run is not None else {}


def recorded_scheme(key: str) -> Mapping[str, Any] | None:
    """What the published run recorded of a scheme; None if it did not use it."""
    scheme = graded_schemes().get(key)
    return None if scheme is None else scheme.record


def scheme_named(key: str, language: str | None = None) -> str:
    """The name of a scheme."""
    return scheme_name(key, language or texts.language(), recorded_scheme(key))


def tier_named(key: str, tier: str, language: str | None = None) -> str:
    """The name of a tier of a scheme."""
    return tier_name(key, tier, language or texts.language(), recorded_scheme(key))


def has_order(key: str) -> bool:
    """Whether the tiers of a scheme are ordered, so that an override may be `at_least`."""
    scheme = graded_schemes().get(key)
    return scheme is not None and scheme.kind in SHAPES and SHAPES[scheme.kind].ordered


def tiers_of_scheme(key: str) -> tuple[str, ...]:
    """The tiers of a scheme from the best down; none where the published run does not know it."""
    scheme = graded_schemes().get(key)
    return () if scheme is None else scheme.tier_keys
