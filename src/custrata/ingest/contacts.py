"""Phone numbers in E.164 and e-mail addresses in lower case."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import cast

import ibis
import ibis.expr.types as ir
import phonenumbers
import pyarrow as pa
from babel.core import get_global

from custrata.ingest.texts import half_width

CHINESE_MOBILE = r"^(?:\+?86|0086)?(1[3-9]\d{9})$"
EMAIL = r"^[^@\s,;<>\"]+@[^@\s.,;<>\"]+(\.[^@\s.,;<>\"]+)+$"
PHONE_LIKE = re.compile(r"^\+?[\d\s().\-/]{7,20}$")
EMAIL_LIKE = re.compile(EMAIL)
BATCH = 20_000


@lru_cache(maxsize=64)
def region_of(zone: str) -> str | None:
    """The country of a time zone, by which a number without a country code is read.

    >>> region_of("Asia/Shanghai"), region_of("Europe/London"), region_of("UTC")
    ('CN', 'GB', None)
    """
    region = get_global("zone_territories").get(zone)
    return region if region and region != "001" else None


def quick_phone(text: ir.StringValue, region: str | None) -> ir.StringValue:
    """The E.164 form of what needs no library: Chinese mobile numbers; null for all others."""
    digits = half_width(text).re_replace(r"[\s().\-/]", "")
    # A bare number is a Chinese mobile in China only; abroad the same digits may be anything.
    form = CHINESE_MOBILE if region == "CN" else r"^(?:\+86|0086)(1[3-9]\d{9})$"
    return cast(ir.StringValue, digits.re_search(form).ifelse("+86" + digits.re_extract(form, 1), ibis.null("string")))


def clean_email(text: ir.StringValue) -> ir.StringValue:
    """The address in lower case; null where it is none."""
    lower = text.lower().re_replace(r"^mailto:", "")
    return cast(ir.StringValue, lower.re_search(EMAIL).ifelse(lower, ibis.null("string")))


def e164(text: str, region: str | None) -> str | None:
    """The number in E.164, or None where it is none.

    >>> e164("020 7183 8750", "GB"), e164("12", "GB")
    ('+442071838750', None)
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_book(numbers: Sequence[str], region: str | None, told: Callable[[float], None]) -> pa.Table:
    """The distinct numbers that an expression could not read, with their E.164 form: columns `text`, `e164`."""
    read: list[str | None] = []
    for start in range(0, len(numbers), BATCH):
        read += [e164(number, region) for number in numbers[start : start + BATCH]]
        told(min(1.0, (start + BATCH) / len(numbers)))
    return pa.table({"text": pa.array(numbers, pa.string()), "e164": pa.array(read, pa.string())})
