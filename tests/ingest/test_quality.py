from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from tests.ingest.conftest import Shop

from custrata.wording import catalogue

HEAD = "order_id,customer_id,ordered_at,amount,status,channel"


def test_counts_what_orders_add_up_to(shop: Shop) -> None:
    rows = ["1,a,2024-01-05,10,paid,web", "2,a,2024-02-05,20,paid,", "3,b,2024-01-05,-4,paid,web"]
    rows += ["4,,2024-01-05,7,paid,web", "5,c,2024-01-05,100,cancelled,web", "6,d,2024-01-05,0,paid,web"]
    figures = shop.import_text("orders", "\n".join([HEAD, *rows]) + "\n").quality.figures
    assert (figures["orders"], figures["customers"], figures["sales"]) == (2, 1, Decimal(30))
    assert (figures["return_orders"], figures["returns"]) == (1, Decimal(-4))
    assert (figures["anonymous_orders"], figures["anonymous_sales"], figures["uncounted_orders"]) == (1, Decimal(7), 1)


def test_tells_missing_cells_span_and_odd_dates(shop: Shop) -> None:
    rows = ["1,a,2024-01-05,10,paid,web", "2,,2026-02-05,20,,", "3,,1980-01-05,20,,"]
    report = shop.import_text("orders", "\n".join([HEAD, *rows]) + "\n").quality
    assert report.missing == {"customer_id": 2, "status": 2, "channel": 2}
    assert report.first == datetime(1980, 1, 4, 16, tzinfo=UTC)
    assert (report.figures["in_future"], report.figures["before_1990"]) == (1, 1)


def test_tells_outlying_amounts(shop: Shop) -> None:
    rows = [f"{n},a,2024-01-05,{n % 50 + 1},paid,web" for n in range(2_000)] + ["x,a,2024-01-05,99999,paid,web"]
    assert shop.import_text("orders", "\n".join([HEAD, *rows]) + "\n").quality.figures["outliers"] == 1


def test_counts_what_lines_tell(shop: Shop) -> None:
    rows = ["C1,a,2024-01-05,x,-1,2", "2,,2024-01-05,x,1,0", "2,,2024-01-05,y,3,-1", "3,b,2024-01-05,y,1,5"]
    head = "order_id,customer_id,ordered_at,sku,qty,price"
    figures = shop.import_text("lines", "\n".join([head, *rows]) + "\n").quality.figures
    assert (figures["anonymous_lines"], figures["return_lines"], figures["nonpositive_price_lines"]) == (2, 1, 2)
    assert (figures["orders"], figures["sales"], figures["returns"]) == (1, Decimal(5), Decimal(-2))
    assert figures["anonymous_returns"] == Decimal(-3)


def test_every_entry_has_its_words(shop: Shop) -> None:
    head = "order_id,customer_id,ordered_at,sku,qty,price"
    report = shop.import_text("lines", f"{head}\n1,a,2024-01-05,x,1,1\n,,,,,\n").quality
    assert {f"quality.{label}" for label, _ in report.entries()} <= set(catalogue()["ingest"])


def test_is_plain_as_a_dictionary(shop: Shop) -> None:
    report = shop.import_text("orders", f"{HEAD}\n1,a,2024-01-05,10.5,paid,web\n").quality.to_dict()
    assert report["first"] == "2024-01-04T16:00:00+00:00"
    assert "'sales': '10.50'" in str(report["figures"])
