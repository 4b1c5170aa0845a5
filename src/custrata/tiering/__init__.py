"""Schemes: ladders that put every customer in exactly one tier, with a life and a reason."""

from custrata.tiering.definitions import Definition, TierDefinition, define
from custrata.tiering.explain import Explanation, explained_by
from custrata.tiering.explanations import explain
from custrata.tiering.kinds import scheme_of
from custrata.tiering.library import Publication, SchemeLibrary, Version
from custrata.tiering.schemes import GradingContext, Scheme, built_in

# Every built-in scheme, ready to grade, in the order in which they are shown.
BUILT_IN: dict[str, Scheme] = {key: scheme_of(definition) for key, definition in built_in().items()}

__all__ = [
    "BUILT_IN",
    "Definition",
    "Explanation",
    "GradingContext",
    "Publication",
    "Scheme",
    "SchemeLibrary",
    "TierDefinition",
    "Version",
    "built_in",
    "define",
    "explain",
    "explained_by",
    "scheme_of",
]
