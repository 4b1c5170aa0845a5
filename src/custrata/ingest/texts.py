"""Normalize cells as text: trim whitespace, remove spreadsheet wrappers, map words of several languages."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.ingest.functions import byte_length, list_extract, list_position, right, trim
from custrata.ingest.statuses import MEANINGS

# Texts for null in exports.
NULL_WORDS = (
    "",
    "NULL",
    "null",
    "Null",
    "\\N",
    "#N/A",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "None",
    "none",
    "(null)",
    "-",
    "--",
)

WIDE_SPACE, FIXED_SPACE = "\u3000", "\u00a0"
CONTROLS = "".join(map(chr, range(1, 0x20))) + "\x7f"  # SQL has no way to write the one before them
# Characters nobody sees: zero width, marks of direction, soft hyphen, byte order mark.
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
SPACES = FIXED_SPACE + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f" + WIDE_SPACE
EDGES = " " + CONTROLS + SPACES + INVISIBLE
FULL_WIDTH = "".join(map(chr, range(0xFF01, 0xFF5F))) + "￥￡"
HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F))) + "¥£"
DASHES, QUOTES = "−–—‒﹣", "’‘ʼ´′"
DIGITS = "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹"
TRIED = 8
WRAPPED = r"^(?:=\"(.*)\"|'(.*?)|`(.*?)`?)$"


def tidy(cell: ir.StringValue) -> ir.StringValue:
    """The cell without surrounding whitespace and control characters; null where it is empty or a text for null.

    Most cells need neither: looking at both ends costs a fifth of trimming, and seconds over ten million rows.

    >>> import ibis
    >>> ibis.duckdb.connect().execute(tidy(ibis.literal(" 17850\\t")))
    '17850'
    """
    trimmed = trim(cell, EDGES)
    cleaned = list_position(NULL_WORDS, trimmed).isnull().ifelse(trimmed, ibis.null("string"))
    return cast(ir.StringValue, _may_need_trim(cell).ifelse(cleaned, cell))


def _may_need_trim(cell: ir.StringValue) -> ir.BooleanValue:
    """Whether a cell may have characters to trim, or be a text for null."""
    odd = (cell < ".") | (cell >= "\u0080")  # space and signs, full-width space: bytes before digits, beyond ASCII
    for first, after in (("N", "O"), ("n", "o"), ("\\", "]"), ("\x7f", "\x80")):  # how words for nothing begin
        odd = odd | cell.between(first, after)
    last = right(cell, 1)
    return cast(ir.BooleanValue, odd | (last < "!") | (last >= "\x7f"))


def tidy_id(cell: ir.StringValue, lower: bool = False) -> ir.StringValue:
    """An id as it is compared: full width made half, invisible characters and a spreadsheet's wrapping taken off.

    `lower` says that an id which is an e-mail address goes in lower case, since addresses do not differ by it.

    >>> import ibis
    >>> ibis.duckdb.connect().execute(tidy_id(ibis.literal(" Ｃ００１ ")))
    'C001'
    """
    wrapped = cell.between("=", ">") | cell.between("`", "a")
    trimmed = trim(plain_signs(cell, dashes=""), EDGES).re_replace(WRAPPED, r"\1\2\3")
    cleaned = list_position(NULL_WORDS, trimmed).isnull().ifelse(trimmed, ibis.null("string"))
    tidied = cast(ir.StringValue, (_may_need_trim(cell) | wrapped | _beyond_ascii(cell)).ifelse(cleaned, cell))
    return cast(ir.StringValue, tidied.contains("@").ifelse(tidied.lower(), tidied)) if lower else tidied


def without_wrapper(cell: ir.StringValue) -> ir.StringValue:
    """The text of a cell that exports protect from spreadsheets: `="0123"`, `'0123` and a backtick give `0123`."""
    return cell.re_replace(WRAPPED, r"\1\2\3")


def half_width(text: ir.StringValue) -> ir.StringValue:
    """Full-width letters, digits and signs, as Chinese keyboards write them, as the plain ones; all dashes alike."""
    return plain_signs(text, DASHES)


def plain_signs(text: ir.StringValue, dashes: str = DASHES) -> ir.StringValue:
    """The text in half width, with plain spaces, dashes, apostrophes and digits, without invisible characters."""
    signs = FULL_WIDTH + SPACES + dashes + QUOTES + DIGITS + "٫٬" + INVISIBLE
    plain = HALF_WIDTH + " " * len(SPACES) + "-" * len(dashes) + "'" * len(QUOTES) + "0123456789" * 2 + ".,"
    return cast(ir.StringValue, _beyond_ascii(text).ifelse(text.translate(signs, plain), text))


def _beyond_ascii(text: ir.StringValue) -> ir.BooleanValue:
    # Translating a text builds a table for it; comparing two lengths does not.
    return cast(ir.BooleanValue, byte_length(text) != text.length())


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, list[str]]]:
    """For each choice its canonical values, and the words that mean them; those of statuses are in a catalogue."""
    text = (resources.files(__package__) / "words.toml").read_text("utf-8")
    choices: dict[str, dict[str, list[str]]] = {name: dict(meanings) for name, meanings in tomllib.loads(text).items()}
    return choices | {"order_status": {name: [] for name in MEANINGS}}


def meaning(word: str, choice: str) -> str | None:
    """The canonical value of a word; None where the word is unknown.

    >>> meaning("退货", "order_kind")
    'return'
    """
    lower = word.lower()
    return next((value for value, meanings in words()[choice].items() if lower in (value, *meanings)), None)


GENDERS = {"0": "other", "1": "male", "2": "female", "9": "other"}


def gender_codes(values: Iterable[str]) -> dict[str, str]:
    """What numbers in a column of genders mean where they are those of ISO 5218; nothing for 0 and 1 alone.

    >>> gender_codes(["1", "2", "1"])["2"], gender_codes(["0", "1"])
    ('female', {})
    """
    codes = {value.removesuffix(".0") for value in values}
    if "2" not in codes or not codes <= set(GENDERS):
        return {}
    return GENDERS | {f"{code}.0": gender for code, gender in GENDERS.items()}


def choice_value(text: ir.StringValue, choice: str, own: dict[str, str]) -> ir.StringValue:
    """The canonical value of a word; null where the word is unknown.

    `own` are words as they stand in the file, the commonest first: these are tried first. The others are searched in a
    list: so many comparisons, or `isin`, which becomes a join, would be paid for by every row.
    """
    pairs = [(word.lower(), value) for word, value in own.items()]
    pairs += [(word, value) for value, meanings in words()[choice].items() for word in (value, *meanings)]
    place = list_position([word for word, _ in pairs], tidy(text).lower())
    other = list_extract([value for _, value in pairs], place)
    cases = [(text == word, value) for word, value in list(own.items())[:TRIED]]
    return cast(ir.StringValue, ibis.cases(*cases, else_=other) if cases else other)
