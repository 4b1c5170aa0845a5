"""Reading a run: pages, filters, counts, single customers, and the facts of one of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline import refresh
from custrata.pipeline.reading import (
    Between,
    Filter,
    Ids,
    InRfmCell,
    Moved,
    NoSuchColumn,
    NoSuchRun,
    Reading,
    Tiered,
    ValueIn,
    prepare_facts,
    reading,
)
from custrata.pipeline.reading.prepared import MOVERS, SCALES
from tests.pipeline.conftest import AT, AddOrders, shop, whole_orders

CUSTOMERS = 60


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Sixty customers, graded at two instants. To change it take `own`."""
    folder = tmp_path_factory.mktemp("graded") / "shop"
    workspace = Workspace.create(folder, currency="USD", timezone="UTC", language="en")
    with DuckEngine() as duck:
        with workspace.lake.change(at=AT) as change:
            change.upsert("orders", whole_orders(duck, shop(CUSTOMERS)), duck)
        for as_of in ("2025-03-01", "2025-06-01"):
            refresh(workspace, duck, at=AT, as_of=as_of)
    return workspace


@pytest.fixture
def own(graded: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it for one test."""
    shutil.copytree(graded.folder, tmp_path / "shop")
    return Workspace.open(tmp_path / "shop")


def opened(workspace: Workspace) -> Reading:
    latest = reading(workspace)
    assert latest is not None
    return latest


@pytest.fixture
def graded_reading(graded: Workspace) -> Reading:
    return opened(graded)


def profile(workspace: Workspace, duck: DuckEngine) -> list[dict[str, Any]]:
    run = workspace.runs.published()
    assert run is not None
    rows: list[dict[str, Any]] = run.read("profile", duck).to_pyarrow().to_pylist()
    return rows


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["customer_id"] for row in rows]


def all_pages(graded_reading: Reading, sort: str, *, descending: bool, limit: int = 7) -> list[list[dict[str, Any]]]:
    """All pages, one after another."""
    pages = [graded_reading.customers((), [sort], sort=sort, descending=descending, limit=limit)]
    while len(pages[-1]) == limit:
        last = pages[-1][-1]
        after = (last[sort], last["customer_id"])
        pages.append(graded_reading.customers((), [sort], sort=sort, descending=descending, after=after, limit=limit))
    return pages


def test_nothing_is_there_to_read_before_a_run_is_published(workspace: Workspace) -> None:
    assert reading(workspace) is None


def test_a_run_is_opened_once(graded: Workspace) -> None:
    assert reading(graded) is reading(graded)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", ["customer_id", "spend", "value_tier", "discount_rate", "last_return_on"])
def test_pages_hold_every_customer_once_and_in_order(
    graded: Workspace, graded_reading: Reading, duck: DuckEngine, sort: str, descending: bool
) -> None:
    rows = [row for page in all_pages(graded_reading, sort, descending=descending) for row in page]
    values = [row[sort] for row in rows if row[sort] is not None]
    assert sorted(names(rows)) == sorted(names(profile(graded, duck)))
    assert values == sorted(values, reverse=descending)
    assert all(row[sort] is None for row in rows[len(values) :])


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", ["customer_id", "spend", "last_return_on", "orders_30d"])
def test_a_page_backwards_is_the_page_before(graded_reading: Reading, sort: str, descending: bool) -> None:
    first, second = all_pages(graded_reading, sort, descending=descending)[:2]
    edge = (second[0][sort], second[0]["customer_id"])
    back = graded_reading.customers((), [sort], sort=sort, descending=descending, after=edge, backwards=True, limit=7)
    assert names(back) == names(first)[::-1]


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        (Tiered("value", ("high", "mid")), lambda row: row["value_tier"] in ("high", "mid")),
        (ValueIn("discount_rate", (None,)), lambda row: row["discount_rate"] is None),
        (ValueIn("orders", (1, 2)), lambda row: row["orders"] in (1, 2)),
        (ValueIn("orders", ()), lambda row: False),
        (Between("spend", Decimal(100), Decimal(500)), lambda row: 100 <= row["spend"] <= 500),
        (
            Between("discount_rate", None, Decimal("0.05")),
            lambda row: row["discount_rate"] is not None and row["discount_rate"] <= Decimal("0.05"),
        ),
        (InRfmCell(5, 5), lambda row: (row["rfm_r_score"], row["rfm_f_score"]) == (5, 5)),
        (Moved("value", "mid", "low"), lambda row: (row["value_before"], row["value_tier"]) == ("mid", "low")),
        (Moved("value", None, "low"), lambda row: (row["value_before"], row["value_tier"]) == (None, "low")),
        (Ids(["c3", "c4", "nobody"]), lambda row: row["customer_id"] in ("c3", "c4")),
        (Ids(["c3", "c4"], excluded=True), lambda row: row["customer_id"] not in ("c3", "c4")),
        (Ids([], excluded=True), lambda row: True),
    ],
)
def test_filters_let_through_who_fits(
    graded: Workspace,
    graded_reading: Reading,
    duck: DuckEngine,
    condition: Filter,
    fits: Callable[[dict[str, Any]], bool],
) -> None:
    expected = sorted(row["customer_id"] for row in profile(graded, duck) if fits(row))
    assert sorted(names(graded_reading.customers([condition], limit=100))) == expected
    assert sorted(graded_reading.ids([condition]).to_pylist()) == expected
    assert graded_reading.count([condition]) == len(expected)


def test_filters_hold_together(graded_reading: Reading) -> None:
    both: list[Filter] = [Tiered("value", ("high",)), Ids(["c1", "c2", "c3", "c4", "c5"])]
    assert graded_reading.count(both) == len(
        [row for row in graded_reading.customers(both[1:]) if row["value_tier"] == "high"]
    )


def test_refuses_columns_that_are_not_there(graded_reading: Reading) -> None:
    with pytest.raises(NoSuchColumn, match="shoe_size"):
        graded_reading.customers((), ["shoe_size"])
    with pytest.raises(NoSuchColumn, match="shoe_size"):
        graded_reading.count([ValueIn("shoe_size", (42,))])
    with pytest.raises(NoSuchColumn, match="x_tier"):
        graded_reading.count([Tiered("x", ("high",))])


def test_a_value_is_never_taken_for_sql(graded_reading: Reading) -> None:
    assert graded_reading.count([ValueIn("value_tier", ("' OR true --",))]) == 0
    with pytest.raises(NoSuchColumn):
        graded_reading.customers((), sort='spend" DESC; --')


def test_batches_hold_everybody_in_order(graded_reading: Reading) -> None:
    batches = list(graded_reading.batches((), ["spend"], sort="spend", rows=1))
    spends = [value for batch in batches for value in batch["spend"].to_pylist()]
    assert len(spends) == CUSTOMERS
    assert spends == sorted(spends)


def test_one_customer_is_the_whole_row(graded: Workspace, graded_reading: Reading, duck: DuckEngine) -> None:
    expected = next(row for row in profile(graded, duck) if row["customer_id"] == "c7")
    assert graded_reading.customer("c7") == expected
    assert graded_reading.customer("nobody") is None


def test_percentiles_are_the_share_of_customers_with_less(
    graded: Workspace, graded_reading: Reading, duck: DuckEngine
) -> None:
    rows = profile(graded, duck)
    mine = next(row for row in rows if row["customer_id"] == "c7")
    less = sum(row["spend"] < mine["spend"] for row in rows) / len(rows)
    percentiles = graded_reading.percentiles("c7", ["spend", "value_tier", "last_return_on"])
    assert percentiles == {"spend": pytest.approx(less, abs=0.02)}
    assert graded_reading.percentiles("nobody") == {}


def test_a_past_run_is_read_by_its_id(graded: Workspace) -> None:
    past = graded.runs.all()[0]
    past_reading = reading(graded, past.id)
    assert past_reading is not None
    assert past_reading.run.id == past.id


def test_refuses_a_run_that_is_not_there(graded: Workspace) -> None:
    with pytest.raises(NoSuchRun, match=r"\.\./\.\."):
        reading(graded, "../..")


def test_a_superseded_run_does_not_break_a_page(own: Workspace, duck: DuckEngine, add_orders: AddOrders) -> None:
    own_reading = opened(own)
    before = own_reading.run
    add_orders(own, [{"customer_id": "new", "order_id": "new", "ordered_at": "2025-05-01", "amount": 9}])
    refresh(own, duck, at=AT, as_of="2025-06-01")
    assert not before.folder.exists()
    assert own_reading.customer("new") is not None
    assert own_reading.run.id != before.id


def test_the_next_to_ask_reads_the_new_run(own: Workspace, duck: DuckEngine) -> None:
    previous = opened(own).run
    refresh(own, duck, at=AT, as_of="2025-07-01")
    assert opened(own).run.as_of > previous.as_of


def test_an_erased_customer_is_gone_at_once(own: Workspace) -> None:
    own_reading = opened(own)
    assert own_reading.customer("c7") is not None
    own.runs.remove_customers("c7")
    assert own_reading.customer("c7") is None
    assert own_reading.count() == CUSTOMERS - 1


def test_many_threads_read_at_once(graded_reading: Reading) -> None:
    sizes: list[int] = []
    asks = [
        Thread(target=lambda: sizes.append(len(graded_reading.customers(sort="spend", limit=5)))) for _ in range(16)
    ]
    for ask in asks:
        ask.start()
    for ask in asks:
        ask.join()
    assert sizes == [5] * 16


def purchases_of(graded_reading: Reading, customer: str) -> tuple[Any, ...]:
    purchases = graded_reading.purchases(customer)
    return graded_reading.orders(customer), purchases.sales, purchases.channels, graded_reading.source_values(customer)


def test_orders_come_newest_first(graded_reading: Reading) -> None:
    orders = graded_reading.orders("c1")
    days = [order["ordered_at"] for order in orders]
    assert days == sorted(days, reverse=True)
    assert names(graded_reading.customers([Ids(["c1"])])) == ["c1"]
    assert graded_reading.orders("c1", 2) == orders[:2]
    assert graded_reading.orders("c1", before=days[2]) == orders[3:]


def test_purchases_count_as_traits_do(graded_reading: Reading) -> None:
    row = graded_reading.customer("c1")
    assert row is not None
    purchases = graded_reading.purchases("c1")
    counted = [sale for sale in purchases.sales if sale.at < graded_reading.run.as_of]
    assert sum(sale.net for sale in counted) == row["spend_all"]
    assert sum(part.amount for part in purchases.channels) == sum(sale.net for sale in purchases.sales)


def test_a_return_that_names_its_order_is_taken_off_it(
    workspace: Workspace, duck: DuckEngine, add_orders: AddOrders
) -> None:
    back = {"kind": "return", "amount": -4, "returns_order_id": "1"}
    add_orders(
        workspace,
        [
            {"customer_id": "a", "order_id": "1", "ordered_at": "2025-01-01", "amount": 10},
            {"customer_id": "a", "order_id": "2", "ordered_at": "2025-01-09", **back},
        ],
    )
    refresh(workspace, duck, at=AT)
    latest = reading(workspace)
    assert latest is not None
    assert [sale.net for sale in latest.purchases("a").sales] == [Decimal(6)]


def test_a_copy_sorted_by_customer_says_the_same(own: Workspace) -> None:
    before = purchases_of(opened(own), "c1")
    assert prepare_facts(own, many=1) == ["orders"]
    assert prepare_facts(own, many=1) == []
    assert purchases_of(opened(own), "c1") == before


def copies(workspace: Workspace) -> list[Path]:
    return list(workspace.runs.folder.glob("runs/*/*_by_customer-*"))


def test_a_copy_that_is_out_of_date_is_not_read_and_goes(own: Workspace, add_orders: AddOrders) -> None:
    prepare_facts(own, many=1)
    (outdated,) = copies(own)
    add_orders(own, [{"customer_id": "c1", "order_id": "late", "ordered_at": "2025-12-01", "amount": 5}])
    assert opened(own).orders("c1")[0]["order_id"] == "late"
    prepare_facts(own, many=1)
    assert outdated not in copies(own)
    assert len(copies(own)) == 1


def test_a_copy_is_erased_from(own: Workspace, duck: DuckEngine) -> None:
    prepare_facts(own, many=1)
    own.lake.erase("c1", at=AT)
    own.runs.remove_customers("c1")
    (copy,) = copies(own)
    assert duck.read_parquet([copy]).filter(lambda rows: rows.customer_id == "c1").count().execute() == 0


def _made_earlier(own: Workspace) -> Reading:
    """Opened without what newer versions write when a run is made."""
    run = own.runs.published()
    assert run is not None
    for name in (SCALES, MOVERS, ".sums.json"):
        (run.folder / name).unlink()
    return opened(own)


def test_scales_are_learned_when_the_run_is_made(graded: Workspace, graded_reading: Reading, own: Workspace) -> None:
    percentiles = graded_reading.percentiles("c7")
    assert len(percentiles) > 30
    assert _made_earlier(own).percentiles("c7") == percentiles


def test_movers_are_the_biggest_spenders_of_each_move(
    graded_reading: Reading, graded: Workspace, duck: DuckEngine
) -> None:
    rows = [row for row in profile(graded, duck) if row["value_before"] not in (None, row["value_tier"])]
    moves = {(row["value_before"], row["value_tier"]) for row in rows}
    rows.sort(key=lambda row: (-row["spend"], row["customer_id"]))
    best = {move: [row for row in rows if (row["value_before"], row["value_tier"]) == move][:5] for move in moves}
    movers = graded_reading.movers("value")
    assert moves
    assert {move: [row for row in movers if (row["source"], row["target"]) == move] for move in moves} == {
        move: [_mover(row) for row in some] for move, some in best.items()
    }


def _mover(row: dict[str, Any]) -> dict[str, Any]:
    values = {name: row[name] for name in ("customer_id", "spend")}
    return {"scheme": "value", "source": row["value_before"], "target": row["value_tier"], "name": None, **values}


def test_movers_of_a_run_made_earlier_are_found_when_asked_for(graded_reading: Reading, own: Workspace) -> None:
    assert _made_earlier(own).movers("value") == graded_reading.movers("value") != []


def test_whoever_is_erased_is_no_mover(own: Workspace) -> None:
    first = opened(own).movers("value")[0]["customer_id"]
    own.runs.remove_customers(first)
    assert first not in names(opened(own).movers("value"))
