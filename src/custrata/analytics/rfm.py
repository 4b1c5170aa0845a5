"""RFM: recency, frequency and monetary value scored 1–5, eight groups and twelve labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, expm1, log1p
from typing import Any, Literal, cast, get_args

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.ladders import mark_of
from custrata.analytics.lifecycle import lifecycle
from custrata.analytics.sources import TableLike
from custrata.analytics.threshold import where
from custrata.analytics.traits import joined_by_customer, profile_of
from custrata.engine.functions import Number, only_row, values_at_share
from custrata.engine.guard import guarded
from custrata.errors import BadInput
from custrata.schema.counting import FreeOrders

Method = Literal["quantile", "nested", "fixed", "log"]
Reference = Literal["mean", "median"]

GROUPS = ("111", "101", "011", "001", "110", "100", "010", "000")
LABELS = (
    "champions", "loyal", "potential_loyalist", "new", "promising", "need_attention",
    "about_to_sleep", "at_risk", "cant_lose", "hibernating", "lost", "low_recency",
)  # fmt: skip
# One row per recency score from 5 down, one label per score X from 1 up.
LABEL_GRID: dict[int, tuple[str, ...]] = {
    5: ("new", "potential_loyalist", "potential_loyalist", "champions", "champions"),
    4: ("promising", "potential_loyalist", "potential_loyalist", "loyal", "loyal"),
    3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"),
    1: ("lost", "lost", "at_risk", "at_risk", "cant_lose"),
}
INPUTS = ("r", "f", "m")
MOST_BINS = 100
LIFECYCLE = "lifecycle_tier"
NEVER_OF_NEW = ("lost", "hibernating", "about_to_sleep")
IN_RHYTHM = ("mature", "growing", "won_back")
COLUMNS = tuple(f"_{name}" for name in INPUTS)


class BadRfmMethod(BadInput):
    template = "Unknown RFM method “{method}”. The methods are quantile, nested, fixed and log."


class LinesMissing(BadInput):
    template = "RFM with fixed lines requires lines={{'r': …, 'f': …, 'm': …}}, each in rising order."


class RfmLinesOutOfOrder(BadInput):
    template = "The lines {lines} of “{name}” are out of order: they must rise, without duplicates."


class RfmLinesUneven(BadInput):
    template = (
        "There are {counts} lines of r, f and m. Use the same number for each, otherwise their scores cannot be "
        "compared."
    )


class BadRfmBins(BadInput):
    template = "RFM cannot be scored in {given} bins. Use a whole number from 2 to 100."


class UnknownReference(BadInput):
    template = "The eight groups cannot be divided at the “{given}”. Use the mean or the median."


@dataclass(frozen=True)
class RfmLines:
    """What scores and groups are decided by.

    `cuts` per input (`r` on minus its days); a score is 1 + the number of cuts that the value is beyond: of `r` those
    at or below it, so that equal days share the better score, of `f` and `m` those strictly below it, of fixed lines
    those at or below it. `sums` and `customers` give the means, `medians` the lower medians; the groups are parted at
    one of them, the `reference`. `tied` says that equal values leave a score empty, `largest` is the greatest monetary
    value. With the nested method, `cuts` holds only the recency's; the others differ by group.
    """

    method: Method
    bins: int
    cuts: Mapping[str, tuple[Number, ...]]
    sums: Mapping[str, Number]
    customers: int
    tied: bool = False
    reference: Reference = "mean"
    medians: Mapping[str, Number] = field(default_factory=dict)
    largest: Number = 0

    @property
    def whale(self) -> bool:
        """Whether one customer holds over a tenth of all spend, so that a mean says little of the others."""
        return 0 < self.sums.get("m", 0) < self.largest * 10


def rfm_inputs(profile: ir.Table) -> ir.Table:
    """The profile with `_r` (minus the recency in days), `_f` (orders) and `_m` (spend), empty without orders."""
    has = profile.orders > 0
    return profile.mutate(
        _r=where(has, -profile.recency_days), _f=where(has, profile.orders), _m=where(has, profile.spend)
    )


def rfm_lines(
    inputs: ir.Table,
    *,
    method: Method = "quantile",
    bins: int = 5,
    lines: Mapping[str, Sequence[Number]] | None = None,
    reference: Reference = "mean",
) -> RfmLines:
    """Work out the cuts, means and medians from the customers with a counted order.

    Raises `BadRfmMethod`, `BadRfmBins`, `LinesMissing`, `RfmLinesOutOfOrder`, `RfmLinesUneven`, `UnknownReference`.
    """
    _check(method, bins, reference)
    fixed = _fixed_cuts(lines) if method == "fixed" else None
    sums = {name: inputs[f"_{name}"].sum() for name in INPUTS}
    best = {f"best_{name}": inputs[f"_{name}"].max() for name in INPUTS[1:]} | {"least_r": inputs["_r"].min()}
    totals = only_row(inputs.aggregate(customers=inputs["_f"].count(), **sums, **best))
    cuts: Mapping[str, tuple[Number, ...]] = (
        fixed if fixed is not None else _log_cuts(inputs, bins) if method == "log" else {}
    )
    medians: Mapping[str, Number] = {}
    if not cuts or reference == "median":
        cuts, medians = _cuts_and_medians(inputs, cuts, method, bins)
    return RfmLines(
        method,
        len(cuts["r"]) + 1 if method == "fixed" else bins,
        cuts,
        {name: totals[name] if totals[name] is not None else 0 for name in INPUTS},
        totals["customers"],
        method != "fixed" and _tied(cuts, totals),
        reference,
        medians,
        totals["best_m"] or 0,
    )


def _check(method: Method, bins: int, reference: Reference) -> None:
    if method not in get_args(Method):
        raise BadRfmMethod(method=method)
    if not 2 <= bins <= MOST_BINS or bins % 1:
        raise BadRfmBins(given=bins)
    if reference not in get_args(Reference):
        raise UnknownReference(given=reference)


def _cuts_and_medians(
    inputs: ir.Table, cuts: Mapping[str, tuple[Number, ...]], method: Method, bins: int
) -> tuple[Mapping[str, tuple[Number, ...]], dict[str, Number]]:
    """The cuts at the discrete quantiles, where none are known, and the lower medians, in one pass.

    Recency is ranked by its days: the share that ordered longest ago is not the rest of the share that ordered last.
    """
    ranked = inputs.select(_r=-inputs["_r"], _f=inputs["_f"], _m=inputs["_m"])
    cutting = COLUMNS if method == "quantile" else COLUMNS[:1] if method == "nested" else ()
    quantiles = {f"{name} {k}": (name, Fraction(k, bins)) for name in cutting for k in range(1, bins)}
    values = values_at_share(ranked, {**quantiles, **{f"{name} middle": (name, Fraction(1, 2)) for name in COLUMNS}})

    def turned(name: str, part: object) -> Number | None:
        value = values[f"{name} {part}"]
        return -value if value is not None and name == "_r" else value

    drawn = {
        name[1:]: tuple(cut for cut in (turned(name, k) for k in range(1, bins)) if cut is not None) for name in cutting
    }
    middles = {name[1:]: turned(name, "middle") for name in COLUMNS}
    return drawn or cuts, {name: value for name, value in middles.items() if value is not None}


def _tied(cuts: Mapping[str, tuple[Number, ...]], totals: Mapping[str, Any]) -> bool:
    """Whether a score is empty: two cuts are one, or nobody is beyond the last of them, of recency before the first."""
    ends = {name: totals["least_r" if name == "r" else f"best_{name}"] for name in cuts}
    return any(len({*at, ends[name]}) <= len(at) for name, at in cuts.items() if at)


def _fixed_cuts(lines: Mapping[str, Sequence[Number]] | None) -> dict[str, tuple[Number, ...]]:
    """The user's lines; those of recency are days, and fewer is better: at most so many days is beyond the line."""
    if lines is None or set(lines) != set(INPUTS):
        raise LinesMissing()
    cuts = {name: tuple(Decimal(str(line)) for line in lines[name]) for name in INPUTS}
    for name, at in cuts.items():
        if not at or any(high <= low for low, high in pairwise(at)):
            raise RfmLinesOutOfOrder(name=name, lines=", ".join(str(line) for line in lines[name]))
    if len({len(at) for at in cuts.values()}) > 1:
        raise RfmLinesUneven(counts=", ".join(str(len(at)) for at in cuts.values()))
    return {**cuts, "r": tuple(-line for line in reversed(cuts["r"]))}


def _log_cuts(inputs: ir.Table, bins: int) -> dict[str, tuple[Number, ...]]:
    """Equal widths of log(1 + value) between the least and the greatest; values below 0 count as 0."""
    sized = inputs.select(r=-inputs["_r"], f=inputs["_f"], m=inputs["_m"])
    ends = {f"{name}_{end}": getattr(sized[name], end)() for name in INPUTS for end in ("min", "max")}
    values = only_row(sized.aggregate(**ends))
    cuts: dict[str, tuple[Number, ...]] = {}
    for name in INPUTS:
        low, high = values[f"{name}_min"], values[f"{name}_max"]
        if low is None:
            cuts[name] = ()
            continue
        start, end = (log1p(max(float(bound), 0)) for bound in (low, high))
        marks = [Decimal(expm1(start + (end - start) * number / bins)) for number in range(1, bins)]
        cents = [mark.quantize(Decimal("0.01"), ROUND_HALF_UP) for mark in marks]
        cuts[name] = tuple(sorted(-cent for cent in cents)) if name == "r" else tuple(cents)
    return cuts


def _score(value: ir.NumericValue, cuts: Sequence[Number], *, at: bool) -> ir.IntegerValue:
    """1 + the number of cuts strictly below the value, or `at` it too; empty stays empty."""
    score = ibis.ifelse(value.isnull(), ibis.null("int8"), ibis.literal(1, "int8"))
    for cut in cuts:
        mark = mark_of(cut, value.type())
        score = score + ibis.ifelse(value >= mark if at else value > mark, 1, 0)
    return cast(ir.IntegerValue, score.cast("int8"))


def _rank_score(value: ir.NumericValue, within: list[ir.Value], bins: int) -> ir.IntegerValue:
    """The same score among the customers alike in `within`: a cut at share s is strictly below a value exactly if at
    least s·n values are below it."""
    group = [*within, value.isnull()]
    below = ibis.rank().over(group_by=group, order_by=value)
    many = value.count().over(group_by=group)
    score = ibis.literal(1, "int64")
    for number in range(1, bins):
        score = score + ibis.ifelse(below * bins >= many * number, 1, 0)
    return cast(ir.IntegerValue, ibis.ifelse(value.isnull(), ibis.null("int8"), score.cast("int8")))


def rfm_grading(inputs: ir.Table, lines: RfmLines) -> Grading:
    """Scores, groups and labels by given lines, from the table that `rfm_inputs` makes.

    Further columns: `label`, `r_score`, `f_score`, `m_score`, `recency`, `frequency`, `monetary`.
    """
    if lines.method == "nested":
        scored = inputs.mutate(_r_score=_score(inputs["_r"], lines.cuts["r"], at=True))
        scored = scored.mutate(_f_score=_rank_score(scored["_f"], [scored["_r_score"]], lines.bins))
        scored = scored.mutate(_m_score=_rank_score(scored["_m"], [scored["_r_score"], scored["_f_score"]], lines.bins))
    else:
        fixed = lines.method == "fixed"
        scores = {
            f"_{name}_score": _score(inputs[f"_{name}"], lines.cuts[name], at=fixed or name == "r") for name in INPUTS
        }
        scored = inputs.mutate(**scores)
    codes = [_high(scored[f"_{name}"], lines, name) for name in INPUTS]
    extras: dict[str, ir.Value] = {
        "label": _label(scored, lines),
        **{f"{name}_score": scored[f"_{name}_score"] for name in INPUTS},
        "recency": -scored["_r"],
        "frequency": scored["_f"],
        "monetary": scored["_m"],
    }
    return Grading(
        GROUPS,
        scored,
        cast(ir.StringValue, codes[0] + codes[1] + codes[2]),
        scored["_m"],
        extras,
        facts={
            "method": lines.method,
            "bins": lines.bins,
            "cuts": {name: list(cuts) for name, cuts in lines.cuts.items()},
            "sums": dict(lines.sums),
            "customers": lines.customers,
            "reference": lines.reference,
            **({"medians": dict(lines.medians)} if lines.reference == "median" else {}),
        },
        notes=_notes(lines),
    )


def _notes(lines: RfmLines) -> tuple[str, ...]:
    whale = lines.whale and lines.reference == "mean"
    return (*(("scores_tied",) if lines.tied else ()), *(("whale",) if whale else ()))


def _high(value: ir.NumericValue, lines: RfmLines, name: str) -> ir.StringValue:
    """`1` where the value is at least the mean, in whole numbers (value · n ≥ sum), or the median.

    Recency is negative already; whoever gave everything back is not high in money, whatever the others spent.
    """
    if lines.reference == "median":
        high = value >= mark_of(lines.medians[name], value.type()) if name in lines.medians else value.isnull()
    else:
        high = value >= mark_of(_least_at_mean(lines.sums[name], lines.customers, value.type()), value.type())
    if name == "m":
        high = high & (value > 0)
    return cast(ir.StringValue, high.fill_null(False).ifelse("1", "0"))


def _least_at_mean(total: Number, customers: int, kind: dt.DataType) -> Number:
    """The least value of the type that is at least the mean, so that nothing is multiplied in the engine."""
    places = (kind.scale or 0) if isinstance(kind, dt.Decimal) else 0
    units = ceil(Fraction(total) * 10**places / max(1, customers))
    return Decimal(units).scaleb(-places) if places else units


def _label(scored: ir.Table, lines: RfmLines) -> ir.StringValue:
    """The cell of the grid, as lifecycle lets it be said.

    Whoever lifecycle calls new is never lost, hibernating or about to sleep; whom it sees in rhythm, neither at risk
    nor churned, is never lost.
    """
    r, f, m = (_on_grid(scored[f"_{name}_score"], lines.bins) for name in INPUTS)
    x = ((f + m + 1) // 2).cast("int8")
    branches = [
        ((r == row) & (x == number), ibis.literal(label))
        for row, labels in LABEL_GRID.items()
        for number, label in enumerate(labels, start=1)
    ]
    label = cast(ir.StringValue, ibis.cases(*branches))
    if LIFECYCLE not in scored.columns:
        return label
    stage = scored[LIFECYCLE]
    fresh = (stage == "new") & label.isin(NEVER_OF_NEW)
    in_rhythm = (label == "lost") & stage.isin(IN_RHYTHM)
    return cast(ir.StringValue, ibis.cases((fresh, "new"), (in_rhythm, "low_recency"), else_=label))


def _on_grid(score: ir.IntegerValue, bins: int) -> ir.IntegerValue:
    """A score of so many bins on the grid of five: the lowest is 1, the highest 5, those between in proportion."""
    last = len(LABEL_GRID) - 1
    if bins == last + 1:
        return score
    return cast(
        ir.IntegerValue, (1 + ((score.cast("int32") - 1) * (2 * last) + bins - 1) // (2 * (bins - 1))).cast("int8")
    )


def grade_rfm(
    profile: ir.Table,
    *,
    method: Method = "quantile",
    bins: int = 5,
    lines: Mapping[str, Sequence[Number]] | None = None,
    reference: Reference = "mean",
) -> Grading:
    """The eight groups as tiers, with label and scores as further columns; a customer without orders is `000`.

    Where the profile has `lifecycle_tier`, no label contradicts it.
    """
    inputs = rfm_inputs(profile)
    return rfm_grading(inputs, rfm_lines(inputs, method=method, bins=bins, lines=lines, reference=reference))


@guarded
def rfm(
    orders: TableLike,
    *,
    as_of: datetime | date | str,
    window: int | None = 365,
    method: Method = "quantile",
    bins: int = 5,
    lines: Mapping[str, Sequence[Number]] | None = None,
    reference: Reference = "mean",
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
    free_orders: FreeOrders = "count",
) -> ir.Table:
    """Score recency, frequency and monetary value of every customer.

    Parameters: `orders`, `as_of`, `window`, `zone`, `columns`, `free_orders` as for `traits`; `method` one of
    `quantile` (exact discrete cuts), `nested` (F inside R, M inside R×F), `fixed` (with `lines`: recency in days,
    orders, money, as many of each, from the lowest up), `log` (equal widths of log(1 + value)); `bins` the highest
    score; `reference` parts the groups at the `mean` or the `median`.

    Returns `customer_id`, `tier` (three digits R F M, 1 = at least the mean), `label` (one of eleven, or `low_recency`:
    the lifecycle of the same orders is worked out, so that no customer in rhythm is lost), `r_score`, `f_score`,
    `m_score`, `recency` (days), `frequency` (orders), `monetary` (spend). Equal values always score the same, equal
    days the better score.

    Raises `LacksColumns`, `NotAMoment`, and what `rfm_lines` raises.

    Source: Hughes, Strategic Database Marketing (1994); nested bins as in SPSS Direct Marketing.

    >>> import polars
    >>> orders = polars.DataFrame({
    ...     "customer_id": ["A", "B", "B", "C"], "order_id": list("1234"), "amount": [10, 15, 5, 40],
    ...     "ordered_at": ["2025-01-30", "2025-01-21", "2025-01-20", "2025-01-11"],
    ... })
    >>> rfm(orders, as_of="2025-01-31", window=None).order_by("customer_id").to_pandas()[
    ...     ["tier", "recency", "frequency", "monetary"]].values.tolist()
    [['100', 1, 1, Decimal('10.00')], ['110', 10, 2, Decimal('20.00')], ['001', 20, 1, Decimal('40.00')]]
    """
    profile = profile_of(
        orders, as_of=as_of, window=window, zone=zone, columns=columns, free_orders=free_orders, families=frozenset()
    )
    stages = lifecycle(orders, as_of=as_of, zone=zone, columns=columns, free_orders=free_orders)
    profile = joined_by_customer(profile, stages.select("customer_id", lifecycle_tier="tier"))
    graded = grade_rfm(profile, method=method, bins=bins, lines=lines, reference=reference)
    return graded.table().drop("value")
