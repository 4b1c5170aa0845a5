"""The list query in a URL's query string."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from django.http import QueryDict

from custrata.apps.customers.queries.filters import list_filters, selection_of
from custrata.apps.customers.queries.listing import ListQuery
from custrata.web.schemes import tiers_of_scheme

LONGEST_QUERY = 200
NOWHERE = "-"  # source of a move: no tier, graded for the first time


def parse_list_query(query: QueryDict) -> ListQuery:
    """Parse a query string; invalid parameters are ignored."""
    sort = query.get("sort", "")
    return ListQuery(
        q=query.get("q", "").strip()[:LONGEST_QUERY],
        tiers=_tiers(query.getlist("tier")),
        cell=_cell(query.get("rfm", "")),
        moved=tuple(moves(query.getlist("moved"))),
        declared=tuple(_declared(query)),
        run=query.get("run") or None,
        sort=sort.lstrip("-") or "customer_id",
        descending=sort.startswith("-"),
    )


def describe_list_query(list_query: ListQuery) -> str:
    """The filters of a list query for the audit log; of a search only the fact that there was one.

    The search text may be a customer's name, which must not enter the audit log.
    """
    parameters = [("tier", f"{scheme}:{tier}") for scheme, tiers in list_query.tiers for tier in tiers]
    parameters += [("moved", f"{scheme}:{source or NOWHERE}:{target}") for scheme, source, target in list_query.moved]
    remaining = {
        "rfm": "-".join(map(str, list_query.cell or ())),
        **dict(list_query.declared),
        "run": list_query.run,
    }
    remaining["searched"] = "yes" if list_query.q else None
    return urlencode([*parameters, *((name, value) for name, value in remaining.items() if value)], safe=":")


def _declared(query: QueryDict) -> Iterator[tuple[str, str]]:
    """The declared filters in a query string that have a valid value."""
    for name in list_filters():
        value = query.get(name, "")
        if value and selection_of(name, value) is not None:
            yield name, value


def _tiers(written: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    tiers: dict[str, tuple[str, ...]] = {}
    for parameter in written:
        scheme, _, tier = parameter.partition(":")
        if _is_tier(scheme, tier):
            tiers[scheme] = (*tiers.get(scheme, ()), tier)
    return tuple(tiers.items())


def _cell(written: str) -> tuple[int, int] | None:
    scores = written.split("-")
    if len(scores) != 2 or not all(score in "12345" and len(score) == 1 for score in scores):
        return None
    return int(scores[0]), int(scores[1])


def moves(written: Iterable[str]) -> Iterator[tuple[str, str | None, str]]:
    """Parse moves in a query string: scheme, source tier, target tier."""
    for parameter in written:
        scheme, _, ends = parameter.partition(":")
        source, _, target = ends.partition(":")
        valid_source = source in ("", NOWHERE) or _is_tier(scheme, source)
        if valid_source and _is_tier(scheme, target):
            yield scheme, source if source not in ("", NOWHERE) else None, target


def _is_tier(scheme: str, tier: str) -> bool:
    return tier in tiers_of_scheme(scheme)
