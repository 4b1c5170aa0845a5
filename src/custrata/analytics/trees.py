"""A decision tree: groups of customers as different as can be in one target, each with a rule people can read.

Source: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees (1984). Fitted with scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any, Self, cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np

from custrata.analytics.clusters import TraitMissing, check_traits, group_tiers
from custrata.analytics.grading import Grading
from custrata.analytics.ladders import mark_of
from custrata.analytics.sampling import sampled, span_of
from custrata.analytics.sources import exact
from custrata.engine.functions import only_row
from custrata.errors import BadInput

__all__ = ["Condition", "TraitMissing", "TreeModel", "TreeNode", "fit_tree", "grade_tree"]

Condition = tuple[str, str, Decimal]

MOST_CUSTOMERS = 20_000
MEAN = Decimal("0.0001")


class BadTreeShape(BadInput):
    template = "A tree of depth {depth} with {least} customers per leaf cannot be fitted. Both must be at least 1."


class NoTraitsForTree(BadInput):
    template = "A tree requires at least one trait besides its target “{target}”. Name some."


class NothingToLearn(BadInput):
    template = (
        "Only {found} customers have “{target}” and all traits, but a leaf alone requires {least}. Lower the "
        "requirements, or wait for more data."
    )


@dataclass(frozen=True)
class TreeNode:
    """A question (`trait` ≤ `threshold`: node `below`, else node `above`), or a leaf, with its place from the best."""

    customers: int
    mean: Decimal
    trait: str | None = None
    threshold: Decimal | None = None
    below: int | None = None
    above: int | None = None
    leaf: int | None = None


@dataclass(frozen=True)
class TreeModel:
    """A tree as it was grown; node 0 is the root. Leaves are numbered by the mean of the target, the best first.

    `customers` had the target and all traits, `sample` of them were looked at; `span` is the first and the last order
    day of them, where known.
    """

    target: str
    traits: tuple[str, ...]
    nodes: tuple[TreeNode, ...]
    depth: int
    least_leaf: int
    customers: int
    sample: int
    span: tuple[date | None, date | None] = (None, None)
    version: int = 1

    @property
    def leaves(self) -> tuple[TreeNode, ...]:
        """The leaves, the best first."""
        return tuple(sorted((node for node in self.nodes if node.leaf is not None), key=lambda node: node.leaf or 0))

    def conditions(self) -> tuple[tuple[Condition, ...], ...]:
        """Per leaf, the best first, what must hold, as (trait, `<=` or `>`, threshold); one line per trait and side."""
        paths = dict(self._paths(0, ()))
        return tuple(_narrowest(paths[number]) for number in range(len(paths)))

    def _paths(self, place: int, path: tuple[Condition, ...]) -> Iterator[tuple[int, tuple[Condition, ...]]]:
        node = self.nodes[place]
        if node.leaf is not None:
            yield node.leaf, path
        elif node.trait is not None and node.threshold is not None:
            yield from self._paths(node.below or 0, (*path, (node.trait, "<=", node.threshold)))
            yield from self._paths(node.above or 0, (*path, (node.trait, ">", node.threshold)))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The model out of its JSON."""
        first, last = (None if day is None else date.fromisoformat(day) for day in record["span"])
        nodes = tuple(TreeNode(**_exact_node(node)) for node in record["nodes"])
        return cls(**{**record, "traits": tuple(record["traits"]), "nodes": nodes, "span": (first, last)})


def fit_tree(
    profile: ir.Table,
    target: str,
    depth: int = 3,
    least_leaf: int = 100,
    traits: Sequence[str] = (),
    *,
    less_is_better: bool = False,
) -> TreeModel:
    """Grow a tree that parts the customers by `traits` so that `target` (a number or a boolean) differs the most.

    Parameters: `depth` the most questions on a way down, `least_leaf` the fewest customers in a leaf. Only customers
    who have the target and all traits are looked at, beyond 20,000 a sample chosen by MD5. A threshold is rounded
    down to the places of its trait, which moves nobody. Leaves are ordered by the mean of the target, the highest
    first, or the lowest (`less_is_better`).

    Raises `BadTreeShape`, `NoTraitsForTree`, `TraitMissing`, `NothingToLearn`.

    >>> members = ibis.memtable({"customer_id": list("abcd"), "orders": [1, 2, 8, 9], "spend": [10, 12, 90, 95]})
    >>> fit_tree(members, "spend", depth=1, least_leaf=2, traits=["orders"]).conditions()
    ((('orders', '>', Decimal('5')),), (('orders', '<=', Decimal('5')),))
    """
    _check(profile, target, depth, least_leaf, traits)
    table, customers = _sample(profile, target, traits)
    if len(table[target]) < least_leaf or not table[target]:
        raise NothingToLearn(found=len(table[target]), target=target, least=least_leaf)
    columns = np.column_stack([np.asarray(table[name], dtype=float) for name in traits])
    # Here, since loading it takes over a second that only a fit should cost.
    from sklearn.tree import DecisionTreeRegressor

    grown = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=least_leaf, random_state=0)
    tree = grown.fit(columns, np.asarray(table[target], dtype=float)).tree_
    places = [_places(exact(profile[name]).type()) for name in traits]
    nodes = _nodes(tree, traits, places, less_is_better=less_is_better)
    model_span = span_of(profile)
    return TreeModel(target, tuple(traits), nodes, depth, least_leaf, customers, len(table[target]), model_span)


def grade_tree(
    profile: ir.Table, model: TreeModel, tiers: Sequence[str] | None = None, *, rest: str = "unknown"
) -> Grading:
    """The leaf of every customer: `leaf1` … from the best, or the names in `tiers`; who lacks a trait is `rest`.

    `value` is the mean of the target in the leaf. `facts` hold the model and, per tier, the leaf's `conditions`
    (trait, `<=` or `>`, threshold), its `customers` in the sample and their `mean`.

    Raises `TiersDoNotFit`, `TierTwice`, `TraitMissing`.

    >>> members = ibis.memtable({"customer_id": list("abcd"), "orders": [1, 2, 8, 9], "spend": [10, 12, 90, 95]})
    >>> model = fit_tree(members, "spend", depth=1, least_leaf=2, traits=["orders"])
    >>> others = ibis.memtable({"customer_id": ["x", "y", "z"], "orders": [5, 6, None]})
    >>> grade_tree(others, model).table().to_pandas()[["tier", "value"]].values.tolist()
    [['leaf2', Decimal('11.0000')], ['leaf1', Decimal('92.5000')], ['unknown', None]]
    """
    leaves = model.leaves
    named = group_tiers(tiers, len(leaves), "leaf", rest)
    check_traits(profile, model.traits)
    lacks = ibis.literal(False)
    for trait in model.traits:
        lacks = lacks | exact(profile[trait]).isnull()
    graded = profile.mutate(_leaf=lacks.ifelse(ibis.null("int32"), _leaf(profile, model, 0))).view()
    numbered = [(graded["_leaf"] == number, named[number], leaf.mean) for number, leaf in enumerate(leaves)]
    tier = ibis.cases(*[(at, ibis.literal(name)) for at, name, _ in numbered], else_=ibis.literal(rest))
    value = ibis.cases(*[(at, ibis.literal(mean, "decimal(38, 4)")) for at, _, mean in numbered])
    rows = zip(named, leaves, model.conditions(), strict=True)
    facts = {
        name: {
            "conditions": list(map(list, conditions)),
            "customers": leaf.customers,
            "mean": leaf.mean,
        }
        for name, leaf, conditions in rows
    }
    every = named if rest in named else (*named, rest)
    return Grading(every, graded, tier, value, facts={"model": model, "leaves": facts})


def _leaf(profile: ir.Table, model: TreeModel, place: int) -> ir.IntegerValue:
    """The number of the leaf, question inside question."""
    node = model.nodes[place]
    if node.trait is None or node.threshold is None:
        return cast(ir.IntegerValue, ibis.literal(node.leaf, "int32"))
    value = exact(profile[node.trait])
    below, above = (_leaf(profile, model, side or 0) for side in (node.below, node.above))
    return cast(ir.IntegerValue, (value <= mark_of(node.threshold, value.type())).ifelse(below, above))


def _check(profile: ir.Table, target: str, depth: int, least_leaf: int, traits: Sequence[str]) -> None:
    if depth < 1 or least_leaf < 1:
        raise BadTreeShape(depth=depth, least=least_leaf)
    if not traits or target in traits:
        raise NoTraitsForTree(target=target)
    check_traits(profile, (target, *traits))


def _sample(profile: ir.Table, target: str, traits: Sequence[str]) -> tuple[dict[str, list[Any]], int]:
    """Target and traits of the sample, by the customers' hashes, of those that have all; and how many have."""
    values = profile.select("customer_id", **{name: exact(profile[name]) for name in (target, *traits)})
    having = values.filter(*[values[name].notnull() for name in (target, *traits)])
    customers = only_row(having.aggregate(customers=having.count()))["customers"]
    picked = sampled(having, customers, MOST_CUSTOMERS)
    in_order = picked.order_by(picked.customer_id.hexdigest("md5"), picked.customer_id)
    table = in_order.select(**{name: in_order[name].cast("float64") for name in (target, *traits)})
    return cast(dict[str, list[Any]], table.to_pyarrow().to_pydict()), customers


def _nodes(tree: Any, traits: Sequence[str], places: Sequence[int], *, less_is_better: bool) -> tuple[TreeNode, ...]:
    """scikit-learn's arrays as nodes, the leaves ordered by their mean; of equal means the one further left first."""
    means = [Decimal(float(value)).quantize(MEAN, ROUND_HALF_UP) for value in tree.value[:, 0, 0]]
    ends = [number for number in range(tree.node_count) if tree.children_left[number] < 0]
    sign = 1 if less_is_better else -1
    order = {number: leaf for leaf, number in enumerate(sorted(ends, key=lambda n: (sign * means[n], n)))}
    return tuple(
        TreeNode(int(tree.n_node_samples[number]), means[number], leaf=order[number])
        if number in order
        else TreeNode(
            int(tree.n_node_samples[number]),
            means[number],
            traits[tree.feature[number]],
            Decimal(float(tree.threshold[number])).quantize(
                Decimal(1).scaleb(-places[tree.feature[number]]), ROUND_FLOOR
            ),
            int(tree.children_left[number]),
            int(tree.children_right[number]),
        )
        for number in range(tree.node_count)
    )


def _exact_node(record: Mapping[str, Any]) -> dict[str, Any]:
    decimals = {name: Decimal(record[name]) for name in ("mean", "threshold") if record[name] is not None}
    return {**record, **decimals}


def _places(dtype: dt.DataType) -> int:
    return (dtype.scale or 0) if isinstance(dtype, dt.Decimal) else 0


def _narrowest(path: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Of several conditions on one side of a trait the narrowest: the last, since a path only narrows."""
    return tuple({(trait, sign): (trait, sign, threshold) for trait, sign, threshold in path}.values())
