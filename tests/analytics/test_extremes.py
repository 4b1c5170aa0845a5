"""The largest and the smallest that is promised, through every trait and every scheme, on both engines.

Money of ±10¹⁵, ten million orders of one customer, quantities with three places. No engine can be given ten million
rows in a test of a second, so the sums they come to are put into a profile: the schemes take them from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from custrata.analytics.clusters import fit_clusters, grade_clusters
from custrata.analytics.moments import AsOf
from custrata.analytics.score import Factor, grade_score
from custrata.analytics.sources import canonical_orders
from custrata.analytics.traits import CATALOGUE, known_facts
from custrata.analytics.trees import fit_tree, grade_tree
from custrata.engine import Engine
from custrata.engine.functions import divide, quotient, values_at_shares
from tests.analytics.conftest import orders_table
from tests.analytics.grades import Graded, graded, graded_by_every_scheme
from tests.analytics.population import Shop

AS_OF = "2025-01-31"
MOST, QUANTITY = Decimal("999999999999999.99"), Decimal("999999999999999.999")
OFTEN, PRICEY, ZERO = 1_500, 40, Decimal(0)
BUSY = 10_000_000


def order(customer: str, number: int, amount: Decimal, **more: Any) -> dict[str, Any]:
    at = datetime(2024, 3, 1) + timedelta(hours=5 * number)
    return {"customer_id": customer, "order_id": f"{customer}{number}", "ordered_at": at.isoformat(), "amount": amount,
            "kind": "sale", "status": "completed", "discount": MOST, "refund": ZERO, "channel": "web", "store": "s",
            **more}  # fmt: skip


def orders() -> Iterator[dict[str, Any]]:
    """One who ordered 1,500 times, one for the most there is, one who gave all of it back, and small ones."""
    yield from (order("often", number, Decimal("0.01")) for number in range(OFTEN))
    yield from (order("pricey", number, MOST) for number in range(PRICEY))
    yield from (order("gave back", number, MOST) for number in range(3))
    yield order("gave back", 4, -MOST, kind="return")
    yield order("gave back", 5, -MOST, kind="return")
    yield order("gave back", 6, -MOST, kind="return")
    yield from (order("refunded", number, MOST, refund=MOST, status="refunded") for number in range(3))
    yield from (order(f"small{number}", 0, Decimal(number), discount=None) for number in range(1, 8))


def lines() -> Iterator[dict[str, Any]]:
    for row in orders():
        if row["kind"] == "sale":
            yield {"order_id": row["order_id"], "line_id": "1", "product_id": "p", "category": row["order_id"][-1],
                   "quantity": QUANTITY, "amount": row["amount"]}  # fmt: skip


@pytest.fixture(scope="module")
def extreme(engine: Engine) -> Graded:
    return graded(engine, Shop(list(orders()), list(lines()), []), AS_OF)


def test_every_trait_takes_the_largest_facts(extreme: Graded) -> None:
    row = extreme.rows["pricey"]
    expected = {"orders": PRICEY, "spend": PRICEY * MOST, "average_order_value": MOST, "discount": PRICEY * MOST,
              "discount_rate": Decimal("0.5"), "largest_order": MOST, "items": PRICEY * QUANTITY}  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert set(CATALOGUE) <= set(row)


def test_who_gave_everything_back_has_spent_nothing(extreme: Graded) -> None:
    row = extreme.rows["gave back"]
    assert (row["spend"], row["average_order_value"], row["return_rate"]) == (0, 0, 1)
    assert row["high_ticket_tier"] == "standard"
    assert row["rfm_monetary"] == 0


def test_every_scheme_grades_the_largest_facts(extreme: Graded) -> None:
    rows = extreme.rows
    assert rows["often"]["orders"] == OFTEN
    assert (rows["often"]["frequency_tier"], rows["pricey"]["value_tier"]) == ("high", "high")
    assert rows["pricey"]["high_ticket_tier"] == "high"
    assert rows["refunded"]["orders"] == 0
    for key, record in extreme.records.items():
        if not record["waiting"]:
            assert {row[f"{key}_tier"] for row in rows.values()} <= set(record["tiers"])


def busiest() -> dict[str, Any]:
    """Every trait at the largest that ten million orders of 10¹⁵ come to."""
    limits: dict[str, Any] = {"date": date(2025, 1, 30), "string": "x", "int32": 2_147_483_647}
    row: dict[str, Any] = {}
    for trait in CATALOGUE.values():
        kind = dt.dtype(trait.type)
        if kind.is_decimal():
            wide = Decimal(BUSY) * MOST if kind.precision == 38 else MOST
            row[trait.key] = {"share": Decimal(1), "ratio": Decimal(20_000)}.get(trait.unit, wide)
        elif trait.unit in ("orders", "count"):
            row[trait.key] = BUSY
        else:
            row[trait.key] = limits[trait.type] if trait.unit != "days" else 20_000
    return {**row, "rhythm_days": Decimal("20000.00")}


def usual(number: int) -> dict[str, Any]:
    row = dict.fromkeys(CATALOGUE)
    counted = {trait.key: 0 for trait in CATALOGUE.values() if trait.zero}
    return {**row, **counted, "orders": number, "orders_all": number, "order_days": number, "spend": Decimal(number),
            "recency_days": number, "tenure_days": 400, "average_order_value": Decimal(1), "discounted_orders": 1,
            "discount_rate": Decimal("0.1"), "discount": Decimal(1), "median_gap_days": number,
            "regularity": Decimal("0.5"), "silence": Decimal(1), "rhythm_days": Decimal(9)}  # fmt: skip


def extreme_profile(engine: Engine) -> ir.Table:
    debt = {**busiest(), **{key: -value for key, value in busiest().items() if "spend" in key}}
    rows = [("busiest", busiest()), ("in debt", debt), *((f"c{n:02}", usual(n)) for n in range(1, 41))]
    columns = {"customer_id": pa.array([name for name, _ in rows])}
    for trait in CATALOGUE.values():
        columns[trait.key] = pa.array([row[trait.key] for _, row in rows], dt.dtype(trait.type).to_pyarrow())
    return engine.from_arrow(pa.table(columns))


def test_every_scheme_grades_the_sums_of_ten_million_orders(engine: Engine) -> None:
    moment = AsOf.of(AS_OF, "UTC")
    order_facts = known_facts(canonical_orders(engine.from_arrow(orders_table(list(orders())[:9])), "UTC"), moment)
    graded = graded_by_every_scheme(engine, engine.materialize(extreme_profile(engine)), order_facts, moment)
    row = graded.rows["busiest"]
    assert (row["frequency_tier"], row["value_tier"], row["rfm_tier"]) == ("high", "high", "011")
    assert row["loyalty_tier"] == "loyal"
    assert row["price_sensitivity_tier"] == "high"


@pytest.mark.parametrize("normaliser", ["lines", "rank", "min_max", "z"])
@pytest.mark.parametrize("trait", ["spend", "orders", "items", "spend_change_365d"])
def test_every_normaliser_takes_the_sums_of_ten_million_orders(engine: Engine, trait: str, normaliser: Any) -> None:
    factor = Factor(trait, 10_000, normaliser=normaliser, high=BUSY, winsor=Decimal(0))
    scores = grade_score(extreme_profile(engine), {"it": factor}, ("good", "poor"), [50]).table()
    rows = {row["customer_id"]: row for row in engine.arrow(scores).to_pylist()}
    assert rows["busiest"]["tier"] == "good"


def test_clusters_and_trees_take_the_sums_of_ten_million_orders(engine: Engine) -> None:
    profile = engine.materialize(extreme_profile(engine))
    clusters = grade_clusters(profile, fit_clusters(profile, ["spend", "orders"], 2)).table()
    tree = grade_tree(profile, fit_tree(profile, "spend", 2, 1, ["orders", "items"])).table()
    for graded_by in (clusters, tree):
        assert {row["customer_id"]: row["tier"] for row in engine.arrow(graded_by).to_pylist()}["busiest"]


def test_a_quantile_of_money_is_exact_beyond_what_a_double_tells_apart(engine: Engine) -> None:
    cents = [MOST - Decimal(number) / 100 for number in range(9)]
    table = engine.from_arrow(pa.table({"value": pa.array(cents, pa.decimal128(38, 2))}))
    quantiles = values_at_shares(table, ["value"], [Fraction(k, 9) for k in (1, 4, 9)])["value"]
    assert quantiles == [cents[8], cents[5], cents[0]]


def test_whole_numbers_are_divided_in_sixty_four_bits(engine: Engine) -> None:
    """Ibis takes the difference of two 32-bit columns for 64 bits, DuckDB for 32."""
    table = engine.from_arrow(pa.table({"n": pa.array([BUSY, 1_337], pa.int32())}))
    shares = engine.arrow(table.select(share=divide(table.n - 1, table.n, 6))).column("share").to_pylist()
    assert shares == [Decimal("1.000000"), Decimal("0.999252")]


def test_decimals_of_twenty_four_digits_are_divided_exactly(engine: Engine) -> None:
    sums = pa.array([BUSY * MOST, -BUSY * MOST], pa.decimal128(38, 2))
    table = engine.from_arrow(pa.table({"sum": sums, "many": pa.array([3, 7], pa.int32())}))
    means = engine.arrow(table.select(mean=quotient(table["sum"], table.many, 2))).column("mean").to_pylist()
    assert means == [Decimal("3333333333333333300000.00"), Decimal("-1428571428571428557142.86")]
