"""The filters of a list, as removable chips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import QueryDict

from custrata.apps.customers.queries.filters import list_filters
from custrata.apps.customers.queries.list_query import moves
from custrata.apps.customers.queries.listing import ListQuery
from custrata.web.lists import remove_parameter
from custrata.web.manifest import function
from custrata.web.schemes import scheme_named, tier_named
from custrata.web.texts import text


@dataclass(frozen=True)
class Chip:
    """One filter: its label, and the URL of the list without it."""

    label: str
    href: str


def chips(list_query: ListQuery, query: QueryDict) -> Iterator[Chip]:
    """A chip for every filter of a list query."""
    if list_query.q:
        yield Chip(text("customers.chip.search", q=list_query.q), remove_parameter(query, "q"))
    for scheme, tiers in list_query.tiers:
        for tier in tiers:
            named = text("customers.chip.tier", scheme=scheme_named(scheme), tier=tier_named(scheme, tier))
            yield Chip(named, remove_parameter(query, "tier", f"{scheme}:{tier}"))
    if list_query.cell is not None:
        yield Chip(
            text("customers.chip.cell", r=list_query.cell[0], f=list_query.cell[1]), remove_parameter(query, "rfm")
        )
    for written in query.getlist("moved"):
        for scheme, source, target in moves([written]):
            came = tier_named(scheme, source) if source is not None else text("customers.chip.nowhere")
            named = text(
                "customers.chip.moved", scheme=scheme_named(scheme), source=came, target=tier_named(scheme, target)
            )
            yield Chip(named, remove_parameter(query, "moved", written))
    for name, value in list_query.declared:
        yield Chip(function(list_filters()[name].chip)(value), remove_parameter(query, name))
