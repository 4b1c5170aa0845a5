"""Clusters: customers alike in several traits, found by k-means or a Gaussian mixture, and ordered by one trait.

Sources: Lloyd, Least Squares Quantization in PCM (1982); Dempster, Laird and Rubin, Maximum Likelihood from Incomplete
Data via the EM Algorithm (1977); the number of clusters by Rousseeuw, Silhouettes (1987). Fitted with scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import floor, log10
from typing import TYPE_CHECKING, Any, Literal, Self, cast, get_args

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from custrata.analytics.grading import Grading
from custrata.analytics.sampling import sampled, span_of
from custrata.analytics.sources import exact
from custrata.analytics.threshold import TierTwice
from custrata.engine.functions import divide, only_row
from custrata.errors import BadInput

if TYPE_CHECKING:
    from custrata.analytics.cluster_fits import Fit

Method = Literal["k_means", "gaussian"]
Floats = npt.NDArray[np.float64]
Rows = tuple[tuple[Decimal, ...], ...]

MOST_CUSTOMERS = 20_000
SURE = 2.776  # Student's t of four degrees of freedom, 95 %
TINY_SHARE, TINY = 0.01, 30
TRIED = range(2, 9)
FURTHEST = 20  # standard deviations from the mean; beyond counts as that, so that every distance is a whole number
THOUSANDTH = Decimal("0.001")
PRECISION = Decimal("0.0001")


class UnknownClusterMethod(BadInput):
    template = "Unknown clustering method “{given}”. Available: k_means and gaussian."


class BadClusterCount(BadInput):
    template = "{given} is not a valid number of clusters. Use a whole number of 2 or more, or auto."


class TraitMissing(BadInput):
    template = "The profile has no trait “{trait}”. Choose among: {known}."


class TooFewCustomers(BadInput):
    template = (
        "{needed} clusters require as many customers that differ, and there are {found}. Use fewer clusters, or wait "
        "for more data."
    )


class TiersDoNotFit(BadInput):
    template = "The model has {needed} groups, but {given} tiers are named. Name one tier for each group."


@dataclass(frozen=True)
class ClusterModel:
    """Clusters as they were found: the best first, by the mean of the trait `order_by`.

    `means` and `scales` (standard deviations) bring each of `traits` to whole thousandths of a deviation; in these
    units a customer belongs to the cluster with the least Σ precision · (z − centre)² + offset. For k-means all
    precisions are 1 and the offsets 0: the nearest centre. `sizes` count the customers of the sample in each cluster,
    `silhouettes` hold the mean silhouette of each k that was tried, and `margins` how far it may be off where it was
    measured on samples; `rival` is a number of clusters that may be as good. `customers` had all traits, `sample` of
    them were looked at; `span` is the first and the last order day of them, where known.
    """

    method: Method
    traits: tuple[str, ...]
    order_by: str
    means: tuple[Decimal, ...]
    scales: tuple[Decimal, ...]
    centres: Rows
    precisions: Rows
    offsets: tuple[Decimal, ...]
    sizes: tuple[int, ...]
    order_means: tuple[Decimal, ...]
    silhouettes: Mapping[int, Decimal]
    customers: int
    sample: int
    seed: int
    span: tuple[date | None, date | None] = (None, None)
    version: int = 1
    margins: Mapping[int, Decimal] = field(default_factory=dict)
    rival: int | None = None

    @property
    def tiny(self) -> tuple[int, ...]:
        """The places of the clusters that hold under 1 % of the customers, or under 30 of them."""
        least = max(TINY_SHARE * self.sample, TINY * self.sample / max(1, self.customers))
        return tuple(place for place, size in enumerate(self.sizes) if size < least)

    @property
    def k(self) -> int:
        """How many clusters there are."""
        return len(self.centres)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The model out of its JSON."""
        first, last = (None if day is None else date.fromisoformat(day) for day in record["span"])
        exact: dict[str, Any] = {
            name: tuple(Decimal(value) for value in record[name])
            for name in ("means", "scales", "offsets", "order_means")
        }
        exact |= {
            name: tuple(tuple(Decimal(value) for value in row) for row in record[name])
            for name in ("centres", "precisions")
        }
        measured = {
            name: {int(k): Decimal(value) for k, value in record.get(name, {}).items()}
            for name in ("silhouettes", "margins")
        }
        lists = {name: tuple(record[name]) for name in ("traits", "sizes")}
        return cls(**{**record, **lists, **exact, **measured, "span": (first, last)})


def fit_clusters(
    profile: ir.Table,
    traits: Sequence[str],
    k: int | Literal["auto"] = "auto",
    method: Method = "k_means",
    *,
    order_by: str | None = None,
    less_is_better: bool = False,
    seed: int = 0,
) -> ClusterModel:
    """Find clusters among the customers that have all `traits` (numbers or booleans, each scaled by its deviation).

    Beyond 20,000 customers they are found in a sample chosen by MD5. `auto` tries 2 to 8 clusters and takes the k with
    the highest mean silhouette: of everybody up to 2,000 customers, beyond of five samples that share nobody (of equals
    the smaller k); where the next best is not surely worse, it is the model's `rival`. `order_by` (default: the first
    of `traits`) orders them by its mean, the highest first, or the lowest (`less_is_better`). A mixture may leave a
    group that nobody falls into; it is left out.

    Raises `UnknownClusterMethod`, `BadClusterCount`, `TraitMissing`, `TooFewCustomers`.

    >>> members = ibis.memtable({"customer_id": list("abcdef"), "orders": [1, 2, 1, 40, 41, 42]})
    >>> model = fit_clusters(members, ["orders"], 2)
    >>> model.sizes, [str(mean) for mean in model.order_means]
    ((3, 3), ['41.0000', '1.3333'])
    """
    order_by = order_by or traits[0]
    _check(profile, (*traits, order_by), k, method)
    table, customers, span = _sample(profile, tuple(dict.fromkeys((*traits, order_by))))
    columns = {name: np.asarray(table[name], dtype=float) for name in table}
    means, scales = zip(*(_scale(columns[name]) for name in traits), strict=True)
    scaled = np.column_stack(
        [_scaled(columns[name], mean, scale) for name, mean, scale in zip(traits, means, scales, strict=True)]
    )
    fit, measured, rival = _best_fit(scaled, k, method, seed)
    clusters = range(len(fit.centres))
    ordering = {label: columns[order_by][fit.labels == label].mean() for label in clusters}
    sign = 1 if less_is_better else -1
    order = sorted(clusters, key=lambda label: (sign * ordering[label], tuple(fit.centres[label])))
    return ClusterModel(
        method=method,
        traits=tuple(traits),
        order_by=order_by,
        means=means,
        scales=scales,
        centres=tuple(_rounded(fit.centres[label], THOUSANDTH) for label in order),
        precisions=tuple(_rounded(fit.precisions[label], PRECISION) for label in order),
        offsets=_rounded(fit.offsets[order], PRECISION),
        sizes=tuple(int((fit.labels == label).sum()) for label in order),
        order_means=_rounded(np.array([ordering[label] for label in order]), PRECISION),
        silhouettes={k: _mean(parts) for k, parts in measured.items()},
        customers=customers,
        sample=len(scaled),
        seed=seed,
        span=span,
        margins={k: _margin(parts) for k, parts in measured.items() if len(parts) > 1},
        rival=rival,
    )


def grade_clusters(
    profile: ir.Table, model: ClusterModel, tiers: Sequence[str] | None = None, *, rest: str = "unknown"
) -> Grading:
    """The cluster of every customer: `c1` … `ck` from the best, or the names in `tiers`; who lacks a trait is `rest`.

    Of clusters equally near the better one. `value` is the trait the clusters are ordered by; `facts` hold the model.

    Raises `TiersDoNotFit`, `TierTwice`, `TraitMissing`.

    >>> members = ibis.memtable({"customer_id": list("abcdef"), "orders": [1, 2, 1, 40, 41, 42]})
    >>> model = fit_clusters(members, ["orders"], 2)
    >>> others = ibis.memtable({"customer_id": ["x", "y", "z"], "orders": [90, 3, None]})
    >>> grade_clusters(others, model).table().tier.execute().tolist()
    ['c1', 'c2', 'unknown']
    """
    named = group_tiers(tiers, model.k, "c", rest)
    check_traits(profile, (*model.traits, model.order_by))
    places = zip(model.traits, model.means, model.scales, strict=True)
    # Whole thousandths of a deviation: sums of their squares are exact, and equal on every engine.
    zs = {f"_z{number}": _thousandths(profile[name], mean, scale) for number, (name, mean, scale) in enumerate(places)}
    scored = profile.mutate(**zs).view()
    costs = {f"_cost{number}": _cost(scored, model, number) for number in range(model.k)}
    scored = scored.mutate(**costs).view()
    least = ibis.least(*(scored[name] for name in costs)) if model.k > 1 else scored["_cost0"]
    lacks = scored["_z0"].isnull()
    for name in list(zs)[1:]:
        lacks = lacks | scored[name].isnull()
    nearest = [(scored[name] == least, ibis.literal(tier)) for name, tier in zip(costs, named, strict=False)]
    tier = ibis.cases((lacks, ibis.literal(rest)), *nearest, else_=ibis.literal(rest))
    every = named if rest in named else (*named, rest)
    facts: dict[str, object] = {"model": model}
    if model.rival is not None:
        facts["uncertain_k"] = [model.k, model.rival]
    if model.tiny:
        facts["tiny"] = [named[place] for place in model.tiny]
    notes = tuple(note for note, fact in (("uncertain_k", "uncertain_k"), ("tiny_clusters", "tiny")) if fact in facts)
    return Grading(every, scored, tier, scored[model.order_by], facts=facts, notes=notes)


def group_tiers(tiers: Sequence[str] | None, groups: int, letter: str, rest: str) -> tuple[str, ...]:
    """The names of so many groups: those given, or the letter with numbers from 1.

    Raises `TiersDoNotFit`, `TierTwice`.
    """
    without_rest = [tier for tier in tiers or () if tier != rest]
    named = tuple(without_rest) if tiers is not None else tuple(f"{letter}{number}" for number in range(1, groups + 1))
    if tiers is not None and len(tiers) == groups:
        named = tuple(tiers)
    if len(named) != groups:
        raise TiersDoNotFit(needed=groups, given=len(named))
    twice = [tier for number, tier in enumerate(named) if tier in named[:number]]
    if twice:
        raise TierTwice(tier=twice[0])
    return named


def check_traits(profile: ir.Table, traits: Sequence[str]) -> None:
    """Refuse traits that the profile lacks. Raises `TraitMissing`."""
    missing = [trait for trait in traits if trait not in profile.columns]
    if missing:
        raise TraitMissing(trait=missing[0], known=", ".join(profile.columns))


def _check(profile: ir.Table, traits: Sequence[str], k: int | Literal["auto"], method: Method) -> None:
    if method not in get_args(Method):
        raise UnknownClusterMethod(given=method)
    if k != "auto" and (k < 2 or k % 1):
        raise BadClusterCount(given=k)
    check_traits(profile, traits)


def _sample(
    profile: ir.Table, traits: tuple[str, ...]
) -> tuple[dict[str, list[Any]], int, tuple[date | None, date | None]]:
    """The traits of the sample, by the customers' hashes, of those that have all; how many have, and their span."""
    values = profile.mutate(**{name: exact(profile[name]) for name in traits})
    having = values.filter(*[values[name].notnull() for name in traits])
    customers = only_row(having.aggregate(customers=having.count()))["customers"]
    picked = sampled(having, customers, MOST_CUSTOMERS)
    in_order = picked.order_by(picked.customer_id.hexdigest("md5"), picked.customer_id)
    table = in_order.select(**{name: in_order[name].cast("float64") for name in traits})
    return cast(dict[str, list[Any]], table.to_pyarrow().to_pydict()), customers, span_of(having)


def _scale(values: Floats) -> tuple[Decimal, Decimal]:
    """Mean and standard deviation, the latter with five digits; 1 where all are alike."""
    deviation = float(values.std()) if len(values) else 0.0
    places = 4 - floor(log10(deviation)) if deviation > 0 else 4
    step = Decimal(1).scaleb(-min(max(places, 0), 9))
    scale = Decimal(deviation).quantize(step, ROUND_HALF_UP)
    mean = Decimal(float(values.mean()) if len(values) else 0.0).quantize(step, ROUND_HALF_UP)
    return mean, scale or Decimal(1)


def _scaled(values: Floats, mean: Decimal, scale: Decimal) -> Floats:
    return np.clip((values - float(mean)) / float(scale), -FURTHEST, FURTHEST)


def _best_fit(
    scaled: Floats, k: int | Literal["auto"], method: Method, seed: int
) -> tuple[Fit, dict[int, list[float]], int | None]:
    """The clusters of the wanted number, or of the number with the best silhouette; the silhouettes of every number,
    one for each sample it was measured on; and the number that may be as good."""
    # Here, since loading scikit-learn takes over a second that only a fit should cost.
    from custrata.analytics.cluster_fits import fit_each

    differ = len(np.unique(scaled, axis=0))
    if differ < (needed := 2 if k == "auto" else k):
        raise TooFewCustomers(needed=needed, found=differ)
    tried = [number for number in TRIED if number <= differ] if k == "auto" else [k]
    fits, measured = fit_each(scaled, tried, method, seed)
    ranked = sorted(fits, key=lambda number: (-_mean(measured[number]), number))
    rival = next(
        (number for number in ranked[1:] if not _is_surely_better(measured[ranked[0]], measured[number])), None
    )
    return fits[ranked[0]], measured, rival


def _mean(parts: Sequence[float]) -> Decimal:
    return Decimal(float(np.mean(parts))).quantize(PRECISION, ROUND_HALF_UP)


def _margin(parts: Sequence[float]) -> Decimal:
    """How far the mean of a few samples may be off, at 95 %."""
    return Decimal(SURE * float(np.std(parts, ddof=1)) / len(parts) ** 0.5).quantize(PRECISION, ROUND_HALF_UP)


def _is_surely_better(best: Sequence[float], other: Sequence[float]) -> bool:
    """Whether the first are better, sample by sample; measured on everybody there is nothing to doubt."""
    if len(best) == 1:
        return True
    apart = [best_score - other_score for best_score, other_score in zip(best, other, strict=True)]
    return _mean(apart) > _margin(apart)


def _rounded(values: Floats, step: Decimal) -> tuple[Decimal, ...]:
    return tuple(Decimal(float(value)).quantize(step, ROUND_HALF_UP) for value in values)


def _thousandths(value: ir.NumericValue, mean: Decimal, scale: Decimal) -> ir.IntegerValue:
    """(value − mean) ÷ scale in whole thousandths, cut off at both ends before dividing."""
    places = max(0, -int(scale.as_tuple().exponent))
    kind = dt.Decimal(38, places)
    first, last = (ibis.literal(mean + end * scale, type=kind) for end in (-FURTHEST, FURTHEST))
    own = exact(value).round(places).cast(kind)
    cut = ibis.cases((own <= first, first), (own >= last, last), else_=own)
    away = cast(ir.NumericValue, (cut - ibis.literal(mean, type=kind)).cast(kind))
    part = divide(away, ibis.literal(scale, type=kind), 3)
    return cast(ir.IntegerValue, (part.cast("float64") * 1000).round().cast("int64"))


def _cost(scored: ir.Table, model: ClusterModel, cluster: int) -> ir.IntegerValue:
    """Σ precision · (z − centre)² + offset, in units of 10⁻¹⁰: at most 2·10¹⁵ for each trait, far below 2⁶³."""
    cost: ir.Value = ibis.literal(int(model.offsets[cluster] * 10**10), "int64")
    pairs = zip(model.centres[cluster], model.precisions[cluster], strict=True)
    for trait, (centre, precision) in enumerate(pairs):
        away = scored[f"_z{trait}"] - ibis.literal(int(centre * 1000), "int64")
        cost = cost + away * away * ibis.literal(int(precision * 10**4), "int64")
    return cast(ir.IntegerValue, cost)
