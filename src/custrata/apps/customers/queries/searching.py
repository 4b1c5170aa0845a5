"""Customers found by a part of what one knows of them, through an index of all parts.

SQLite keeps an index of the trigrams of every customer's search text, in step by triggers as any index is
(`0002_index_parts_of_customers`). PostgreSQL uses one of its own accord; the parts of one or two characters that hold
others than ASCII, as Chinese names do, stand in a second one there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from custrata.apps.customers.models import Customer

MOST_FOUND = 5_000
PHONE = re.compile(r"[\d\s()+\-.]{3,}")
BETWEEN_DIGITS = re.compile(r"[\s()\-.]")
TRIGRAM = 3
# A part that more trigrams begin with stands in so many customers that looking through them finds enough at once.
MOST_TRIGRAMS = 1_000
LAST = "\U0010ffff"
FIRST = 50_000

LOOKED_UP = """
SELECT customer.customer_id
FROM customers_trigrams CROSS JOIN customers_customer AS customer ON customer.id = customers_trigrams.rowid
WHERE customers_trigrams MATCH %s AND instr(customer.search, %s) > 0
LIMIT %s
"""
AMONG_FIRST = """
SELECT customer_id FROM (SELECT customer_id, search FROM customers_customer LIMIT %s)
WHERE instr(search, %s) > 0
LIMIT %s
"""
BEGINNING = "SELECT term FROM customers_trigrams_known WHERE term BETWEEN %s AND %s LIMIT %s"


@dataclass(frozen=True)
class Found:
    """What a search found: ids, and whether there are more than it gives."""

    customer_ids: tuple[str, ...]
    more: bool


def searched(text: str) -> str:
    """What is looked for when somebody types this: without case, full-width forms, and blanks inside a number.

    >>> searched(" 138 0013 "), searched("ＡＢＣ"), searched("Ann Lee")
    ('1380013', 'abc', 'ann lee')
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    return BETWEEN_DIGITS.sub("", folded) if PHONE.fullmatch(folded) else folded


def found_customers(text: str) -> Found:
    """Customers whose id, name, phone, e-mail or company holds the text."""
    part = searched(text)
    if "\0" in part:  # no text holds it, and neither database takes it
        return Found((), more=False)
    ids = _in_sqlite(part) if connection.vendor == "sqlite" else _in_postgresql(part)
    return Found(tuple(ids[:MOST_FOUND]), len(ids) > MOST_FOUND)


def _in_sqlite(part: str) -> Sequence[str]:
    """Whoever has the trigrams of the part may have the part; whether they do is looked at."""
    if len(part) == 1:  # a digit stands nearly everywhere, and the index would count where
        found = _asked(AMONG_FIRST, [FIRST, part, MOST_FOUND + 1])
        if len(found) > MOST_FOUND:
            return found
    question = _every(part) if len(part) >= TRIGRAM else _any_beginning(part)
    if question is None:
        return _looked_through(part)
    return _asked(LOOKED_UP, [question, part, MOST_FOUND + 1])


def _every(part: str) -> str:
    trigrams = dict.fromkeys(part[start : start + TRIGRAM] for start in range(len(part) - TRIGRAM + 1))
    return " AND ".join(map(_quoted, trigrams))


def _any_beginning(part: str) -> str | None:
    """What is shorter than a trigram is the beginning of some; none where too many begin with it."""
    known = _asked(BEGINNING, [part, part + LAST * TRIGRAM, MOST_TRIGRAMS + 1])
    return " OR ".join(map(_quoted, known or [part])) if len(known) <= MOST_TRIGRAMS else None


def _asked(sql: str, values: Sequence[str | int]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _in_postgresql(part: str) -> Sequence[str]:
    """Its planner decides between index and table; short parts without anything but ASCII are common, or looked for."""
    if len(part) >= TRIGRAM or part.isascii():
        return _looked_through(part)
    rows = Customer.objects.extra(where=["customers_short_parts(search) @> ARRAY[%s]"], params=[part])
    return list(rows.order_by().values_list("customer_id", flat=True)[: MOST_FOUND + 1])


def _looked_through(part: str) -> Sequence[str]:
    rows = Customer.objects.filter(search__contains=part).order_by().values_list("customer_id", flat=True)
    return list(rows[: MOST_FOUND + 1])
