"""The question of a list as an address says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.http import QueryDict

from custrata.apps.customers.queries.listing import NOBODY, Asked
from custrata.tiering import BUILT_IN

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
        tag=_number(query.get("tag", "")),
        owner=NOBODY if query.get("owner") == "none" else _number(query.get("owner", "")),
        run=query.get("run") or None,
        sort=sort.lstrip("-") or "customer_id",
        descending=sort.startswith("-"),
    )


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
    return scheme in BUILT_IN and tier in BUILT_IN[scheme].tiers


def _number(written: str) -> int | None:
    return int(written) if written.isdecimal() and len(written) < 19 else None
