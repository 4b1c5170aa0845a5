"""Remove invisible characters and spreadsheet wrappers from cells, and count them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from custrata.engine import DuckEngine
from custrata.ingest.notices import Notice

# Invisible anywhere; the joiners U+200C and U+200D are part of words and emoji, and are removed at the edges only.
GONE = (
    r"\x{1}-\x{8}\x{B}\x{C}\x{E}-\x{1F}\x{7F}\x{AD}\x{180E}\x{200B}\x{200E}\x{200F}"
    r"\x{202A}-\x{202E}\x{2060}-\x{2069}\x{FEFF}"
)
SPACE = r"\t\n\r \x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}"
EDGE = GONE + SPACE + r"\x{200C}\x{200D}"
UNSEEN = f"^[{EDGE}]+|[{EDGE}]+$|[{GONE}]+"
# `="0123"` and `=T("0123")`; a mark before a formula, as our exports put it, or a number or an id;
# quotation marks around one word.
WRAPPED = (
    r'^(?:=(?:T\()?"([^"]*)"\)?'
    r"|'([=+\-@＝＋－＠\t\r\n](?s:.*))"
    r"|['`´‘’]+([^\s'`´‘’]*\d[^\s'`´‘’]*|[\d\s:./,+-]+)['`´‘’]?"
    r"|[“”„«「『\"]([^\s“”„«»「」『』\"]{1,64})[“”»」』\"])$"
)
UNWRAPPED = r"\1\2\3\4"

CONTROLS = bytes(range(1, 9)) + bytes(range(11, 13)) + bytes(range(14, 32)) + b"\x7f`"
# In a text, where a cell begins with a mark; among cells without their borders, the mark itself.
TEXT_MARKS = (b'="', b"=T(", b",'", b"\t'", b";'", b"|'", b"\n'", b"\"'", b'"""')
CELL_MARKS = (b'="', b"=T(", b"'", b'"')
MARK_SIGNS = (b"'", b'"', b"=")
WIDE_MARKS = (
    b"\xc2\x85", b"\xc2\xa0", b"\xc2\xad", b"\xc2\xb4", b"\xc2\xab", b"\xe1\x9a\x80", b"\xe1\xa0\x8e", b"\xe2\x80",
    b"\xe2\x81", b"\xe3\x80\x80", b"\xe3\x80\x8c", b"\xe3\x80\x8e", b"\xef\xbb\xbf",
)  # fmt: skip


def may_contain_invisible(block: bytes, marks: Sequence[bytes] = TEXT_MARKS) -> bool:
    """Whether UTF-8 data may contain what this module removes; a fast check that spares clean files.

    >>> may_contain_invisible(b"A1,M1,10.00"), may_contain_invisible("A1,M1\\u200b,10.00".encode())
    (False, True)
    """
    if len(block.translate(None, CONTROLS)) != len(block):
        return True
    if any(sign in block for sign in MARK_SIGNS) and any(mark in block for mark in marks):
        return True
    return not block.isascii() and any(mark in block for mark in WIDE_MARKS)


def cleaned_sql(cell: str) -> str:
    """SQL for a cell without invisible characters; null where nothing is left."""
    visible = f"regexp_replace({cell}, {literal(UNSEEN)}, '', 'g')"
    return f"nullif(regexp_replace({visible}, {literal(WRAPPED)}, '{UNWRAPPED}'), '')"


def find_invisible(engine: DuckEngine, relation: str, columns: int) -> tuple[tuple[int, ...], int, str]:
    """The columns of a relation with cells to clean; how many cells have more than space at an edge; one of them."""
    aggregates = []
    for place in range(columns):
        cell = f"c{place}"
        changed = f"{cell} IS DISTINCT FROM {cleaned_sql(cell)}"
        notable = (
            f"trim({cell}, ' ' || chr(9) || chr(10) || chr(13)) IS DISTINCT FROM coalesce({cleaned_sql(cell)}, '')"
        )
        aggregates += [f"count_if({changed})", f"count_if({cell} IS NOT NULL AND {notable})",
                  f"min({cell}) FILTER ({cell} IS NOT NULL AND {notable})"]  # fmt: skip
    counts = engine.raw.execute(f"SELECT {', '.join(aggregates)} FROM {relation}").fetchone() or ()
    places = tuple(place for place in range(columns) if counts[3 * place])
    example = next((str(counts[3 * place + 2]) for place in range(columns) if counts[3 * place + 1]), "")
    return places, sum(int(counts[3 * place + 1] or 0) for place in range(columns)), example


def without_invisible_sql(relation: str, columns: int, places: Sequence[int]) -> str:
    """The relation with these columns cleaned."""
    cells = [f"{cleaned_sql(f'c{p}')} AS c{p}" if p in places else f"c{p}" for p in range(columns)]
    return f"(SELECT {', '.join(cells)} FROM {relation})"


def invisible_notice(count: int, example: str, headers: Sequence[str], places: Sequence[int]) -> tuple[Notice, ...]:
    """The notice for cells that were cleaned."""
    names = ", ".join(headers[place] for place in places)
    return (Notice("invisible", count, with_visible_escapes(example), {"columns": names}),) if count else ()


def with_visible_escapes(text: str) -> str:
    """A text with invisible characters shown as code points.

    >>> with_visible_escapes("M1\\u200b")
    'M1‹U+200B›'
    """
    return "".join(sign if sign.isprintable() else f"‹U+{ord(sign):04X}›" for sign in text)


def without_invisible(cell: str) -> str:
    """A text, such as a header, without invisible characters; the Python form of `cleaned_sql`.

    >>> without_invisible("\\ufeffOrder\\u200b ID\\xa0")
    'Order ID'
    """
    return _PATTERN.sub("", cell)


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


_PATTERN = re.compile(re.sub(r"\\x\{([0-9A-F]+)\}", lambda match: f"\\u{int(match[1], 16):04x}", UNSEEN))
