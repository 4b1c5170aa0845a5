"""The goals offered by the scheme wizard, and the initial definition of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from custrata.apps.tiers.queries.runs import newest
from custrata.pipeline.reading.values import positive_quantiles
from custrata.wording import LANGUAGES, phrase

Data = dict[str, Any]
SHARES = (0.99, 0.95, 0.85, 0.6)
# Lines of a ladder without data.
DEFAULT_LINES = (20000, 8000, 3000, 1000)


@dataclass(frozen=True)
class Goal:
    """A goal of the wizard: key, icon, scheme kind, and tiers from the best down."""

    key: str
    icon: str
    kind: str
    tiers: tuple[str, ...] = ()


GOALS = (
    Goal("membership", "crown", "threshold", ("black", "diamond", "gold", "silver", "basic")),
    Goal("spenders", "coins", "pareto", ("high", "mid", "low")),
    Goal("often", "repeat", "quantile", ("high", "mid", "low")),
    Goal("loyal", "heart", "score", ("loyal", "potential", "other")),
    Goal("rules", "list-check", "rules", ("first", "other")),
    Goal("points", "star", "points", ("high", "mid", "low")),
    Goal("groups", "chart-bubble", "cluster"),
    Goal("tree", "binary-tree", "tree"),
)
BY_KEY = {goal.key: goal for goal in GOALS}


def definition_for(goal: Goal) -> Data:
    """The initial definition for a goal: names in every language, settings of the kind, tiers."""
    names = {language: phrase("schemes", f"goals.{goal.key}.name", language) for language in LANGUAGES}
    data: Data = {"kind": goal.kind, "names": names, **_settings(goal)}
    drawn = _thresholds(goal)
    tiers = [_tier(goal, key, drawn[place] if place < len(drawn) else {}) for place, key in enumerate(goal.tiers)]
    return {**data, **({"tiers": tiers} if tiers else {})}


def _tier(goal: Goal, key: str, drawn: Data) -> Data:
    names = {language: phrase("schemes", f"goals.{goal.key}.tiers.{key}", language) for language in LANGUAGES}
    return {"key": key, "names": names, **drawn}


def _settings(goal: Goal) -> Data:
    some = {"trait": "orders", "is": ">=", "value": 1}
    match goal.key:
        case "membership" | "spenders":
            return {"trait": "spend"}
        case "often":
            return {"trait": "orders", "among": some}
        case "loyal":
            return {"among": some, "factors": _loyalty_factors()}
        case "rules":
            return {"rules": [{"tier": "first", "when": {"trait": "spend", "is": "top", "share": "0.1"}}]}
        case "points":
            often = {"name": "", "when": {"trait": "orders", "is": ">=", "value": 5}, "points": 10}
            lately = {"name": "", "when": {"trait": "recency_days", "is": "<=", "value": 30}, "points": 5}
            return {"rules": [often, lately]}
        case "groups":
            return {"traits": ["orders", "spend", "recency_days"], "order_by": "spend"}
    return {"target": "spend", "traits": ["orders", "recency_days", "tenure_days"], "least_leaf": 20}


def _loyalty_factors() -> Data:
    return {
        "orders": {"trait": "orders", "weight": 40, "normaliser": "rank"},
        "regularity": {"trait": "regularity", "weight": 30},
        "tenure": {"trait": "tenure_days", "weight": 20, "high": 730},
        "recency": {"trait": "recency_days", "weight": 10, "direction": "less", "normaliser": "rank"},
    }


def _thresholds(goal: Goal) -> list[Data]:
    """The line or share of each tier but the last."""
    match goal.key:
        case "membership":
            life = {"keep": "90%", "valid": "1 year", "grace": "1 month", "drop_at_most": 1}
            return [{"line": line, **life} for line in lines_for("spend", SHARES) or DEFAULT_LINES]
        case "spenders":
            return [{"share": "80%"}, {"share": "95%"}]
        case "often":
            return [{"share": "20%"}, {"share": "50%"}]
        case "loyal":
            return [{"line": 66}, {"line": 33}]
        case "points":
            return [{"line": 15}, {"line": 5}]
    return []


def lines_for(trait: str, shares: Sequence[float]) -> list[int] | None:
    """Rounded quantiles of the positive values of a trait; None if they are not strictly decreasing."""
    run = newest()
    if run is None:
        return None
    lines = [_rounded(value) for value in positive_quantiles(run, trait, shares)]
    return lines if lines == sorted(set(lines), reverse=True) and lines else None


def _rounded(value: float) -> int:
    """Round to two significant digits: 12,345 becomes 12,000."""
    exact = Decimal(str(value))
    return max(1, int(round(exact, 1 - exact.adjusted()))) if exact >= 10 else max(1, round(value))
