"""Numbers and money as files write them: separators, signs, brackets and currencies; exact decimals, no floats."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.errors import BadInput
from custrata.ingest.texts import half_width

GAPS = " \u00a0\u2009\u202f'’"
COMMA_DECIMAL = re.compile(r"\d,\d{1,2}\D*$|\.\d{3},\d")
POINT_DECIMAL = re.compile(r"\d\.\d{1,2}\D*$|,\d{3}\.\d|\d\.\d{4,}\D*$")
GROUPED_BY_COMMA = r"^\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?$"
GROUPED_BY_POINT = r"^\d{1,3}(\.\d{3})+(,\d*)?$"


class CurrencyMismatch(BadInput):
    template = (
        "“{file}” holds amounts in {found}, but this workspace is kept in {currency}. "
        "Convert them first, or import them into a workspace in that currency."
    )


@lru_cache(maxsize=1)
def signs() -> dict[str, tuple[str, ...]]:
    """What may stand beside an amount, in capitals, and the currencies it may mean; the longest first."""
    data = tomllib.loads((resources.files(__package__) / "currencies.toml").read_text("utf-8"))
    same = data["codes"]["same"]
    known = {code: (same.get(code, code),) for code in data["codes"]["known"]}
    known |= {sign: tuple(currencies) for sign, currencies in data["signs"].items()}
    return dict(sorted(known.items(), key=lambda item: -len(item[0])))


def foreign(found: Iterable[str], currency: str) -> list[str]:
    """Those of the signs and codes found that cannot mean the workspace's currency.

    >>> foreign(["$", "US$", "元", ""], "CNY")
    ['$', 'US$']
    """
    own = currency.upper()
    return [
        sign for sign in found if sign and sign.upper() != own and own not in signs().get(sign.upper(), (sign.upper(),))
    ]


def decimal_comma(values: Iterable[str]) -> bool | None:
    """Whether these numbers write a comma before their decimals; None where nothing tells.

    >>> decimal_comma(["1.234,56", "12"]), decimal_comma(["1,234.56"]), decimal_comma(["12"])
    (True, False, None)
    """
    comma = point = 0
    for value in values:
        comma += COMMA_DECIMAL.search(value) is not None
        point += POINT_DECIMAL.search(value) is not None
    return None if comma == point else comma > point


def quick_number(text: ir.StringValue, dtype: str, comma: bool) -> ir.DecimalValue:
    """The number of a cell that writes digits and a point; null for everything else, however sensible."""
    number = text.try_cast(dtype)
    if not comma:
        return cast(ir.DecimalValue, number)
    return cast(ir.DecimalValue, text.contains(".").ifelse(ibis.null(dtype), number))


def plain_number(text: ir.StringValue) -> ir.StringValue:
    """The cell in capitals and half-width signs, without the gaps that part thousands."""
    return half_width(text).upper().re_replace(rf"[{GAPS}](\d{{3}})\b", r"\1")


@lru_cache(maxsize=1)
def _number() -> str:
    sign = "(?:" + "|".join(re.escape(sign) for sign in signs()) + ")?"
    return rf"^\(?\s*[-+]?\s*({sign})\s*[-+]?\s*([0-9][0-9.,]*|[.,][0-9]+)\s*({sign})\s*-?\s*\)?\s*({sign})$"


def currency_of(plain: ir.StringValue) -> ir.StringValue:
    """The sign or code beside a number; null where there is none."""
    return cast(ir.StringValue, ibis.coalesce(*(plain.re_extract(_number(), group).nullif("") for group in (1, 3, 4))))


def slow_number(plain: ir.StringValue, dtype: str, comma: bool) -> ir.DecimalValue:
    """The number a cell means after `plain_number`; null where it is none.

    Thousands are parted every three digits (or as in India), never elsewhere: `12,50` is no number where the comma
    parts thousands. Brackets and a minus on either side make it negative.
    """
    digits = plain.re_extract(_number(), 2)
    grouped, plainly = (GROUPED_BY_POINT, r"^\d*(,\d*)?$") if comma else (GROUPED_BY_COMMA, r"^\d*(\.\d*)?$")
    part, point = (".", ",") if comma else (",", ".")
    bare = digits.replace(part, "").replace(point, ".")
    if comma:  # 12.50 cannot be thousands
        bare = (digits.re_search(r"^\d*\.\d+$") & ~digits.re_search(grouped)).ifelse(digits, bare)
        plainly += r"|^\d*\.\d+$"
    sound = (digits.re_search(grouped) | digits.re_search(plainly)) & ~plain.contains("--")
    number = cast(ir.DecimalValue, sound.ifelse(bare, ibis.null("string")).try_cast(dtype))
    negative = plain.contains("-") | plain.startswith("(")
    return cast(ir.DecimalValue, negative.ifelse(-number, number).cast(dtype))
