"""Parse numbers and amounts: separators, signs, brackets and currencies; exact decimals, no floats."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import resources
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.errors import BadInput
from custrata.ingest.functions import list_position
from custrata.ingest.notes import noted
from custrata.ingest.texts import half_width
from custrata.schema import MONEY, QUANTITY

GROUPED_BY_COMMA = r"^\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?$"
GROUPED_BY_POINT = r"^\d{1,3}(\.\d{3})+(,\d*)?$"
GROUPED_BY_GAP = r"^\d{1,3}([ ']\d{2,3})*[ ']\d{3}([.,]\d*)?$"
BEFORE = r"^[-+]? ?\(? ?[-+]? ?[^-+()\d]*? ?[-+]? ?\(? ?[.,]?$"
AFTER = r"^[^-+()\d]*? ?-? ?\)? ?-? ?[^-+()\d]*$"
TIMES = {"千": 1_000, "万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
WIDE = "decimal(38, 8)"
# Limits that keep later sums and products in range; other columns are limited by their precision.
LIMITS = {MONEY: 10**15, QUANTITY: 10**14}
# Words for free items.
FREE = r"^(免费|免費|赠送|贈送|赠品|贈品|无料|無料|FREE|GRATIS|GRATUIT|GRATUITO|KOSTENLOS|FOC|F\.O\.C\.)$"
COUNTED = (
    r"^([-+]?[\d.,' ]*\d) ?"
    r"(件|个|個|盒|瓶|袋|包|套|只|隻|支|条|條|台|本|张|張|份|箱|双|雙|枚|点|PCS?\.?|PIECES?|EA|UNITS?|STK\.?|STÜCK|X|×)$"
)


class CurrencyMismatch(BadInput):
    template = (
        "“{file}” has amounts in {found}, but this workspace uses {currency}. Convert them first, or import them "
        "into a workspace in that currency."
    )


@lru_cache(maxsize=1)
def signs() -> dict[str, tuple[str, ...]]:
    """What may stand beside an amount, in capitals, and the currencies it may mean; the longest first."""
    data = tomllib.loads((resources.files(__package__) / "currencies.toml").read_text("utf-8"))
    same = data["codes"]["same"]
    meanings = {code: (same.get(code, code),) for code in data["codes"]["known"]}
    meanings |= {sign: tuple(currencies) for sign, currencies in data["signs"].items()}
    return dict(sorted(meanings.items(), key=lambda item: -len(item[0])))


def foreign(symbols: Iterable[str], currency: str) -> list[str]:
    """Those of the signs and codes found that cannot mean the workspace's currency.

    >>> foreign(["$", "US$", "元", ""], "CNY")
    ['$', 'US$']
    """
    own = currency.upper()
    return [
        sign
        for sign in symbols
        if sign and sign.upper() != own and own not in signs().get(sign.upper(), (sign.upper(),))
    ]


# Evidence of a number about the decimal separator: comma, point, or neither by itself.
MARKS = {
    "comma": r"^0,\d|\d,\d{1,2}$|\d,\d{4,}$|\.\d{3},\d|\d\.\d{3}\.\d{3}$|[ ']\d{3},\d",
    "point": r"^0\.\d|\d\.\d{1,2}$|\d\.\d{4,}$|,\d{3}\.\d|,\d{2,3},\d{3}$|[ ']\d{3}\.\d",
    "three_after_comma": r"^[1-9]\d{0,2},\d{3}$",
    "three_after_point": r"^[1-9]\d{0,2}\.\d{3}$",
    "long": r"^[1-9]\d{3,}([.,]\d+)?$",
    "short": r"^\d{1,3}$",
}
THREE = r"^[1-9]\d{0,2}[.,]\d{3}$"
ENOUGH = 5


@dataclass(frozen=True)
class DecimalEvidence:
    """How many numbers can only have a decimal comma, only a decimal point, or three digits after their one mark.

    `long` are whole numbers of four digits and more without a mark, `short` those of up to three.
    """

    comma: int = 0
    point: int = 0
    three_after_comma: int = 0
    three_after_point: int = 0
    long: int = 0
    short: int = 0
    example: str = ""

    def __add__(self, other: DecimalEvidence) -> DecimalEvidence:
        sums = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)[:-1]}
        return DecimalEvidence(**sums, example=self.example or other.example)

    @property
    def decimal_comma(self) -> bool | None:
        """Whether a comma stands before decimals; None where the numbers leave it open.

        Thousands are separated in every number that is long enough or in none: next to 1500, 1.250 has decimals.
        Next to 500 without decimals, 1.250 does not have three decimals but is 1250.
        """
        if self.comma != self.point:
            return self.comma > self.point
        if self.three_after_point and not self.three_after_comma:
            if self.long:
                return False
            return True if self.short and self.three_after_point >= ENOUGH else None
        if self.three_after_comma and not self.three_after_point:
            return False
        return None if self.three_after_point else False

    @property
    def open(self) -> bool:
        """Whether some of the numbers can be read either way, a factor of 1000 apart."""
        return self.decimal_comma is None

    @property
    def assumed(self) -> bool:
        """Whether the mark was assumed to separate thousands, without an unambiguous number."""
        if self.comma or self.point or (self.long and not self.three_after_comma):
            return False
        return bool(self.three_after_comma + self.three_after_point)


def decimal_evidence(values: Iterable[str]) -> DecimalEvidence:
    """What some cells say about the mark before decimals.

    >>> decimal_evidence(["1.000", "2.500"]).open, decimal_evidence(["1.000", "2.500", "12,50"]).decimal_comma
    (True, True)
    """
    counts, example = dict.fromkeys(MARKS, 0), ""
    for value in values:
        bare = _bare(value)
        for name, form in MARKS.items():
            counts[name] += re.search(form, bare) is not None
        if not example and re.search(THREE, bare):
            example = value.strip()
    return DecimalEvidence(**counts, example=example)


def _bare(value: str) -> str:
    return re.sub(r"^[^\d.,]+|[^\d]+$", "", value.replace("\u00a0", " ").replace("\u202f", " "))


def decimal_evidence_of(column: ir.StringColumn) -> dict[str, ir.Value]:
    """The same over a whole column, as aggregates with the names of `DecimalEvidence`."""
    bare = half_width(column).re_replace(r"^[^\d.,]+|[^\d]+$", "")
    aggregates: dict[str, ir.Value] = {name: bare.re_search(form).sum().fill_null(0) for name, form in MARKS.items()}
    return aggregates | {"example": column.min(where=bare.re_search(THREE)).fill_null("")}


def settled_comma(values: Iterable[str]) -> bool | None:
    """Whether these numbers use a decimal comma; None where the whole column has to be examined.

    >>> settled_comma(["1.234,56", "12"]), settled_comma(["1,234.56"]), settled_comma(["12"]), settled_comma(["1.234"])
    (True, False, False, None)
    """
    evidence = decimal_evidence(values)
    return None if evidence.open or evidence.assumed else bool(evidence.decimal_comma)


def quick_number(text: ir.StringValue, dtype: str, comma: bool) -> ir.DecimalValue:
    """The number of a cell with digits and a point; null for every other format."""
    plain = text.contains("E") | text.contains("e") | text.contains("_")
    if comma:
        plain = plain | text.contains(".")
    return cast(ir.DecimalValue, plain.ifelse(ibis.null("string"), text).try_cast(dtype))


def plain_number(text: ir.StringValue, dtype: str = MONEY) -> ir.StringValue:
    """The cell in capitals, half width and with plain spaces; a quantity without the word for pieces."""
    plain = cast(ir.StringValue, half_width(text).upper().re_replace(r"\s+", " ").strip())
    return plain.re_replace(COUNTED, r"\1") if dtype == QUANTITY else plain


@lru_cache(maxsize=1)
def _sign() -> str:
    return "(" + "|".join(re.escape(sign) for sign in signs()) + ")"


def _before(plain: ir.StringValue) -> ir.StringValue:
    return plain.re_extract(r"^[^\d]*", 0)


def _digits(plain: ir.StringValue) -> ir.StringValue:
    return plain.re_extract(r"\d[\d.,' ]*\d|\d", 0)


def _after(plain: ir.StringValue) -> ir.StringValue:
    return plain.substr(_before(plain).length() + _digits(plain).length())


def _exponent(plain: ir.StringValue) -> ir.StringValue:
    return _after(plain).re_extract(r"^E[-+]?\d{1,3}", 0)


def _rest(plain: ir.StringValue) -> ir.StringValue:
    """The text after the number, without a mark for a whole amount: “12,-” in German, “500/-” in India."""
    return _after(plain).re_replace(r"^E[-+]?\d{1,3}", "").re_replace(r"^(?:[.,/]-{1,2}|[.,])", "")


def _factor(plain: ir.StringValue) -> ir.StringValue:
    return _rest(plain).re_extract(rf"^ ?([{''.join(TIMES)}])", 1)


def _fraction(plain: ir.StringValue) -> ir.BooleanValue:
    """Whether the number begins with its mark, as `.5` does and `Rs.5` does not."""
    return _before(plain).re_search(r"(?:^|[-+( ])[.,]$")


def _signs(plain: ir.StringValue) -> tuple[ir.StringValue, ir.StringValue]:
    """The text before and after the number without sign, brackets and factor; in a valid number a currency."""
    before = _before(plain).re_replace(r"[-+() ]", "")
    before = _fraction(plain).ifelse(before.re_replace(r"[.,]$", ""), before)
    return cast(ir.StringValue, before), _rest(plain).re_replace(rf"^ ?[{''.join(TIMES)}]", "").re_replace(
        r"[-+() ]", ""
    )


def _is_currency(sign: ir.StringValue) -> ir.BooleanValue:
    # A search in a list costs a tenth of a regular expression of all signs, which only two signs at once need.
    listed = list_position(list(signs()), sign).notnull()
    two = sign.re_search(f"^{_sign()}{_sign()}$")
    return cast(ir.BooleanValue, ibis.cases((sign == "", True), (listed, True), else_=two))


def currency_of(plain: ir.StringValue) -> ir.StringValue:
    """The sign or code beside a number; null where there is none."""
    sign = cast(ir.StringValue, ibis.coalesce(*(part.nullif("") for part in _signs(plain))))
    listed = list_position(list(signs()), sign).notnull()
    first = sign.re_extract(f"^{_sign()}", 1).nullif("")
    return cast(ir.StringValue, ibis.cases((sign.isnull(), ibis.null("string")), (listed, sign), else_=first))


def slow_number(plain: ir.StringValue, dtype: str, comma: bool) -> ir.DecimalValue:
    """The number a cell means after `plain_number`; null where it is none, or does not fit.

    Thousands are separated every three digits (or as in India): `12,50` is no number where the comma separates
    thousands. With two different marks, or gaps, the last mark is the decimal separator in any column.
    Brackets and a minus on either side make it negative.
    """
    return cast(ir.DecimalValue, wide_number(plain, comma).try_cast(dtype))


def wide_number(plain: ir.StringValue, comma: bool) -> ir.DecimalValue:
    """The number as a wide decimal, which may not fit the column; null where the cell is no number."""
    digits = _fraction(plain).ifelse(ibis.literal("0.") + _digits(plain), _with_point(_digits(plain), comma))
    written = (cast(ir.StringValue, digits) + _exponent(plain)).nullif("").try_cast(WIDE)
    factor = ibis.cases(*((_factor(plain) == word, ibis.literal(value)) for word, value in TIMES.items()), else_=1)
    number = (_factor(plain) == "").ifelse(written, (written * factor).try_cast(WIDE))
    around = _before(plain) + "/" + _rest(plain)
    sound = _before(plain).re_search(BEFORE) & _rest(plain).re_search(AFTER) & ~around.re_search("-.*-")
    for sign in _signs(plain):
        sound = sound & _is_currency(sign)
    number = sound.ifelse(around.re_search("[-(]").ifelse(-number, number), ibis.null(WIDE))
    return cast(ir.DecimalValue, plain.re_search(FREE).ifelse(ibis.literal(0).cast(WIDE), number).cast(WIDE))


def _with_point(digits: ir.StringValue, comma: bool) -> ir.StringValue:
    """Digits with a point before decimals and nothing between thousands; empty where the marks make no sense."""

    def cleared(part: str, point: str) -> ir.StringValue:
        return cast(ir.StringValue, digits.replace(part, "").replace(point, "."))

    gaps = digits.re_replace(r"[ ']", "").replace(",", ".")
    by_comma, by_point = cleared(",", "."), cleared(".", ",")
    two_marks = [
        (digits.re_search(GROUPED_BY_GAP), gaps),
        (digits.re_search(r"^\d{1,3}(\.\d{3}){2,}$"), by_point),
        (digits.re_search(r"^\d{1,3}(,\d{3}){2,}$"), by_comma),
        (digits.re_search(r"^\d{1,3}(,\d{2,3})*,\d{3}\.\d*$"), by_comma),
        (digits.re_search(r"^\d{1,3}(\.\d{3})+,\d*$"), by_point),
    ]
    if comma:  # 12.50 cannot be thousands
        own = [
            (digits.re_search(GROUPED_BY_POINT + r"|^\d*(,\d*)?$"), by_point),
            (digits.re_search(r"^\d*\.\d+$"), digits),
        ]
    else:
        own = [(digits.re_search(GROUPED_BY_COMMA + r"|^\d*(\.\d*)?$"), by_comma)]
    return cast(ir.StringValue, ibis.cases(*two_marks, *own, else_=""))


def number_notes(text: ir.StringValue, plain: ir.StringValue, dtype: str) -> ir.IntegerValue:
    """What reading this number assumed, as bits of `notes`."""
    counted = half_width(text).upper().re_search(COUNTED) if dtype == QUANTITY else ibis.literal(False)
    return noted(
        free_amounts=plain.re_search(FREE),
        ten_thousands=_factor(plain) != "",
        scientific_numbers=_exponent(plain) != "",
        units_left_out=counted,
    )
