from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from babel.dates import format_date, format_datetime
from tests.ingest.conftest import OpenShop, Shop

from custrata.ingest.dates import AmbiguousDates, form_of, looks_like_date, order_of

HEAD = "order_id,customer_id,ordered_at,amount\n"


def file_of(*dates: str) -> str:
    return HEAD + "".join(f'{number},a,"{date}",1\n' for number, date in enumerate(dates))


def imported_instants(shop: Shop, *dates: str, **options: Any) -> list[str | None]:
    """The instants, in UTC, that these dates are imported as; None for one in quarantine."""
    shop.import_text("orders", file_of(*dates), again=True, **options)
    by_order: dict[str, datetime] = dict(shop.rows("orders", "order_id", "ordered_at"))
    instants: list[datetime | None] = [by_order.get(str(number)) for number in range(len(dates))]
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
# 5 March 2024, 15:05:22 in Shanghai, as the world writes it; of some forms only the day or the minute.
INSTANT, MINUTE, DAY = "2024-03-05 07:05:22", "2024-03-05 07:05:00", "2024-03-04 16:00:00"
WORDED = {
    INSTANT: [
        "Mar 5, 2024 3:05:22 PM", "3/5/2024, 3:05:22\u202fPM", "05-MAR-24 03.05.22.000000 PM",
        "Tue, 05 Mar 2024 15:05:22 +0800", "05 Mar 2024 02:05:22 -0500", "Tue Mar  5 15:05:22 2024",
        "Tue Mar 05 2024 15:05:22 GMT+0800 (China Standard Time)", "Tue Mar  5 15:05:22 CST 2024",
        "2024-03-05T15:05:22+08:00[Asia/Shanghai]", "2024-03-05 15:05:22 UTC+8", "2024-03-05 08:05:22 CET",
        "2024-03-05 02:05:22 EST", "2024-03-04 23:05:22 PST", "20240305150522", "20240305T070522Z", "1709622322",
        "1709622322123", "1709622322123456", "2024-03-05 15.05.22", "2024-03-05 15:05:22,123",
    ],
    MINUTE: [
        "2024年3月5日 下午3:05", "2024年3月5日 星期二 15:05", "５ March 2024 15:05", "5 mars 2024 15h05",
        "5. März 2024 15:05 Uhr", "March 5th, 2024 at 3:05 PM", "2024/03/05 3:05 p. m.", "2024-3-5 오후 3:05",
    ],
    DAY: [
        "05-MAR-24", "Tuesday, March 5, 2024", "Dienstag, 5. März 2024", "mardi 5 mars 2024", "mar. 5 mars 2024",
        "星期二 2024年3月5日", "2024年 3月 5日", "45356", "113/03/05", "民國113年3月5日", "令和6年3月5日", "1130305",
        "5 de marzo de 2024", "5 Mart 2024", "2024-Mar-05", "2024. 3. 5.", "2024-03-04 24:00",
    ],
}  # fmt: skip
NAMELESS = ["2024-03-05 15:05 IST", "2024-W10-2", "2024-03", "Mar 2024", "3 PM", "2024-03-05 15:05 America/Lima"]
WRONG = ["2024-02-30", "0000-00-00", "infinity", "12024-01-05", "1850-01-01", "yesterday", "2024-01-05 25:00:00"]


def test_reads_the_usual_forms_as_wall_times_of_the_workspace(shop: Shop) -> None:
    assert dict(zip(USUAL, imported_instants(shop, *USUAL), strict=True)) == USUAL


def test_reads_dates_told_in_words(shop: Shop) -> None:
    forms = {form: instant for instant, forms in WORDED.items() for form in forms}
    assert dict(zip(forms, imported_instants(shop, *forms, date_order="month-first"), strict=True)) == forms


def test_what_leaves_the_day_or_the_zone_open_goes_to_quarantine_by_name(shop: Shop) -> None:
    result = shop.import_text("orders", file_of("2024-01-05", *NAMELESS))
    assert (result.accepted, result.quality.reasons) == (1, {"unknown_zone": 1, "no_day": 3, "not_a_date": 2})


def test_a_year_of_two_digits_in_front_is_told_by_what_changes_more(shop: Shop) -> None:
    result = shop.import_text("orders", file_of("24/03/05", "24/12/31", "24/03/07"))
    assert {row[0].year for row in shop.rows("orders", "ordered_at")} == {2024}
    assert [(notice.code, notice.count) for notice in result.notices] == [("two_digit_years", 3)]


@pytest.mark.parametrize("form", [form for forms in WORDED.values() for form in forms if not form.isdigit()])
def test_what_is_read_as_a_date_looks_like_one(form: str) -> None:
    assert looks_like_date(form)


def test_a_date_without_a_zone_name_that_means_several_is_read_by_the_zone_of_the_workspace(
    open_shop: OpenShop,
) -> None:
    chicago = open_shop(timezone="America/Chicago")
    assert imported_instants(chicago, "2024-03-05 01:05:22 CST") == [INSTANT]


LOCALES = [
    "en_GB", "de_DE", "fr_FR", "es_MX", "pt_BR", "it_IT", "nl_NL", "pl_PL", "sv_SE", "da_DK", "ru_RU", "tr_TR", "cs_CZ",
    "zh_CN", "zh_TW", "ja_JP", "ko_KR",
]  # fmt: skip


@pytest.mark.parametrize(("order", "locales"), [("month-first", ["en_US"]), ("day-first", LOCALES)])
def test_reads_what_babel_writes(shop: Shop, order: str, locales: list[str]) -> None:
    days = [datetime(2024, month, 3 * month, 15, 4, tzinfo=UTC) for month in range(1, 10)]
    forms = {
        f"{written} UTC": f"{day:%Y-%m-%d %H:%M:%S}"
        for locale in locales
        for day in days
        for written in (
            format_datetime(day, "medium", locale=locale),
            *(f"{format_date(day, width, locale=locale)} 15:04" for width in ("full", "long", "medium")),
        )
    }
    assert dict(zip(forms, imported_instants(shop, *forms, date_order=order), strict=True)) == forms


def test_dates_that_do_not_exist_go_to_quarantine(shop: Shop) -> None:
    assert imported_instants(shop, "2024-01-05", *WRONG) == ["2024-01-04 16:00:00", *[None] * len(WRONG)]


SHORT = {
    "month-first": ["12/1/2010 08:26", "12/13/2010 8:26:15 PM", "1.5.24", "12/1/2010 12:05 AM"],
    "day-first": ["1/12/2010 08:26", "13/12/2010 8:26:15 PM", "5.1.24", "1/12/2010 12:05 AM"],
}


@pytest.mark.parametrize("order", SHORT)
def test_one_value_settles_the_order_of_day_and_month(shop: Shop, order: str) -> None:
    instants = ["2010-12-01 00:26:00", "2010-12-13 12:26:15", "2024-01-04 16:00:00", "2010-11-30 16:05:00"]
    assert imported_instants(shop, *SHORT[order]) == instants


@pytest.mark.parametrize("dates", [("05.01.2024",), ("1/2/2024", "3/4/2024"), ("2024-01-05", "1/2/2024")])
def test_asks_where_nothing_settles_the_order(shop: Shop, dates: tuple[str, ...]) -> None:
    before = shop.state
    with pytest.raises(AmbiguousDates, match=r"--date-order day-first"):
        imported_instants(shop, *dates)
    assert shop.state == before


@pytest.mark.parametrize(("order", "instant"), [("day-first", "2024-01-04"), ("month-first", "2024-04-30")])
def test_does_as_it_is_told(shop: Shop, order: str, instant: str) -> None:
    assert imported_instants(shop, "05.01.2024", date_order=order) == [f"{instant} 16:00:00"]


def test_a_value_that_contradicts_the_order_goes_to_quarantine(shop: Shop) -> None:
    assert imported_instants(shop, *(f"{day}/1/2024" for day in range(13, 29)), "1/13/2024")[-2:] == [
        "2024-01-27 16:00:00",
        None,
    ]


def test_looks_at_the_whole_column_where_its_beginning_leaves_the_order_open(shop: Shop) -> None:
    many = [f"{number % 12 + 1}/{number % 11 + 1}/2024" for number in range(20_000)]
    assert shop.import_text("orders", file_of(*many, "12/31/2024")).mapping.date_order == "month-first"


def test_reads_again_where_short_dates_turn_up_far_down(shop: Shop) -> None:
    result = shop.import_text("orders", file_of(*["2024-01-05"] * 20_000, "12/31/2024", "1/2/2024", "nonsense,"))
    assert (result.accepted, result.rejected) == (20_002, 1)


def test_an_hour_that_never_was_is_told_as_if_the_clock_had_not_moved(open_shop: OpenShop) -> None:
    paris = open_shop(timezone="Europe/Paris")
    assert imported_instants(paris, "2024-03-31 02:30:00") == ["2024-03-31 01:30:00"]


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
    result = shop.import_text("orders", HEAD + "\n".join(rows) + "\n", dry_run=True)
    assert result.quality.reasons == {"bad_quotes": 1}
    assert {notice.code: notice.example for notice in result.notices}["remarks"] == "y"
