"""A weighted score of 0–100: several traits, each brought to 0–1, with every trait's points kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import reduce
from typing import Literal, cast, get_args

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from custrata.analytics.grading import Grading
from custrata.analytics.sources import exact
from custrata.analytics.threshold import Share, cut_facts, cut_notes, line_ladder, share_cut, where
from custrata.analytics.traits import CATALOGUE
from custrata.engine.functions import Number, only_row, quotient, values_at_shares, whole_units
from custrata.errors import BadInput

Direction = Literal["more", "less"]
Normaliser = Literal["lines", "rank", "min_max", "z"]

FACTOR = "decimal(18, 6)"
# A factor is reckoned with in whole units of 10⁻¹⁸, a score has twelve places: what is equal as a fraction stays so.
UNITS = 18
UNIT = "decimal(19, 0)"
WHOLE = "decimal(38, 0)"
PLACES = 12
POINTS = "decimal(18, 2)"
MOST_WEIGHT = 10_000
MOST_DIGITS = 14
CLIPPED = 3  # standard deviations on either side of the mean


class NoFactors(BadInput):
    template = "A score requires at least one factor. Name a trait and its weight."


class BadWeight(BadInput):
    template = "The weight of “{factor}” is {weight}. A weight is a whole number from 1 to 10,000."


class UnknownNormaliser(BadInput):
    template = "“{factor}” cannot be scaled to 0–1 by “{given}”. Available: lines, rank, min_max and z."


class UnknownDirection(BadInput):
    template = "“{factor}” has the direction “{given}”. It must be more or less: which of them is better."


class BadBounds(BadInput):
    template = "“{factor}” ranges from {low} to {high}. The first must be below the second."


class BadWinsor(BadInput):
    template = "“{factor}” cuts off {winsor} at either end. It must be at least 0 and below 0.5."


class LinesOrShares(BadInput):
    template = "A score is divided either by lines or by shares. Use only one of them."


@dataclass(frozen=True)
class Factor:
    """One trait of a score: its weight, which way is better, and how it is brought to 0–1.

    `lines`: (x − low) ÷ (high − low). `rank`: the share of customers that are as good or worse. `min_max`: between
    the discrete quantiles at `winsor` and 1 − `winsor`. `z`: (z + 3) ÷ 6 with z = (x − mean) ÷ standard deviation.
    All but the rank are cut off at 0 and 1.
    """

    trait: str
    weight: int
    direction: Direction = "more"
    normaliser: Normaliser = "lines"
    low: Number = 0
    high: Number = 1
    winsor: Share = Decimal("0.01")


def grade_score(
    profile: ir.Table,
    factors: Mapping[str, Factor],
    tiers: Sequence[str],
    lines: Sequence[Number] | None = None,
    shares: Sequence[Share] | None = None,
    *,
    has: ir.BooleanValue | None = None,
) -> Grading:
    """Σ weight · factor ÷ Σ weight × 100, twelve places; then `lines` of the score, or `shares` of customers.

    A factor that is empty for a customer gives its weight to her others. Only customers for whom `has` holds (an
    expression over `profile`) are scored and compared; the others have no value and the last tier. A factor whose
    trait the profile lacks or nobody has (for counts: nobody has more than 0) stands in `facts["missing"]`; `facts`
    hold the `weights` and the `bounds` between which each factor goes from 0 to 1. Further columns: the points of
    each factor, `<factor>`.

    Raises `NoFactors`, `BadWeight`, `UnknownNormaliser`, `UnknownDirection`, `BadBounds`, `BadWinsor`,
    `LinesOrShares`, and as `grade_threshold` and `grade_quantile` do.

    >>> members = ibis.memtable({"customer_id": ["a", "b"], "orders": [4, 1], "days": [10, 40]})
    >>> factors = {"often": Factor("orders", 3, high=4), "lately": Factor("days", 1, "less", high=50)}
    >>> graded = grade_score(members, factors, ("good", "poor"), [50])
    >>> graded.table().to_pandas()[["tier", "often", "lately"]].values.tolist()
    [['good', Decimal('75.00'), Decimal('20.00')], ['poor', Decimal('18.75'), Decimal('5.00')]]
    """
    _check(factors)
    if (lines is None) == (shares is None):
        raise LinesOrShares()
    missing = _without_data(profile, factors)
    values = _values(profile, {name: factor for name, factor in factors.items() if name not in missing}, has)
    bounds = _bounds(values, factors)
    brought = {
        name: ibis.null(UNIT) if name in missing else _normalized(values, name, factors[name], bounds.get(name))
        for name in factors
    }
    weights = {name: factor.weight for name, factor in factors.items()}
    scored, score, points = weighted_score(values, brought, weights)
    facts: dict[str, object] = {"weights": weights, "missing": missing, "bounds": bounds}
    notes = ("without_factors",) if missing else ()
    if lines is not None:
        ladder = line_ladder(tiers, lines)
    else:
        cut = share_cut(scored.select(value=score), "value", tiers, shares or ())
        ladder, facts, notes = cut.ladder, facts | cut_facts(cut), (*notes, *cut_notes(cut))
    return Grading(tuple(tiers), scored, ladder.tier(score), score, points, ladder=ladder, facts=facts, notes=notes)


def weighted_score(
    table: ir.Table, factors: Mapping[str, ir.Value], weights: Mapping[str, int]
) -> tuple[ir.Table, ir.DecimalValue, dict[str, ir.Value]]:
    """Σ weight · factor ÷ Σ weight × 100 over the factors a customer has, and each factor's points, two places.

    Factors are 0 to 1 in whole units of 10⁻¹⁸; one that is empty gives its weight to the others. Score and points stand
    in the table handed back, whose own columns start with an underscore.
    """
    zero = ibis.literal(0).cast(UNIT)
    # A view keeps Ibis from writing a factor out wherever the score is used, which planned for seconds.
    prepared = table.mutate(**{f"_{name}": factor.cast(UNIT) for name, factor in factors.items()}).view()
    have = [prepared[f"_{name}"].notnull().ifelse(weights[name], 0) for name in factors]
    parts = {
        f"_{name}_part": (prepared[f"_{name}"].fill_null(zero) * ibis.literal(100 * weights[name])).cast(WHOLE)
        for name in factors
    }
    every = list(parts.values())
    summed = prepared.mutate(
        _weight=(sum(have[1:], have[0]).cast("int64") * ibis.literal(10**UNITS, WHOLE)).cast(WHOLE),
        _sum=reduce(lambda left, right: (left + right).cast(WHOLE), every),
        **parts,
    )
    summed = summed.view()
    scored = summed.mutate(_score=quotient(summed["_sum"], summed["_weight"], PLACES)).view()
    points = {
        name: scored[f"_{name}"]
        .notnull()
        .ifelse(quotient(scored[f"_{name}_part"], scored["_weight"], 2).cast(POINTS), ibis.null(POINTS))
        for name in factors
    }
    return scored, cast(ir.DecimalValue, scored["_score"]), points


def with_missing_notes(graded: Grading, noted: Sequence[str], **facts: object) -> Grading:
    """The grading of a built-in score: more `facts`, and a note of its own, `without_<factor>`, for those `noted`."""
    missing = cast(list[str], graded.facts["missing"])
    own = tuple(f"without_{name}" for name in missing if name in noted)
    kept_notes = tuple(note for note in graded.notes if note != "without_factors")
    return replace(graded, facts={**graded.facts, **facts}, notes=(*own, *kept_notes))


def _check(factors: Mapping[str, Factor]) -> None:
    if not factors:
        raise NoFactors()
    for name, factor in factors.items():
        if not 1 <= factor.weight <= MOST_WEIGHT or factor.weight % 1:
            raise BadWeight(factor=name, weight=factor.weight)
        if factor.normaliser not in get_args(Normaliser):
            raise UnknownNormaliser(factor=name, given=factor.normaliser)
        if factor.direction not in get_args(Direction):
            raise UnknownDirection(factor=name, given=factor.direction)
        if factor.normaliser == "lines" and factor.low >= factor.high:
            raise BadBounds(factor=name, low=factor.low, high=factor.high)
        if not 0 <= factor.winsor < Fraction(1, 2):
            raise BadWinsor(factor=name, winsor=factor.winsor)


def _without_data(profile: ir.Table, factors: Mapping[str, Factor]) -> list[str]:
    """The factors whose trait the profile lacks or nobody has; of a count, nobody has more than nought."""
    checks: dict[str, ir.Value] = {}
    for name, factor in factors.items():
        if factor.trait in profile.columns:
            value, trait = profile[factor.trait], CATALOGUE.get(factor.trait)
            counts = trait is not None and trait.zero
            checks[name] = ((value != 0) if counts else value.notnull()).any()
    has_data = only_row(profile.aggregate(**checks)) if checks else {}
    return [name for name in factors if not has_data.get(name)]


def _values(profile: ir.Table, factors: Mapping[str, Factor], has: ir.BooleanValue | None) -> ir.Table:
    """The profile with `_<factor>_of`, the trait of each customer that takes part, as a whole number or a decimal."""
    traits = {name: exact(profile[factor.trait]) for name, factor in factors.items()}
    if has is not None:
        traits = {name: where(has.fill_null(False), value) for name, value in traits.items()}
    return profile.mutate(**{f"_{name}_of": value for name, value in traits.items()})


def _bounds(values: ir.Table, factors: Mapping[str, Factor]) -> dict[str, tuple[Number, Number]]:
    """Per factor the values at which it is 0 and 1; none where ranks decide, or nobody has it."""
    by_factor = {name: _bounds_of(values, f"_{name}_of", factor) for name, factor in factors.items()}
    return {name: bounds for name, bounds in by_factor.items() if bounds is not None}


def _bounds_of(values: ir.Table, column: str, factor: Factor) -> tuple[Number, Number] | None:
    if factor.normaliser == "lines":
        return factor.low, factor.high
    if factor.normaliser == "rank" or column not in values.columns:
        return None
    if factor.normaliser == "z":
        return _three_deviations(values[column])
    ends = (Fraction(factor.winsor), 1 - Fraction(factor.winsor))
    low, high = values_at_shares(values, [column], ends)[column]
    return None if low is None or high is None else (low, high)


def _three_deviations(value: ir.NumericColumn) -> tuple[Decimal, Decimal] | None:
    """Mean ± three standard deviations of all that have the value, half up to six places or nine digits.

    Sums of whole numbers and decimals are exact in any order of rows; only their root is rounded.
    """
    places = _places(value.type())
    whole = _units_of(value, places)
    # Fewer digits where there are many, so that the sum of the squares of a billion values has 38.
    lost = max(
        0, len(str(int(only_row(whole.as_table().aggregate(most=whole.abs().max()))["most"] or 0))) - MOST_DIGITS
    )
    trimmed = quotient(whole, ibis.literal(10**lost, WHOLE), 0) if lost else whole
    narrow, wide = trimmed.cast(dt.Decimal(18, 0)), trimmed.cast(dt.Decimal(19, 0))
    # 18 digits times 19 are 37 or 38, the most there are.
    square = (narrow * wide).cast(WHOLE)
    sums = only_row(value.as_table().aggregate(n=wide.count(), sum=wide.sum(), squares=square.sum()))
    if not sums["n"]:
        return None
    unit = Fraction(10) ** (lost - places)
    mean = Fraction(sums["sum"]) / sums["n"] * unit
    variance = Fraction(sums["squares"]) / sums["n"] * unit**2 - mean**2
    with localcontext(prec=60):
        middle = Decimal(mean.numerator) / mean.denominator
        spread = CLIPPED * (Decimal(variance.numerator) / variance.denominator).sqrt()
        step = Decimal(1).scaleb(-min(6, max(places, 8 - spread.adjusted())))
        low, high = (end.quantize(step, ROUND_HALF_UP) for end in (middle - spread, middle + spread))
    return low, high


def _normalized(values: ir.Table, name: str, factor: Factor, bounds: tuple[Number, Number] | None) -> ir.Value:
    """The factor as 0–1 in units of 10⁻¹⁸; where all are alike, the middle."""
    value = values[f"_{name}_of"]
    if factor.normaliser == "rank":
        return _ranked(value, factor.direction)
    if bounds is None:
        return ibis.null(UNIT)
    low, high = (Decimal(bound) for bound in bounds)
    if low == high:
        return where(value.notnull(), ibis.literal(5 * 10 ** (UNITS - 1), UNIT))
    kind = _kind(value.type(), low, high)
    first, last = (ibis.literal(_plain(bound, kind), type=kind) for bound in (low, high))
    # Cut off before dividing; engines leave nulls out of a least value.
    own = value.cast(kind)
    cut = ibis.cases((own <= first, first), (own >= last, last), else_=own)
    inside = cast(ir.NumericValue, (cut - first).cast(kind))
    # Fewer places where the bounds are far apart, so that 38 digits hold the numerator.
    spare = max(0, len(str(int((high - low).scaleb(_places(kind))))) - (37 - UNITS))
    steps = (high - low).log10()
    if steps in range(UNITS) and _places(kind) <= UNITS - steps:  # 1, 10, 100 …: only the decimal point moves
        part = whole_units(inside, UNITS - int(steps))
    else:
        part = quotient(inside, ibis.literal(_plain(high - low, kind), type=kind), UNITS - spare, whole=True)
    units = (part * ibis.literal(10**spare)).cast(UNIT) if spare else part.cast(UNIT)
    return units if factor.direction == "more" else (ibis.literal(10**UNITS, UNIT) - units).cast(UNIT)


def _kind(dtype: dt.DataType, *bounds: Decimal) -> dt.DataType:
    """The type in which a value and its bounds are the same kind of number, none of them rounded."""
    places = max(_places(dtype), *(max(0, -int(bound.normalize().as_tuple().exponent)) for bound in bounds))
    # A digit to spare: a difference of two numbers of 38 digits loses a place on Spark.
    return dt.Decimal(37, places) if places or isinstance(dtype, dt.Decimal) else dt.int64


def _units_of(value: ir.NumericColumn, places: int) -> ir.NumericColumn:
    """The value in whole units of its last place."""
    return cast(ir.NumericColumn, whole_units(value, places))


def _places(dtype: dt.DataType) -> int:
    return (dtype.scale or 0) if isinstance(dtype, dt.Decimal) else 0


def _plain(bound: Decimal, kind: dt.DataType) -> Number:
    return bound if isinstance(kind, dt.Decimal) else int(bound)


def _ranked(value: ir.NumericValue, direction: Direction) -> ir.DecimalValue:
    """The share of those with a value that are as good or worse: equals share the higher rank."""
    many = value.count().over(ibis.window())
    ahead = ibis.rank().over(order_by=[value.isnull(), value.desc() if direction == "more" else value.asc()])
    behind = cast(ir.IntegerValue, where(value.notnull(), (many - ahead).cast("int64")))
    return cast(ir.DecimalValue, quotient(behind, many, UNITS, whole=True).cast(UNIT))
