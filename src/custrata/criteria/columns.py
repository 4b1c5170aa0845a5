"""What the columns are called that conditions read: those of a profile, and the helpers of `Scope.apply`."""

from __future__ import annotations

import json
from hashlib import sha256

from custrata.criteria.nodes import FactsLeaf, Leaf, Measure, TagLeaf, TierLeaf, TraitLeaf
from custrata.criteria.operators import OPERATORS

TAGS, BETWEEN_TAGS = "tags", ", "


def tier_column(scheme: str) -> str:
    """The column with the tier of a scheme."""
    return f"{scheme}_tier"


def since_column(scheme: str) -> str:
    """The column with the instant since which the tier has held."""
    return f"{scheme}_since"


def measure_column(measure: Measure) -> str:
    """The helper column with a measure of facts, the same in every table."""
    return f"_{measure.facts}_{_mark(measure.to_json())}"


def line_column(leaf: TraitLeaf) -> str | None:
    """The helper column with the line that parts the population, for a test that needs one."""
    if not OPERATORS[leaf.test.operator].of_population:
        return None
    return f"_line_{_mark(leaf.to_json())}"


def profile_columns(leaf: Leaf) -> frozenset[str]:
    """The columns of the profile that a leaf reads, there or not."""
    match leaf:
        case TraitLeaf(trait):
            return frozenset({trait})
        case TagLeaf():
            return frozenset({TAGS})
        case TierLeaf(scheme, _, None):
            return frozenset({tier_column(scheme)})
        case TierLeaf(scheme):
            return frozenset({tier_column(scheme), since_column(scheme)})
        case FactsLeaf():
            return frozenset()


def _mark(data: object) -> str:
    return sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:12]
