"""RFM: recency, frequency and monetary value scored 1–5, eight groups and eleven labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import expm1, log1p
from typing import Literal, cast, get_args

import ibis
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.sources import TableLike
from custrata.analytics.traits import profile_of
from custrata.engine.functions import Number, only_row, values_at_shares
from custrata.errors import BadInput

Method = Literal["quantile", "nested", "fixed", "log"]

GROUPS = ("111", "101", "011", "001", "110", "100", "010", "000")
LABELS = (
    "champions", "loyal", "potential_loyalist", "new", "promising", "need_attention",
    "about_to_sleep", "at_risk", "cant_lose", "hibernating", "lost",
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
COLUMNS = tuple(f"_{name}" for name in INPUTS)


class BadRfmMethod(BadInput):
    template = "RFM cannot be cut by “{method}”. The methods are quantile, nested, fixed and log."


class LinesMissing(BadInput):
    template = "RFM with fixed lines needs lines={{'r': …, 'f': …, 'm': …}}, each from the lowest line up."


@dataclass(frozen=True)
class RfmLines:
    """What scores and groups are decided by.

    `cuts` per input (`r` on minus its days); a score is 1 + the number of cuts strictly below the value. `sums` and
    `customers` give the means; `tied` says that equal values leave a score empty. With the nested method, `cuts` holds
    only the recency's; the others differ by group.
    """

    method: Method
    bins: int
    cuts: Mapping[str, tuple[Number, ...]]
    sums: Mapping[str, Number]
    customers: int
    tied: bool = False


def rfm_inputs(profile: ir.Table) -> ir.Table:
    """The profile with `_r` (minus the recency in days), `_f` (orders) and `_m` (their net), empty without orders."""
    has = profile.orders > 0
    return profile.mutate(
        _r=has.ifelse(-profile.recency_days, ibis.null("int32")),
        _f=has.ifelse(profile.orders, ibis.null("int32")),
        _m=has.ifelse(profile.sales, ibis.null("decimal(18, 2)")),
    )


def rfm_lines(
    inputs: ir.Table,
    *,
    method: Method = "quantile",
    bins: int = 5,
    lines: Mapping[str, Sequence[Number]] | None = None,
) -> RfmLines:
    """Work out the cuts and means from the customers with a counted order.

    Raises `BadRfmMethod`, `LinesMissing`.
    """
    if method not in get_args(Method):
        raise BadRfmMethod(method=method)
    sums = {name: inputs[f"_{name}"].sum() for name in INPUTS}
    best = {f"best_{name}": inputs[f"_{name}"].max() for name in INPUTS}
    found = only_row(inputs.aggregate(customers=inputs["_f"].count(), **sums, **best))
    customers = found["customers"]
    if method == "fixed":
        if lines is None or set(lines) != set(INPUTS):
            raise LinesMissing()
        cuts = _fixed_cuts(lines)
    elif method == "log":
        cuts = _log_cuts(inputs, bins)
    else:
        shares = [Fraction(number, bins) for number in range(1, bins)]
        wanted = COLUMNS if method == "quantile" else COLUMNS[:1]
        at_shares = values_at_shares(inputs, wanted, shares)
        cuts = {name[1:]: tuple(cut for cut in at if cut is not None) for name, at in at_shares.items()}
    totals = {name: found[name] if found[name] is not None else 0 for name in INPUTS}
    # A score is empty where two cuts are one, and the highest where nobody is beyond the last cut.
    tied = any(len({*at, found[f"best_{name}"]}) <= len(at) for name, at in cuts.items() if at)
    return RfmLines(method, bins, cuts, totals, customers, tied and method != "fixed")


def _fixed_cuts(lines: Mapping[str, Sequence[Number]]) -> dict[str, tuple[Number, ...]]:
    """A value at a user's line has crossed it; a cut must lie strictly below, so it is one step under the line.

    Recency lines are given in days, and fewer is better: at most so many days crosses.
    """
    cent = Decimal("0.01")
    return {
        "r": tuple(sorted(-int(days) - 1 for days in lines["r"])),
        "f": tuple(int(orders) - 1 for orders in lines["f"]),
        "m": tuple(Decimal(amount) - cent for amount in lines["m"]),
    }


def _log_cuts(inputs: ir.Table, bins: int) -> dict[str, tuple[Number, ...]]:
    """Equal widths of log(1 + value) between the least and the greatest; values below 0 count as 0."""
    sized = inputs.select(r=-inputs["_r"], f=inputs["_f"], m=inputs["_m"])
    asked = {f"{name}_{end}": getattr(sized[name], end)() for name in INPUTS for end in ("min", "max")}
    found = only_row(sized.aggregate(**asked))
    cuts: dict[str, tuple[Number, ...]] = {}
    for name in INPUTS:
        low, high = found[f"{name}_min"], found[f"{name}_max"]
        if low is None:
            cuts[name] = ()
            continue
        start, end = (log1p(max(float(bound), 0)) for bound in (low, high))
        marks = [Decimal(expm1(start + (end - start) * number / bins)) for number in range(1, bins)]
        cents = [mark.quantize(Decimal("0.01"), ROUND_HALF_UP) for mark in marks]
        cuts[name] = tuple(sorted(-cent for cent in cents)) if name == "r" else tuple(cents)
    return cuts


def _score(value: ir.NumericValue, cuts: Sequence[Number]) -> ir.IntegerValue:
    """1 + the number of cuts strictly below the value; empty stays empty."""
    score = ibis.ifelse(value.isnull(), ibis.null("int8"), ibis.literal(1, "int8"))
    for cut in cuts:
        score = score + ibis.ifelse(value > cut, 1, 0)
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
        scored = inputs.mutate(_r_score=_score(inputs["_r"], lines.cuts["r"]))
        scored = scored.mutate(_f_score=_rank_score(scored["_f"], [scored["_r_score"]], lines.bins))
        scored = scored.mutate(_m_score=_rank_score(scored["_m"], [scored["_r_score"], scored["_f_score"]], lines.bins))
    else:
        scored = inputs.mutate(**{f"_{name}_score": _score(inputs[f"_{name}"], lines.cuts[name]) for name in INPUTS})
    codes = [_at_least_mean(scored[f"_{name}"], lines.sums[name], lines.customers) for name in INPUTS]
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
        },
        notes=("scores_tied",) if lines.tied else (),
    )


def _at_least_mean(value: ir.NumericValue, total: Number, customers: int) -> ir.StringValue:
    """`1` where the value is at least the mean, in whole numbers: value · n ≥ sum. Recency is negative already."""
    value = value.cast("int64") if isinstance(value, ir.IntegerValue) else value
    high = (value * ibis.literal(customers, "int64")) >= ibis.literal(total)
    return cast(ir.StringValue, high.fill_null(False).ifelse("1", "0"))


def _label(scored: ir.Table, lines: RfmLines) -> ir.StringValue:
    """The cell of the grid; empty where scores do not go from 1 to 5."""
    highest = {len(cuts) + 1 for cuts in lines.cuts.values()} if lines.method == "fixed" else {lines.bins}
    if highest != {len(LABEL_GRID)}:
        return ibis.null("string")
    x = ((scored["_f_score"] + scored["_m_score"] + 1) // 2).cast("int8")
    branches = [
        ((scored["_r_score"] == r) & (x == number), ibis.literal(label))
        for r, row in LABEL_GRID.items()
        for number, label in enumerate(row, start=1)
    ]
    return cast(ir.StringValue, ibis.cases(*branches))


def grade_rfm(
    profile: ir.Table,
    *,
    method: Method = "quantile",
    bins: int = 5,
    lines: Mapping[str, Sequence[Number]] | None = None,
) -> Grading:
    """The eight groups as tiers, with label and scores as further columns; a customer without orders is `000`."""
    inputs = rfm_inputs(profile)
    return rfm_grading(inputs, rfm_lines(inputs, method=method, bins=bins, lines=lines))


def rfm(
    orders: TableLike,
    *,
    as_of: datetime | date | str,
    window: int | None = 365,
    method: Method = "quantile",
    bins: int = 5,
    lines: Mapping[str, Sequence[Number]] | None = None,
    zone: str = "UTC",
    columns: Mapping[str, str] | None = None,
) -> ir.Table:
    """Score recency, frequency and monetary value of every customer.

    Parameters: `orders`, `as_of`, `window`, `zone`, `columns` as for `traits`; `method` one of `quantile` (exact
    discrete cuts), `nested` (F inside R, M inside R×F), `fixed` (with `lines`: recency in days, orders, money), `log`
    (equal widths of log(1 + value)); `bins` the highest score.

    Returns `customer_id`, `tier` (three digits R F M, 1 = at least the mean), `label` (one of eleven), `r_score`,
    `f_score`, `m_score`, `recency` (days), `frequency` (orders), `monetary` (DECIMAL(18,2)). Equal values always
    score the same.

    Raises `LacksColumns`, `NotAMoment`, `BadRfmMethod`, `LinesMissing`.

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
    profile = profile_of(orders, as_of=as_of, window=window, zone=zone, columns=columns, families=frozenset())
    return grade_rfm(profile, method=method, bins=bins, lines=lines).table().drop("value")
