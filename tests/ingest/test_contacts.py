"""Contact data: corrected where that is certain, counted where it is not."""

from __future__ import annotations

from datetime import date

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest.contacts import e164

FILE = """customer_id,phone,email,gender,birthday
a,13800000001.0,d＠Example.com,1,0000-00-00
b,1.38E+10,x@y.com,2,1900-01-01
c,1.3800000003E+10,none at all,0,05-MAR-65
d,+86 138 0000 0004,,9,1990-05-05T00:00:00+08:00
"""


def test_what_a_spreadsheet_did_to_contacts_is_mended_or_counted(shop: Shop) -> None:
    result = shop.import_text("customers", FILE)
    assert shop.rows("customer_records", "customer_id", "phone", "email", "gender", "birthday") == [
        ("a", "+8613800000001", "d@example.com", "male", None),
        ("b", None, "x@y.com", "female", None),
        ("c", "+8613800000003", None, "other", date(1965, 3, 5)),
        ("d", "+8613800000004", None, "other", date(1990, 5, 5)),
    ]
    assert result.quality.invalid == {"phone": 1, "email": 1}
    counts = {notice.code: (notice.count, notice.example) for notice in result.notices}
    assert counts == {
        "mended_contacts": (2, "1.3800000003E+10"),
        "rounded_contacts": (1, "1.38E+10"),
        "gender_codes": (4, "9"),
        "zero_dates": (1, "0000-00-00"),
        "placeholder_birthdays": (1, "1900-01-01"),
        "two_digit_years": (1, "05-MAR-65"),
    }


def test_genders_of_nought_and_one_alone_are_not_guessed(shop: Shop) -> None:
    result = shop.import_text("customers", "customer_id,gender\na,0\nb,1\n")
    assert [row[0] for row in shop.rows("customer_records", "gender")] == [None, None]
    assert result.quality.invalid == {"gender": 2}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2071838750.0", "+442071838750"),
        ("2.071838750E+9", "+442071838750"),
        ("2.07E+9", None),
        ("０２０ 7183 8750", "+442071838750"),
        ("020 7183 8750 ext. 5", "+442071838750"),
    ],
)
def test_numbers_of_every_country_are_mended_before_they_are_read(text: str, number: str | None) -> None:
    assert e164(text, "GB") == number
