"""What a list is filtered by, as chips one can take away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import QueryDict

from custrata.apps.customers.queries.filters import list_filters
from custrata.apps.customers.queries.listing import Asked
from custrata.apps.customers.queries.questions import moves
from custrata.web.manifest import function
from custrata.web.paging import NAME as CURSOR
from custrata.web.schemes import scheme_named, tier_named
from custrata.web.texts import text


@dataclass(frozen=True)
class Chip:
    """One filter: what it says, and the address of the list without it."""

    label: str
    href: str


def without(query: QueryDict, name: str, value: str | None = None) -> str:
    """The address with a filter, or one value of it, taken away."""
    rest = query.copy()
    kept = [one for one in rest.getlist(name) if value is not None and one != value]
    rest.setlist(name, kept)
    rest.pop(CURSOR, None)
    return "?" + rest.urlencode()


def chips(asked: Asked, query: QueryDict) -> Iterator[Chip]:
    """A chip for every filter of the question."""
    if asked.q:
        yield Chip(text("customers.chip.search", q=asked.q), without(query, "q"))
    for scheme, tiers in asked.tiers:
        for tier in tiers:
            named = text("customers.chip.tier", scheme=scheme_named(scheme), tier=tier_named(scheme, tier))
            yield Chip(named, without(query, "tier", f"{scheme}:{tier}"))
    if asked.cell is not None:
        yield Chip(text("customers.chip.cell", r=asked.cell[0], f=asked.cell[1]), without(query, "rfm"))
    for written in query.getlist("moved"):
        for scheme, source, target in moves([written]):
            came = tier_named(scheme, source) if source is not None else text("customers.chip.nowhere")
            named = text(
                "customers.chip.moved", scheme=scheme_named(scheme), source=came, target=tier_named(scheme, target)
            )
            yield Chip(named, without(query, "moved", written))
    for name, value in asked.declared:
        yield Chip(function(list_filters()[name].chip)(value), without(query, name))
