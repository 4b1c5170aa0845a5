"""The silence curve: learned as on its page, by an isotonic fit of our own in the test; its lines; its fallback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.analytics.moments import AsOf
from custrata.analytics.silence import NOT_LEARNED, SilenceCurve, SilenceRules, Stratum
from custrata.analytics.silence_fit import Observed, fit_strata
from custrata.analytics.silence_learning import learn_silence
from custrata.engine import DuckEngine, Engine
from tests.analytics.grades import Graded, graded
from tests.analytics.population import AS_OF, ZONE, Shop, shop
from tests.analytics.recompute import Recomputed, lower_median

Bounds = tuple[int, int | None]
Lines = tuple[Fraction | None, Fraction | None]


@dataclass(frozen=True)
class Observation:
    """One customer on one past date."""

    who: str
    order_days: int
    silence: Fraction
    back: bool


def observed(recomputed: Recomputed) -> list[Observation]:
    """Section 4: for past dates every 30 days, a year of them, how long everybody was silent, and who came back."""
    newest, first = recomputed.today - 90, min(c.days[0] for c in recomputed.customers.values() if c.sold)
    sample: list[Observation] = []
    for date in list(range(newest, first + 179, -30))[:12]:
        before = {name: [day for day in c.days if day < date] for name, c in recomputed.customers.items()}
        gaps = {name: [b - a for a, b in pairwise(days)] for name, days in before.items()}
        usual = lower_median(gap for own in gaps.values() for gap in own)
        for name, days in before.items():
            if days and usual is not None:
                rhythm = Fraction(len(gaps[name]) * (lower_median(gaps[name]) or 0) + 5 * usual, len(gaps[name]) + 5)
                back = any(date <= day < date + 90 for day in recomputed.customers[name].days)
                sample.append(Observation(name, len(days), (date - days[-1]) / rhythm, back))
    return sample


def in_stratum(sample: Sequence[Observation], bounds: Bounds) -> list[Observation]:
    least, most = bounds
    return [
        observation
        for observation in sample
        if least <= observation.order_days and (most is None or observation.order_days <= most)
    ]


def merged_strata(sample: Sequence[Observation]) -> list[Bounds]:
    """A stratum with too little is joined with the one before, the first with the one after."""
    bounds: list[Bounds] = [(1, 1), (2, 3), (4, 12), (13, None)]
    while len(bounds) > 1:
        thin = [place for place, own in enumerate(bounds) if too_little(in_stratum(sample, own))]
        if not thin:
            return bounds
        low = max(0, thin[0] - 1)
        bounds[low : low + 2] = [(bounds[low][0], bounds[low + 1][1])]
    return bounds


def too_little(sample: Sequence[Observation]) -> bool:
    rhythmic = [observation.back for observation in sample if observation.silence <= 1]
    return (
        len(sample) < 200
        or sum(observation.back for observation in sample) < 50
        or len(rhythmic) < 10
        or not any(rhythmic)
    )


def isotonic_fit(sample: Sequence[Observation]) -> list[tuple[Fraction, Fraction]]:
    """Pool adjacent violators: `(from which silence on, share that came back)`, never rising."""
    blocks: list[tuple[Fraction, int, int]] = []
    for silence in sorted({observation.silence for observation in sample}):
        here = [observation.back for observation in sample if observation.silence == silence]
        blocks.append((silence, len(here), sum(here)))
        while len(blocks) > 1 and Fraction(blocks[-1][2], blocks[-1][1]) >= Fraction(blocks[-2][2], blocks[-2][1]):
            (start, n, back), (_, more, came) = blocks[-2:]
            blocks[-2:] = [(start, n + more, back + came)]
    return [(start, Fraction(back, n)) for start, n, back in blocks]


def lines(sample: Sequence[Observation]) -> Lines:
    """From which silence on p(r) < 0.75·p₁, and < 0.5·p₁: not before 1, and 100 observations of 50 people beyond."""
    rhythmic = [observation.back for observation in sample if observation.silence <= 1]

    def line(part: Fraction) -> Fraction | None:
        low = part * Fraction(sum(rhythmic), len(rhythmic))
        start = next((max(Fraction(1), start) for start, share in isotonic_fit(sample) if share < low), None)
        beyond = [observation.who for observation in sample if start is not None and observation.silence >= start]
        return start if len(beyond) >= 100 and len(set(beyond)) >= 50 else None

    return line(Fraction(3, 4)), line(Fraction(1, 2))


@pytest.fixture(scope="module")
def sample_shop() -> Shop:
    return shop(customers=560, seed=7, days=900)


@pytest.fixture(scope="module")
def recomputed(sample_shop: Shop) -> Recomputed:
    return Recomputed(sample_shop.orders, AS_OF, ZONE)


@pytest.fixture(scope="module")
def sample(recomputed: Recomputed) -> list[Observation]:
    return observed(recomputed)


@pytest.fixture(scope="module")
def strata(sample: list[Observation]) -> dict[Bounds, Lines]:
    return {bounds: lines(in_stratum(sample, bounds)) for bounds in merged_strata(sample)}


@pytest.fixture(scope="module")
def grades(engine: Engine, sample_shop: Shop) -> Graded:
    return graded(engine, sample_shop, AS_OF, ZONE, schemes=["lifecycle"])


def test_learns_the_strata_and_lines_of_the_page(
    grades: Graded, strata: dict[Bounds, Lines], sample: list[Observation]
) -> None:
    assert grades.curve.learned
    assert {
        (stratum.least, stratum.most): (stratum.at_risk, stratum.churned) for stratum in grades.curve.strata
    } == strata
    assert len(strata) > 1
    assert sum(stratum.seen for stratum in grades.curve.strata) == len(sample)


def test_counts_everybody_in_some_stretch_of_the_curve(grades: Graded, sample: list[Observation]) -> None:
    for stratum in grades.curve.strata:
        members = in_stratum(sample, (stratum.least, stratum.most))
        for stretch, after in pairwise([*stratum.stretches, None]):
            assert stretch is not None
            here = [s for s in members if stretch.start <= s.silence and (after is None or s.silence < after.start)]
            people = {s.who for s in here}
            assert (stretch.seen, stretch.back, stretch.people) == (len(here), sum(s.back for s in here), len(people))


def test_stages_follow_the_learned_lines(grades: Graded, recomputed: Recomputed, strata: dict[Bounds, Lines]) -> None:
    assert grades.column("lifecycle_tier") == recomputed.lifecycle(
        [(least, *own) for (least, _), own in strata.items()]
    )


def test_tests_its_claims_on_the_newest_third_of_the_dates(grades: Graded, sample: list[Observation]) -> None:
    assert (grades.curve.dates, grades.curve.test_dates) == (12, 4)
    assert 0 < sum(row.seen for row in grades.curve.calibration) < len(sample) / 2


def rows_of(*groups: tuple[float, int, int], order_days: int = 1, first: int = 0) -> Observed:
    """`(silence, seen, came back)`, each observation of a customer of their own, the rhythm being 100 days."""
    many = sum(size for _, size, _ in groups)
    back = [number < came for _, size, came in groups for number in range(size)]
    days = [round(silence * 100) for silence, size, _ in groups for _ in range(size)]
    same = np.ones(many, dtype=np.int64)
    return Observed(
        np.arange(first, first + many),
        same,
        same * order_days,
        np.asarray(days, dtype=np.int64),
        same * 100,
        np.asarray(back, dtype=np.int64),
    )


def both(*parts: Observed) -> Observed:
    names = ("person", "date", "order_days", "days", "usual", "back")
    return Observed(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


ALONE = SilenceRules(strata=(1,), resamples=20)


def lined(stratum: Stratum) -> tuple[float | None, float | None]:
    at_risk, churned = (None if line is None else float(line) for line in (stratum.at_risk, stratum.churned))
    return at_risk, churned


def test_the_curve_of_the_method_page() -> None:
    """Barlow et al. 1972: 0.75 after 0.70 rises, so the two are pooled to 650 of 900; p₁ = 0.80."""
    (stratum,) = fit_strata(rows_of((1, 1000, 800), (2, 500, 350), (3, 400, 300), (5, 300, 150), (6, 200, 60)), ALONE)
    assert [str(stretch.share) for stretch in stratum.stretches] == ["0.8000", "0.7222", "0.5000", "0.3000"]
    assert (*lined(stratum), stratum.in_rhythm) == (5, 6, Decimal("0.8000"))
    assert SilenceCurve((stratum,), learned=True).share_back(1, Decimal("4.99")) == Decimal("0.7222")


def test_a_share_at_a_line_is_not_below_it() -> None:
    """0.60 is 0.75 · 0.80, and 0.40 is 0.5 · 0.80; of two thirds they are a half and a third."""
    (stratum,) = fit_strata(
        rows_of((1, 1000, 800), (2, 1000, 600), (3, 1000, 599), (4, 1000, 400), (5, 1000, 399)), ALONE
    )
    assert lined(stratum) == (3, 5)
    (thirds,) = fit_strata(rows_of((1, 900, 600), (2, 900, 450), (3, 900, 449), (4, 900, 300), (5, 900, 299)), ALONE)
    assert lined(thirds) == (3, 5)


def test_a_curve_that_never_falls_has_no_lines() -> None:
    (stratum,) = fit_strata(rows_of((1, 500, 400), (9, 500, 400)), ALONE)
    assert (stratum.at_risk, stratum.churned, stratum.thin) == (None, None, ())


def test_nobody_is_at_risk_before_one_usual_gap() -> None:
    """Of silences up to 1 half come back; those of 0.5 to 1 are seldom seen again, and yet in rhythm."""
    (stratum,) = fit_strata(rows_of((0.1, 300, 240), (0.5, 300, 90), (1.5, 100, 10)), ALONE)
    assert lined(stratum) == (1, 1.5)


@pytest.mark.parametrize(
    ("count", "twice", "line"), [(100, False, 5), (99, False, None), (100, True, 5), (98, True, None)]
)
def test_a_line_rests_on_100_observations_of_50_people(count: int, twice: bool, line: int | None) -> None:
    beyond = rows_of((5, count, 0), first=1000)
    if twice:
        beyond = replace(beyond, person=beyond.person // 2)
    (stratum,) = fit_strata(both(rows_of((1, 500, 400)), beyond), ALONE)
    assert (stratum.churned, stratum.thin) == (line, () if line else ("at_risk", "churned"))


@pytest.mark.parametrize(
    ("few", "bounds"),
    [
        ((1, 200, 50), [(1, 1), (2, None)]),
        ((1, 199, 100), [(1, None)]),
        ((1, 200, 49), [(1, None)]),
        ((1.01, 200, 100), [(1, None)]),  # nobody in rhythm to compare with
    ],
)
def test_a_stratum_with_too_little_is_joined(few: tuple[float, int, int], bounds: list[Bounds]) -> None:
    many = rows_of((1, 300, 200), order_days=2, first=1000)
    strata = fit_strata(both(rows_of(few), many), SilenceRules(strata=(1, 2), resamples=20))
    assert [(stratum.least, stratum.most) for stratum in strata] == bounds


def test_an_interval_is_one_of_people_not_of_rows() -> None:
    """A hundred people seen ten times each alike tell as much as a hundred seen once."""
    once = rows_of((1, 100, 50))
    repeated = both(*(replace(once, date=once.date + day) for day in range(10)))
    rules = replace(ALONE, least_seen=1, least_back=1, resamples=200)
    (single,), (ten,) = fit_strata(once, rules), fit_strata(repeated, rules)
    assert (single.stretches[0].low, single.stretches[0].high) == (ten.stretches[0].low, ten.stretches[0].high)
    assert Decimal("0.38") < (single.stretches[0].low or 0) < Decimal("0.44")


def test_where_all_came_back_the_interval_says_how_few_that_were() -> None:
    """Wilson 1927: of 50, all: from 0.9287 on."""
    (stratum,) = fit_strata(rows_of((1, 50, 50)), ALONE)
    assert (stratum.stretches[0].low, stratum.stretches[0].high) == (Decimal("0.9287"), Decimal("1.0000"))


observations = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 20), st.integers(0, 400), st.integers(50, 60), st.integers(0, 1)),
    min_size=1,
    max_size=120,
)
LOOSE = SilenceRules(
    least_seen=5, least_back=1, least_in_rhythm=1, beyond_seen=3, beyond_people=2, resamples=5, strata=(1, 2, 4, 13)
)


def observed_from(rows: Sequence[tuple[int, int, int, int, int]]) -> Observed:
    """Person, order days, days, usual, came back; each on a date of its own."""
    person, order_days, days, usual, back = (np.asarray(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return Observed(person, np.arange(len(rows)), order_days, days, usual, back)


@given(observations)
def test_no_curve_rises_and_no_line_lies_before_one_gap(rows: list[tuple[int, int, int, int, int]]) -> None:
    for stratum in fit_strata(observed_from(rows), LOOSE):
        shares = [Fraction(stretch.back, stretch.seen) for stretch in stratum.stretches]
        assert shares == sorted(shares, reverse=True)
        assert all(line is None or line >= 1 for line in (stratum.at_risk, stratum.churned))
        assert stratum.at_risk is None or stratum.churned is None or stratum.at_risk <= stratum.churned
        assert sum(stretch.seen for stretch in stratum.stretches) == stratum.seen


@given(observations, st.randoms())
def test_the_order_of_rows_changes_nothing(rows: list[tuple[int, int, int, int, int]], random: st.DataObject) -> None:
    observed_rows, order = observed_from(rows), list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]  # a random.Random
    assert fit_strata(observed_rows.where(np.asarray(order)), LOOSE) == fit_strata(observed_rows, LOOSE)


@given(observations)
def test_a_curve_goes_into_a_record_and_comes_back(rows: list[tuple[int, int, int, int, int]]) -> None:
    curve = SilenceCurve(fit_strata(observed_from(rows), LOOSE), learned=True)
    assert SilenceCurve.from_record(curve.record()) == curve


def test_a_curve_for_everybody_of_an_older_run_is_one_stratum() -> None:
    stretches = [{"start": "0.05", "seen": 1144, "back": 1131}, {"start": "6.3", "seen": 60, "back": 20}]
    old = {"at_risk": "6.30", "churned": None, "learned": True, "in_rhythm": "0.9877", "stretches": stretches}
    curve = SilenceCurve.from_record({**old, "horizon": 90, "dates": 5, "customers": 2446})
    assert curve.stratum(7).at_risk == Fraction(63, 10)
    assert curve.share_back(7, Decimal(7)) == Decimal("0.3333")


def paced(days: list[list[int]]) -> pa.Table:
    """The table that `counted.paced` makes, of customers and their order days."""
    rows = [
        (str(number), day, day - before if before is not None else None, before)
        for number, own in enumerate(days)
        for before, day in pairwise([None, *own])
        if day is not None
    ]
    types = {"customer_id": pa.string(), "day": pa.int32(), "gap": pa.int32(), "previous_at": pa.int64()}
    columns: list[tuple[object, ...]] = list(zip(*rows, strict=True)) or [()] * 4
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(types.items(), columns, strict=True)})


@pytest.mark.parametrize(
    ("days", "dates"),
    [
        ([], 0),  # nobody
        ([[1, 9]], 10),  # one customer
        ([[1, 9]] * 499, 10),
        ([[241, 249]] * 500, 2),  # under 3 dates
        ([[272, 279]] * 500, 0),  # under 180 days before the horizon
        ([[60]] * 500, 8),  # nobody with two orders
    ],
)
def test_too_little_is_not_learned(duck: DuckEngine, days: list[list[int]], dates: int) -> None:
    curve = learn_silence(duck.from_arrow(paced(days)), AsOf.of("1971-06-26", "UTC"))
    assert replace(curve, customers=0, dates=0) == NOT_LEARNED
    assert curve.dates == dates


def test_learns_from_500_customers_and_three_dates(duck: DuckEngine) -> None:
    moment = AsOf.of("1971-06-26", "UTC")
    curve = learn_silence(duck.from_arrow(paced([[60, 100], *[[130]] * 499])), moment)
    assert (curve.learned, curve.dates, curve.customers) == (True, 8, 500)


def test_what_comes_after_the_day_of_learning_changes_nothing(duck: DuckEngine) -> None:
    own = [[number % 50, 100 + number % 90, 300 + number % 160] for number in range(600)]
    early = [[day for day in days if day < 400] for days in own]
    moment = AsOf.of("1971-02-05", "UTC")  # day 400
    assert learn_silence(duck.from_arrow(paced(own)), moment) == learn_silence(duck.from_arrow(paced(early)), moment)


def test_learns_from_the_same_customers_on_every_run(duck: DuckEngine) -> None:
    """Beyond 40,000 customers those whose hashed number falls into the share."""
    rows = [(str(n), day, gap) for n in range(80_000) for day, gap in ((0, None), (100 + n % 7, 100 + n % 7))]
    frame = pl.DataFrame(rows, {"customer_id": pl.String, "day": pl.Int32, "gap": pl.Int32}, orient="row")
    frame = frame.with_columns(previous_at=pl.col("gap").cast(pl.Int64))
    moment = AsOf.of("1971-01-01", "UTC")
    first, second = (learn_silence(duck.from_arrow(table.to_arrow()), moment) for table in (frame, frame.reverse()))
    assert first == second
    assert 38_000 < first.strata[0].seen / first.dates < 42_000
