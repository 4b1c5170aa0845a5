"""Normalisation of ids: certain duplicates are merged, possible ones are reported."""

from __future__ import annotations

from tests.ingest.conftest import Shop

HEAD = "order_id,customer_id,ordered_at,amount\n"


def file_of(*ids: str) -> str:
    return HEAD + "".join(f'{number},"{customer_id}",2024-01-05,1\n' for number, customer_id in enumerate(ids))


def customers(shop: Shop) -> set[str]:
    return {row[0] for row in shop.rows("orders", "customer_id")}


def notices_of(shop: Shop, *ids: str, name: str = "file.csv") -> dict[str, tuple[int, str]]:
    notices = shop.import_text("orders", file_of(*ids), name).notices
    return {notice.code: (notice.count, notice.example) for notice in notices}


def test_blanks_full_width_and_invisible_characters_make_no_other_customer(shop: Shop) -> None:
    notices_of(shop, "C001", " C001 ", "Ｃ００１", "C001\u200b", "\x1fC001", "`C001", '=""C001""', "\u3000C001")
    assert customers(shop) == {"C001"}


def test_one_odd_id_far_down_is_read_as_the_others(shop: Shop) -> None:
    notices_of(shop, *["C001"] * 30_000, "Ｃ００１", "'C001")
    assert customers(shop) == {"C001"}


def test_letter_case_is_kept_and_told(shop: Shop) -> None:
    assert notices_of(shop, "C001", "c001", "D1") == {"ids_by_case": (1, "C001 / c001")}
    assert customers(shop) == {"C001", "c001", "D1"}


def test_addresses_do_not_differ_by_case(shop: Shop) -> None:
    assert notices_of(shop, "Ann@Example.com", "ann@example.com ")["lower_case_emails"][0] == 1
    assert customers(shop) == {"ann@example.com"}


def test_ids_that_lost_their_zeros_in_another_file_are_told_and_not_merged(shop: Shop) -> None:
    assert notices_of(shop, "00123", "00124", "9") == {}
    assert notices_of(shop, "123", "7", name="other.csv") == {"ids_by_zeros": (1, "00123 / 123")}
    assert customers(shop) == {"123", "7", "9"}  # the first two orders have new customers now


def test_ids_that_all_end_in_a_point_and_nought_lose_it_and_say_so(shop: Shop) -> None:
    assert notices_of(shop, "17850.0", "17851.0")["whole_ids"] == (2, "17850")
    assert customers(shop) == {"17850", "17851"}
