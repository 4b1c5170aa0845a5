"""Schemes: ladders that put every customer in exactly one tier, with a reason."""

from custrata.tiering.explain import Explanation, explain
from custrata.tiering.schemes import BUILT_IN, Context, Scheme

__all__ = ["BUILT_IN", "Context", "Explanation", "Scheme", "explain"]
