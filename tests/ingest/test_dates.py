from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from tests.ingest.conftest import OpenShop, Shop

from custrata.ingest.dates import AmbiguousDates, form_of, order_of

HEAD = "order_id,customer_id,ordered_at,amount\n"


def file_of(*dates: str) -> str:
    return HEAD + "".join(f'{number},a,"{date}",1\n' for number, date in enumerate(dates))


def told(shop: Shop, *dates: str, **options: Any) -> list[str | None]:
    """The instants, in UTC, that these dates are imported as; None for one in quarantine."""
    shop.imports("orders", file_of(*dates), again=True, **options)
    found: dict[str, datetime] = dict(shop.rows("orders", "order_id", "ordered_at"))
    instants: list[datetime | None] = [found.get(str(number)) for number in range(len(dates))]
    return [f"{instant:%Y-%m-%d %H:%M:%S}" if instant else None for instant in instants]


USUAL = {
    "2024-01-05": "2024-01-04 16:00:00",
    "2024-01-05 10:00:00": "2024-01-05 02:00:00",
    "2024-01-05T10:00:00": "2024-01-05 02:00:00",
    "2024-01-05 10:00": "2024-01-05 02:00:00",
    "2024-01-05 10:00:00.250": "2024-01-05 02:00:00",
    "2024-01-05T10:00:00Z": "2024-01-05 10:00:00",
    "2024-01-05 10:00:00+00": "2024-01-05 10:00:00",
    "2024-01-05 10:00:00+02:00": "2024-01-05 08:00:00",
    "2024-01-05T10:00:00.5-0500": "2024-01-05 15:00:00",
    "2024-1-5 1:00:00 +0800": "2024-01-04 17:00:00",
    "2024-01-05 10:00:00 GMT": "2024-01-05 10:00:00",
    "2024/1/5": "2024-01-04 16:00:00",
    "2024/1/5 8:05": "2024-01-05 00:05:00",
    "2024.01.05": "2024-01-04 16:00:00",
    "2024年1月5日": "2024-01-04 16:00:00",
    "2024年1月5日 8时5分": "2024-01-05 00:05:00",
    "2024年1月5日 下午3:04": "2024-01-05 07:04:00",
    "２０２４/１/５": "2024-01-04 16:00:00",
    "5-Jan-2024": "2024-01-04 16:00:00",
    "5 January 2024 08:26": "2024-01-05 00:26:00",
    "Jan 5, 2024": "2024-01-04 16:00:00",
    "20240105": "2024-01-04 16:00:00",
    "20240105103000": "2024-01-05 02:30:00",
    "20240105 10:30": "2024-01-05 02:30:00",
    "1704448800": "2024-01-05 10:00:00",
    "1704448800123": "2024-01-05 10:00:00",
}
WRONG = ["2024-02-30", "0000-00-00", "infinity", "12024-01-05", "1850-01-01", "yesterday", "2024-01-05 25:00:00"]


def test_reads_the_usual_forms_as_wall_times_of_the_workspace(shop: Shop) -> None:
    assert dict(zip(USUAL, told(shop, *USUAL), strict=True)) == USUAL


def test_dates_that_do_not_exist_go_to_quarantine(shop: Shop) -> None:
    assert told(shop, "2024-01-05", *WRONG) == ["2024-01-04 16:00:00", *[None] * len(WRONG)]


SHORT = {
    "month-first": ["12/1/2010 08:26", "12/13/2010 8:26:15 PM", "1.5.24", "12/1/2010 12:05 AM"],
    "day-first": ["1/12/2010 08:26", "13/12/2010 8:26:15 PM", "5.1.24", "1/12/2010 12:05 AM"],
}


@pytest.mark.parametrize("order", SHORT)
def test_one_value_settles_the_order_of_day_and_month(shop: Shop, order: str) -> None:
    instants = ["2010-12-01 00:26:00", "2010-12-13 12:26:15", "2024-01-04 16:00:00", "2010-11-30 16:05:00"]
    assert told(shop, *SHORT[order]) == instants


@pytest.mark.parametrize("dates", [("05.01.2024",), ("1/2/2024", "3/4/2024"), ("2024-01-05", "1/2/2024")])
def test_asks_where_nothing_settles_the_order(shop: Shop, dates: tuple[str, ...]) -> None:
    before = shop.state
    with pytest.raises(AmbiguousDates, match=r"--date-order day-first"):
        told(shop, *dates)
    assert shop.state == before


@pytest.mark.parametrize(("order", "instant"), [("day-first", "2024-01-04"), ("month-first", "2024-04-30")])
def test_does_as_it_is_told(shop: Shop, order: str, instant: str) -> None:
    assert told(shop, "05.01.2024", date_order=order) == [f"{instant} 16:00:00"]


def test_a_value_that_contradicts_the_order_goes_to_quarantine(shop: Shop) -> None:
    assert told(shop, *(f"{day}/1/2024" for day in range(13, 29)), "1/13/2024")[-2:] == ["2024-01-27 16:00:00", None]


def test_looks_at_the_whole_column_where_its_beginning_leaves_the_order_open(shop: Shop) -> None:
    many = [f"{number % 12 + 1}/{number % 11 + 1}/2024" for number in range(20_000)]
    assert shop.imports("orders", file_of(*many, "12/31/2024")).mapping.date_order == "month-first"


def test_reads_again_where_short_dates_turn_up_far_down(shop: Shop) -> None:
    result = shop.imports("orders", file_of(*["2024-01-05"] * 20_000, "12/31/2024", "1/2/2024", "nonsense,"))
    assert (result.accepted, result.rejected) == (20_002, 1)


def test_an_hour_that_never_was_is_told_as_if_the_clock_had_not_moved(open_shop: OpenShop) -> None:
    paris = open_shop(timezone="Europe/Paris")
    assert told(paris, "2024-03-31 02:30:00") == ["2024-03-31 01:30:00"]


def test_finds_the_one_form_of_a_column() -> None:
    assert form_of(["2024年1月5日", "2024年12月5日"], None) == "%Y年%m月%d日"
    assert form_of(["1/5/2024", "2024-01-05"], "month-first") is None


@pytest.mark.parametrize(
    ("form", "order"), [("%d.%m.%Y", "day-first"), ("%m/%d/%y", "month-first"), ("%Y-%m-%d", None)]
)
def test_a_form_says_the_order(form: str, order: str | None) -> None:
    assert order_of(form) == order


def test_wrong_lines_do_not_keep_it_from_looking_at_the_whole_column(shop: Shop) -> None:
    rows = [f"{number},a,1/2/2024,1" for number in range(20_000)] + ['x,"a"b,1/2/2024,1', "y", "z,a,12/31/2024,1"]
    result = shop.imports("orders", HEAD + "\n".join(rows) + "\n", dry_run=True)
    assert result.quality.reasons == {"bad_quotes": 1, "too_few_cells": 1}
