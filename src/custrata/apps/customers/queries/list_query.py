"""The list query in a URL's query string."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from django.http import QueryDict

from custrata.apps.customers.queries.listing import NOBODY, ListQuery
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
        tag=_number(query.get("tag", "")),
        owner=NOBODY if query.get("owner") == "none" else _number(query.get("owner", "")),
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
    owner = "none" if list_query.owner == NOBODY else list_query.owner
    remaining = {
        "rfm": "-".join(map(str, list_query.cell or ())),
        "tag": list_query.tag,
        "owner": owner,
        "run": list_query.run,
    }
    remaining["searched"] = "yes" if list_query.q else None
    return urlencode([*parameters, *((name, value) for name, value in remaining.items() if value)], safe=":")


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


def _number(written: str) -> int | None:
    return int(written) if written.isdecimal() and len(written) < 19 else None
