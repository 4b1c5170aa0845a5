"""Substring search for customers by trigram indexes.

On SQLite, triggers maintain a full-text index of the trigrams of every customer's search text
(`0002_index_parts_of_customers`). PostgreSQL uses its trigram index, and a second index for non-ASCII substrings of one
or two characters, as in Chinese names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from custrata.apps.customers.models import Customer
from custrata.identity.folding import searched

MOST_FOUND = 5_000
TRIGRAM = 3
# A prefix of more trigrams than this matches so many customers that a scan finds enough of them quickly.
MOST_TRIGRAMS = 1_000
LAST = "\U0010ffff"
FIRST = 50_000

INDEX_SEARCH = """
SELECT customer.customer_id
FROM customers_trigrams CROSS JOIN customers_customer AS customer ON customer.id = customers_trigrams.rowid
WHERE customers_trigrams MATCH %s AND {every}
LIMIT %s
"""
HOLDS = "instr(customer.search, %s) > 0"
FIRST_ROWS_SEARCH = """
SELECT customer_id FROM (SELECT customer_id, search FROM customers_customer LIMIT %s)
WHERE instr(search, %s) > 0
LIMIT %s
"""
PREFIXES = "SELECT term FROM customers_trigrams_known WHERE term BETWEEN %s AND %s LIMIT %s"


@dataclass(frozen=True)
class SearchResult:
    """The ids that a search found, and whether there are more."""

    customer_ids: tuple[str, ...]
    more: bool


def search_customers(text: str) -> SearchResult:
    """Customers whose id, name, phone, e-mail or company contains each word of the text, in any order."""
    words = searched(text)
    if "\0" in text or not words:  # no stored text contains NUL, and neither database accepts it
        return SearchResult((), more=False)
    ids = _in_sqlite(words) if connection.vendor == "sqlite" else _in_postgresql(words)
    return SearchResult(tuple(ids[:MOST_FOUND]), len(ids) > MOST_FOUND)


def _in_sqlite(words: Sequence[str]) -> Sequence[str]:
    """Look up candidates by the trigrams of the words, then check the words themselves."""
    if len(words) == 1 and len(words[0]) == 1:  # a single digit occurs nearly everywhere, so a scan beats the index
        matches = _first_column(FIRST_ROWS_SEARCH, [FIRST, words[0], MOST_FOUND + 1])
        if len(matches) > MOST_FOUND:
            return matches
    long = [word for word in words if len(word) >= TRIGRAM]
    question = " AND ".join(map(_trigram_query, long)) if long else _prefix_query(max(words, key=len))
    if question is None:
        return _scan(words)
    every = " AND ".join([HOLDS] * len(words))
    return _first_column(INDEX_SEARCH.format(every=every), [question, *words, MOST_FOUND + 1])


def _trigram_query(part: str) -> str:
    trigrams = dict.fromkeys(part[start : start + TRIGRAM] for start in range(len(part) - TRIGRAM + 1))
    return " AND ".join(map(_quoted, trigrams))


def _prefix_query(part: str) -> str | None:
    """An index query for a part shorter than a trigram, by prefix; None if too many trigrams match."""
    trigrams = _first_column(PREFIXES, [part, part + LAST * TRIGRAM, MOST_TRIGRAMS + 1])
    return " OR ".join(map(_quoted, trigrams or [part])) if len(trigrams) <= MOST_TRIGRAMS else None


def _first_column(sql: str, values: Sequence[str | int]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _in_postgresql(words: Sequence[str]) -> Sequence[str]:
    """The planner chooses between index and scan; short non-ASCII words use the index of short parts."""
    short = [word for word in words if len(word) < TRIGRAM and not word.isascii()]
    rows = Customer.objects.order_by()
    for word in words:
        if word in short:
            rows = rows.extra(where=["customers_short_parts(search) @> ARRAY[%s]"], params=[word])
        else:
            rows = rows.filter(search__contains=word)
    return list(rows.values_list("customer_id", flat=True)[: MOST_FOUND + 1])


def _scan(words: Sequence[str]) -> Sequence[str]:
    rows = Customer.objects.order_by()
    for word in words:
        rows = rows.filter(search__contains=word)
    return list(rows.values_list("customer_id", flat=True)[: MOST_FOUND + 1])
