"""Text as conditions compare it: blank text is nobody's knowledge, and capitals do not count within a text.

The same for a column and for one value: engines put letters in lower case by rules that differ in two letters, the
Turkish capital I with a dot and the Greek sigma at the end of a word, so these are settled first.
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

# Blanks of every sort: those of ASCII, no-break, of typesetting, of full width, and those without any width.
BLANKS = " \t\n\r\f\v\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200E))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
INK = rf"[^\s\x0b{BLANKS[6:]}]"  # controls by name: not every engine takes them as they are in its SQL
DOTTED, FINAL = ("İ", "i"), ("ς", "σ")


def filled(text: str | None) -> str | None:
    """The text, unless it is empty or blank.

    >>> filled("  \u3000"), filled(" Graz ")
    (None, ' Graz ')
    """
    return text if text is not None and text.strip(BLANKS) else None


def filled_column(value: ir.StringValue) -> ir.StringValue:
    """The same of a column."""
    return cast(ir.StringValue, value.re_search(INK).ifelse(value, ibis.null("string")))


def caseless(text: str) -> str:
    """The text without the difference of capitals; ß is not ss, and accents stay.

    >>> caseless("VIP İzmir ΣΟΦΟΣ Straße 默想")
    'vip izmir σοφοσ straße 默想'
    """
    return text.replace(*DOTTED).lower().replace(*FINAL)


def caseless_column(value: ir.StringValue) -> ir.StringValue:
    """The same of a column."""
    return cast(ir.StringValue, value.replace(*DOTTED).lower().replace(*FINAL))
