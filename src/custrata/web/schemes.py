"""The schemes of the published run, and their names in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custrata.tiering.names import scheme_name, tier_name
from custrata.tiering.shapes import SHAPES
from custrata.web import texts
from custrata.web.workspace import published_run


def graded_schemes() -> Mapping[str, Mapping[str, Any]]:
    """The records of all schemes in the published run, in display order; empty without a run."""
    run = published_run()
    schemes: Mapping[str, Mapping[str, Any]] = run.record["schemes"] if run is not None else {}
    return schemes


def scheme_named(key: str, language: str | None = None) -> str:
    """The name of a scheme."""
    return scheme_name(key, language or texts.language(), graded_schemes().get(key))


def tier_named(key: str, tier: str, language: str | None = None) -> str:
    """The name of a tier of a scheme."""
    return tier_name(key, tier, language or texts.language(), graded_schemes().get(key))


def has_order(key: str) -> bool:
    """Whether the tiers of a scheme are ordered, so that an override may be `at_least`."""
    kind = graded_schemes().get(key, {}).get("kind")
    return kind in SHAPES and SHAPES[kind].ordered


def tiers_of_scheme(key: str) -> tuple[str, ...]:
    """The tiers of a scheme from the best down; none where the published run does not know it."""
    return tuple(graded_schemes().get(key, {}).get("tiers", ()))
