"""The question of a list as an address says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from django.http import QueryDict

from custrata.apps.customers.queries.filters import list_filters, selected
from custrata.apps.customers.queries.listing import Asked
from custrata.web.schemes import tiers_of_scheme

LONGEST_QUERY = 200
NOWHERE = "-"  # of a move: from no tier, there for the first time


def asked(query: QueryDict) -> Asked:
    """The question in an address; what makes no sense in it is passed over."""
    sort = query.get("sort", "")
    return Asked(
        q=query.get("q", "").strip()[:LONGEST_QUERY],
        tiers=_tiers(query.getlist("tier")),
        cell=_cell(query.get("rfm", "")),
        moved=tuple(moves(query.getlist("moved"))),
        declared=tuple(_declared(query)),
        run=query.get("run") or None,
        sort=sort.lstrip("-") or "customer_id",
        descending=sort.startswith("-"),
    )


def told(asks: Asked) -> str:
    """How customers were chosen, as the audit keeps it: every filter, but of a search only that there was one.

    What was searched for may be a customer's name, and the audit is not theirs to be erased from.
    """
    said = [("tier", f"{scheme}:{tier}") for scheme, tiers in asks.tiers for tier in tiers]
    said += [("moved", f"{scheme}:{source or NOWHERE}:{target}") for scheme, source, target in asks.moved]
    others = {"rfm": "-".join(map(str, asks.cell or ())), **dict(asks.declared), "run": asks.run}
    others["searched"] = "yes" if asks.q else None
    return urlencode([*said, *((name, value) for name, value in others.items() if value)], safe=":")


def _declared(query: QueryDict) -> Iterator[tuple[str, str]]:
    """The filters of the apps that stand in an address, each with its value."""
    for name in list_filters():
        value = query.get(name, "")
        if value and selected(name, value) is not None:
            yield name, value


def _tiers(written: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, tuple[str, ...]] = {}
    for one in written:
        scheme, _, tier = one.partition(":")
        if _is_tier(scheme, tier):
            found[scheme] = (*found.get(scheme, ()), tier)
    return tuple(found.items())


def _cell(written: str) -> tuple[int, int] | None:
    scores = written.split("-")
    if len(scores) != 2 or not all(score in "12345" and len(score) == 1 for score in scores):
        return None
    return int(scores[0]), int(scores[1])


def moves(written: Iterable[str]) -> Iterator[tuple[str, str | None, str]]:
    """Moves as addresses carry them: scheme, from, to."""
    for one in written:
        scheme, _, ends = one.partition(":")
        source, _, target = ends.partition(":")
        known = source in ("", NOWHERE) or _is_tier(scheme, source)
        if known and _is_tier(scheme, target):
            yield scheme, source if source not in ("", NOWHERE) else None, target


def _is_tier(scheme: str, tier: str) -> bool:
    return tier in tiers_of_scheme(scheme)
