"""Cells as text: edges trimmed, wrappings of spreadsheets taken off, words of several languages made one."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.ingest.functions import list_extract, list_position, trim
from custrata.ingest.statuses import MEANINGS

# What exports write where there is nothing.
NOTHING = ("", "NULL", "null", "Null", "\\N", "#N/A", "N/A", "n/a", "NaN", "nan", "None", "none", "(null)", "-", "--")

WIDE_SPACE, FIXED_SPACE = "\u3000", "\u00a0"
EDGES = " \t\r\n\v\f" + WIDE_SPACE + FIXED_SPACE + "\u200b\ufeff"
FULL_WIDTH = "０１２３４５６７８９，．－＋（）／：　＄￥￡％＃"
HALF_WIDTH = "0123456789,.-+()/: $¥£%#"
TRIED = 8
DASHES = "−–—‒﹣"


def tidy(cell: ir.StringValue) -> ir.StringValue:
    """The cell without space at its edges; null where nothing is left, or a word for nothing.

    Most cells need neither: looking at both ends costs a fifth of trimming, and seconds over ten million rows.

    >>> import ibis
    >>> ibis.duckdb.connect().execute(tidy(ibis.literal(" 17850\\t")))
    '17850'
    """
    odd = (cell < ".") | (cell >= "\u0080")  # space and signs, full-width space: bytes before digits, beyond ASCII
    for first, after in (("N", "O"), ("n", "o"), ("\\", "]")):  # how words for nothing begin
        odd = odd | cell.between(first, after)
    for space in (" ", "\t", WIDE_SPACE, FIXED_SPACE):
        odd = odd | cell.endswith(space)
    trimmed = trim(cell, EDGES)
    kept = list_position(NOTHING, trimmed).isnull().ifelse(trimmed, ibis.null("string"))
    return cast(ir.StringValue, odd.ifelse(kept, cell))


def unwrapped(cell: ir.StringValue) -> ir.StringValue:
    """`="0123"` and `'0123`, as exports write numbers that a spreadsheet must not touch, as `0123`."""
    return cell.re_replace(r"^(?:=\"(.*)\"|'(.*))$", r"\1\2")


def half_width(text: ir.StringValue) -> ir.StringValue:
    """Full-width digits and signs, as Chinese keyboards write them, as the plain ones; all dashes alike."""
    return text.translate(FULL_WIDTH + DASHES, HALF_WIDTH + "-" * len(DASHES))


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, list[str]]]:
    """For each choice its canonical values, and the words that mean them; those of statuses are in a catalogue."""
    text = (resources.files(__package__) / "words.toml").read_text("utf-8")
    found: dict[str, dict[str, list[str]]] = {name: dict(meanings) for name, meanings in tomllib.loads(text).items()}
    return found | {"order_status": {name: [] for name in MEANINGS}}


def meaning(word: str, choice: str) -> str | None:
    """The canonical value a word stands for, None where nobody knows the word.

    >>> meaning("退货", "order_kind")
    'return'
    """
    lower = word.lower()
    return next((value for value, meanings in words()[choice].items() if lower in (value, *meanings)), None)


def chosen(text: ir.StringValue, choice: str, own: dict[str, str]) -> ir.StringValue:
    """The canonical value a word stands for; null where nobody knows the word.

    `own` are words as they stand in the file, the commonest first: these are tried first. The others are searched in a
    list: so many comparisons, or `isin`, which becomes a join, would be paid for by every row.
    """
    pairs = [(word.lower(), value) for word, value in own.items()]
    pairs += [(word, value) for value, meanings in words()[choice].items() for word in (value, *meanings)]
    place = list_position([word for word, _ in pairs], tidy(text).lower())
    other = list_extract([value for _, value in pairs], place)
    known = [(text == word, value) for word, value in list(own.items())[:TRIED]]
    return cast(ir.StringValue, ibis.cases(*known, else_=other) if known else other)
