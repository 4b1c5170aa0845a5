"""Points: named conditions that give or take points, summed, then lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.threshold import laddered, line_ladder, where
from custrata.engine.functions import Number
from custrata.errors import BadInput


class NoRules(BadInput):
    template = "There are no rules. Add at least one."


class RuleTwice(BadInput):
    template = "The rule “{rule}” appears twice. Give every rule a different name."


class BadPoints(BadInput):
    template = "The rule “{rule}” gives {points} points. Points are a whole number, negative to subtract."


def grade_points(
    profile: ir.Table,
    rules: Sequence[tuple[str, ir.BooleanValue, int]],
    tiers: Sequence[str],
    lines: Sequence[Number],
    *,
    has: ir.BooleanValue | None = None,
) -> Grading:
    """The sum of the points of all rules that hold, then the tier by lines (value ≥ line).

    `rules` are (name, condition over `profile`, points); a condition that is empty for a customer does not hold.
    Customers for whom `has` does not hold have no value and the last tier. Further columns: `<name>`, the points a
    rule gave, 0 where it did not hold. `facts` hold the points of each rule.

    Raises `NoRules`, `RuleTwice`, `BadPoints`, and as `grade_threshold` does.

    >>> members = ibis.memtable({"customer_id": ["a", "b"], "orders": [9, 1], "late": [True, False]})
    >>> rules = [("often", members.orders >= 5, 10), ("late", members.late, -3)]
    >>> grade_points(members, rules, ("good", "plain"), [7]).table().to_pandas().values.tolist()
    [['a', 'good', 7, 10, -3], ['b', 'plain', 0, 0, 0]]
    """
    _check(rules)
    ladder = line_ladder(tiers, lines)
    points_given = {
        f"_points_{number}": condition.fill_null(False).ifelse(points, 0).cast("int64")
        for number, (_, condition, points) in enumerate(rules)
    }
    takes_part = ibis.literal(True) if has is None else has.fill_null(False)
    # A view keeps Ibis from writing every condition out wherever the sum is used.
    scored = profile.mutate(**points_given, _has=takes_part).view()
    each = {name: scored[f"_points_{number}"] for number, (name, _, _) in enumerate(rules)}
    first, *rest = each.values()
    total = where(scored["_has"], sum(rest, first).cast("int64"))
    graded = laddered(scored, total, ladder, tiers)
    return replace(graded, extras=each, facts={"points": {name: points for name, _, points in rules}, **graded.facts})


def _check(rules: Sequence[tuple[str, ir.BooleanValue, int]]) -> None:
    if not rules:
        raise NoRules()
    names = [name for name, _, _ in rules]
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        raise RuleTwice(rule=twice[0])
    for name, _, points in rules:
        if not isinstance(points, int):
            raise BadPoints(rule=name, points=points)
