"""Phone numbers in E.164 and e-mail addresses in lower case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import cast

import ibis
import ibis.expr.types as ir
import phonenumbers
import pyarrow as pa
from babel.core import get_global

from custrata.ingest.notes import noted
from custrata.ingest.texts import half_width

CHINESE_MOBILE = r"^(?:\+?86|0086)?(1[3-9]\d{9})$"
EMAIL = r"^[^@\s,;<>\"]+@[^@\s.,;<>\"]+(\.[^@\s.,;<>\"]+)+$"
PHONE_LIKE = re.compile(r"^\+?[\d\s().\-/]{7,20}$")
# All eleven digits of a number that a spreadsheet shows as 1.3800000001E+10, or twelve.
FLOAT = r"^\d\.(?:\d{10}E\+10|\d{11}E\+11|\d{12}E\+12)$"
WHOLE = re.compile(r"\+?\d{5,15}\.0")
CALCULATED = re.compile(r"\d(?:\.(\d+))?[Ee]\+?(\d{1,2})")
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
    """The E.164 form of numbers parsed without the library: Chinese mobile numbers; null for all others."""
    digits = plain_phone(text).re_replace(r"[\s().\-/]", "")
    # A bare number is a Chinese mobile in China only; abroad the same digits may be anything.
    form = CHINESE_MOBILE if region == "CN" else r"^(?:\+86|0086)(1[3-9]\d{9})$"
    return cast(ir.StringValue, digits.re_search(form).ifelse("+86" + digits.re_extract(form, 1), ibis.null("string")))


def plain_phone(text: ir.StringValue) -> ir.StringValue:
    """The number in half width, with the float format of a spreadsheet removed.

    `13800000001.0` and `1.3800000001E+10` still have all their digits; `1.38E+10` has lost most and stays as it is.
    """
    plain = half_width(text)
    whole = plain.re_replace(r"^(\+?\d{5,15})\.0+$", r"\1")
    all_there = plain.upper().re_search(FLOAT)
    digits = plain.try_cast("decimal(38, 4)").cast("decimal(38, 0)").cast("string")
    return cast(ir.StringValue, _is_float_like(plain).ifelse(all_there.ifelse(digits, whole), plain))


def _is_float_like(text: ir.StringValue) -> ir.BooleanValue:
    return text.endswith("0") & text.contains(".") | text.upper().contains("E+")


def clean_email(text: ir.StringValue) -> ir.StringValue:
    """The address in lower case and half width; null where it is none."""
    lower = half_width(text).lower().re_replace(r"^mailto:", "")
    return cast(ir.StringValue, lower.re_search(EMAIL).ifelse(lower, ibis.null("string")))


def contact_notes(text: ir.StringValue, holds: str) -> ir.IntegerValue:
    """What reading a phone number or an e-mail address assumed, as bits of `notes`."""
    plain = half_width(text)
    if holds == "email":
        return noted(mended_contacts=(plain != text) & plain.contains("@"))
    scientific = plain.upper().re_search(r"^\d(\.\d+)?E\+\d+$")
    return noted(
        mended_contacts=_is_float_like(plain) & (plain_phone(text) != plain),
        rounded_contacts=_is_float_like(plain) & scientific & ~plain.upper().re_search(FLOAT),
    )


def e164(text: str, region: str | None) -> str | None:
    """The number in E.164, or None where it is none.

    >>> e164("020 7183 8750", "GB"), e164("12", "GB")
    ('+442071838750', None)
    """
    plain = _without_float_format(text)
    try:
        number = phonenumbers.parse(plain or "", region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _without_float_format(text: str) -> str | None:
    """The digits of a number that a spreadsheet formatted as a float; None where the format lost digits.

    >>> _without_float_format("2071838750.0"), _without_float_format("4.420718387E+10")
    ('2071838750', None)
    >>> _without_float_format("4.4E+11")
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not (written := CALCULATED.fullmatch(plain)):
        return plain.removesuffix(".0") if WHOLE.fullmatch(plain) else plain
    return f"{Decimal(plain):f}" if len(written[1] or "") >= int(written[2]) else None


def phone_book(numbers: Sequence[str], region: str | None, progress: Callable[[float], None]) -> pa.Table:
    """The distinct numbers that an expression could not read, with their E.164 form: columns `text`, `e164`."""
    read: list[str | None] = []
    for start in range(0, len(numbers), BATCH):
        read += [e164(number, region) for number in numbers[start : start + BATCH]]
        progress(min(1.0, (start + BATCH) / len(numbers)))
    return pa.table({"text": pa.array(numbers, pa.string()), "e164": pa.array(read, pa.string())})
