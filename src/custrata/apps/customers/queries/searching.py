"""Customers found by a part of what one knows of them, through an index of all parts.

SQLite keeps an index of the trigrams of every customer's search text, in step by triggers as any index is
(`0002_index_parts_of_customers`). PostgreSQL uses one of its own accord; the parts of one or two characters that hold
others than ASCII, as Chinese names do, stand in a second one there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from custrata.apps.customers.models import Customer
from custrata.identity.folding import searched

MOST_FOUND = 5_000
TRIGRAM = 3
# A part that more trigrams begin with stands in so many customers that looking through them finds enough at once.
MOST_TRIGRAMS = 1_000
LAST = "\U0010ffff"
FIRST = 50_000

LOOKED_UP = """
SELECT customer.customer_id
FROM customers_trigrams CROSS JOIN customers_customer AS customer ON customer.id = customers_trigrams.rowid
WHERE customers_trigrams MATCH %s AND {every}
LIMIT %s
"""
HOLDS = "instr(customer.search, %s) > 0"
AMONG_FIRST = """
SELECT customer_id FROM (SELECT customer_id, search FROM customers_customer LIMIT %s)
WHERE instr(search, %s) > 0
LIMIT %s
"""
BEGINNING = "SELECT term FROM customers_trigrams_known WHERE term BETWEEN %s AND %s LIMIT %s"


@dataclass(frozen=True)
class SearchResult:
    """What a search found: ids, and whether there are more than it gives."""

    customer_ids: tuple[str, ...]
    more: bool


def search_customers(text: str) -> SearchResult:
    """Customers whose id, name, phone, e-mail or company holds each word of the text, in any order."""
    words = searched(text)
    if "\0" in text or not words:  # no text holds it, and neither database takes it
        return SearchResult((), more=False)
    ids = _in_sqlite(words) if connection.vendor == "sqlite" else _in_postgresql(words)
    return SearchResult(tuple(ids[:MOST_FOUND]), len(ids) > MOST_FOUND)


def _in_sqlite(words: Sequence[str]) -> Sequence[str]:
    """Whoever has the trigrams of the words may have the words; whether they do is looked at."""
    if len(words) == 1 and len(words[0]) == 1:  # a digit stands nearly everywhere, and the index would count where
        matches = _first_column(AMONG_FIRST, [FIRST, words[0], MOST_FOUND + 1])
        if len(matches) > MOST_FOUND:
            return matches
    long = [word for word in words if len(word) >= TRIGRAM]
    question = " AND ".join(map(_every, long)) if long else _any_beginning(max(words, key=len))
    if question is None:
        return _looked_through(words)
    every = " AND ".join([HOLDS] * len(words))
    return _first_column(LOOKED_UP.format(every=every), [question, *words, MOST_FOUND + 1])


def _every(part: str) -> str:
    trigrams = dict.fromkeys(part[start : start + TRIGRAM] for start in range(len(part) - TRIGRAM + 1))
    return " AND ".join(map(_quoted, trigrams))


def _any_beginning(part: str) -> str | None:
    """What is shorter than a trigram is the beginning of some; none where too many begin with it."""
    trigrams = _first_column(BEGINNING, [part, part + LAST * TRIGRAM, MOST_TRIGRAMS + 1])
    return " OR ".join(map(_quoted, trigrams or [part])) if len(trigrams) <= MOST_TRIGRAMS else None


def _first_column(sql: str, values: Sequence[str | int]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _in_postgresql(words: Sequence[str]) -> Sequence[str]:
    """Its planner decides between index and table; short words without anything but ASCII are common, or looked for."""
    short = [word for word in words if len(word) < TRIGRAM and not word.isascii()]
    rows = Customer.objects.order_by()
    for word in words:
        if word in short:
            rows = rows.extra(where=["customers_short_parts(search) @> ARRAY[%s]"], params=[word])
        else:
            rows = rows.filter(search__contains=word)
    return list(rows.values_list("customer_id", flat=True)[: MOST_FOUND + 1])


def _looked_through(words: Sequence[str]) -> Sequence[str]:
    rows = Customer.objects.order_by()
    for word in words:
        rows = rows.filter(search__contains=word)
    return list(rows.values_list("customer_id", flat=True)[: MOST_FOUND + 1])
