"""What publishing a draft would do: before and after, who moves and why; and the publishing itself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.asking import asking_person
from custrata.apps.tiers.actions import publish_draft
from custrata.apps.tiers.queries import panels
from custrata.apps.tiers.queries.panels import Matrix
from custrata.apps.tiers.queries.runs import newest
from custrata.apps.tiers.queries.trying import names_of, simulated
from custrata.apps.tiers.rights import EDIT_SCHEMES, SEE_DRAFTS
from custrata.apps.tiers.views.drafts import known_standing, seen
from custrata.apps.tiers.views.effect import name_of, shade
from custrata.errors import CustrataError
from custrata.pipeline.simulation import Mover, Simulation
from custrata.report import Move, Scheme, Size, Tier
from custrata.report.panels import both
from custrata.report.pictures import flow
from custrata.tiering import Definition, define
from custrata.tiering.names import tier_name
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.rights import may
from custrata.web.schemes import tier_named, tiers_of_scheme


@dataclass(frozen=True)
class TierRow:
    """A tier before and after: customers, share, revenue, and its cost a year."""

    name: str
    colour: str
    before: int | None
    customers: int
    share: float | None
    revenue: Decimal
    revenue_share: float | None
    cost: Decimal | None

    @property
    def change(self) -> int | None:
        """Customers more or fewer."""
        return None if self.before is None else self.customers - self.before


@dataclass(frozen=True)
class Person:
    """One customer who would move."""

    customer_id: str
    name: str
    source: str
    target: str
    direction: str
    spend: Decimal | None
    reason: str


@needs(SEE_DRAFTS)
@require_safe
def simulate(request: HttpRequest, key: str) -> HttpResponse:
    """What the draft would do; the page comes at once and asks for the result, `?now=1`."""
    found = known_standing(key)
    shown: dict[str, Any] = {
        "standing": found,
        "wizard": "wizard" in request.GET,
        "may_edit": may(request.user, EDIT_SCHEMES),
        "has_run": newest() is not None,
    }
    if "now" in request.GET and found.draft is not None:
        shown |= _result(define_or_why(found.data))
    return render(request, "tiers/simulate.html", shown)


def define_or_why(data: Any) -> Definition | CustrataError:
    """The definition, or why there is none."""
    try:
        return define(data)
    except CustrataError as error:
        return error


def _result(definition: Definition | CustrataError) -> dict[str, Any]:
    if isinstance(definition, CustrataError):
        return {"reason": texts.sentence(definition)}
    try:
        found = simulated(definition)
    except CustrataError as error:
        return {"reason": texts.sentence(error)}
    data = definition.data()
    if found.waits:
        return {"waits": True, "found": found}
    drawn = _scheme(data, found)
    some = [*found.movers, *found.losers]
    named = names_of({one.customer_id for one in some})
    return {
        "found": found,
        "rows": _rows(data, found),
        "picture": both(partial(flow, drawn, texts.writer("report"))) if drawn.moves else None,
        "matrix": _matrix(drawn) if drawn.moves else None,
        "movers": [_person(data, one, named) for one in found.movers],
        "losers": [_person(data, one, named) for one in found.losers],
        "is_new": all(move.direction == "entered" for move in found.moves),
        "cost_change": _difference(found.cost, found.cost_before),
        **{way: _moved(found, way) for way in ("up", "down", "stayed", "moved")},
    }


def _moved(found: Simulation, way: str) -> Size:
    """The customers who go one way, and their revenue."""
    moves = [move for move in found.moves if move.direction == way]
    return Size(sum(move.customers for move in moves), sum((move.revenue for move in moves), Decimal(0)))


def _matrix(drawn: Scheme) -> Matrix:
    """From which tier to which; nobody comes to a tier that the draft gave up, so it has no column."""
    whole = panels.matrix(drawn)
    names = {tier.name for tier in drawn.tiers if not tier.apart}
    kept = [place for place, name in enumerate(whole.heads) if name in names]
    rows = tuple((name, total, tuple(cells[place] for place in kept)) for name, total, cells in whole.rows)
    return Matrix(tuple(whole.heads[place] for place in kept), rows)


def _difference(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if now is None else now - (before or Decimal(0))


def _rows(data: dict[str, Any], found: Simulation) -> list[TierRow]:
    return [
        TierRow(
            name_of(data, size.tier), shade(place, len(found.tiers)), size.before, size.customers, _float(size.share),
            size.revenue, _float(size.revenue_share), size.cost,
        )
        for place, size in enumerate(found.tiers)
    ]  # fmt: skip


def _float(share: Decimal | None) -> float | None:
    return None if share is None else float(share)


def _scheme(data: dict[str, Any], found: Simulation) -> Scheme:
    """The scheme as its pictures take it: today's tiers on the left, the draft's on the right."""
    tiers = [Tier(size.customers, size.revenue, key=size.tier, name=name_of(data, size.tier)) for size in found.tiers]
    for place, key in enumerate(tiers_of_scheme(found.key)):  # a tier that was given up stands where it stood
        if key not in {size.tier for size in found.tiers}:
            gone = Tier(0, Decimal(0), key=key, name=tier_named(found.key, key), apart=True)
            tiers.insert(min(place, len(tiers)), gone)
    moves = tuple(Move(move.source, move.target, move.customers, move.revenue) for move in found.moves)
    name = tier_name(found.key, "", texts.language())
    new = all(move.source is None for move in moves)
    return Scheme(found.key, name, tuple(tiers), moves=() if new else moves)


def _person(data: dict[str, Any], mover: Mover, named: dict[str, str]) -> Person:
    """Someone who moves; a tier that the draft gave up goes by the name it has now."""
    kept = {tier["key"] for tier in data.get("tiers") or ()}
    source = name_of(data, mover.source) if mover.source in kept else tier_named(str(data["key"]), mover.source)
    return Person(
        mover.customer_id, named.get(mover.customer_id, ""), source, name_of(data, mover.target), mover.direction,
        mover.spend, mover.reason,
    )  # fmt: skip


@needs(EDIT_SCHEMES)
@require_POST
def publish(request: HttpRequest, key: str) -> HttpResponseBase:
    """Publish the draft and start a refresh."""
    try:
        version = publish_draft(
            key=key, note=request.POST.get("note", "")[:1000], seen=seen(request), actor=asking_person(request),
            at=timezone.now(),
        )  # fmt: skip
    except CustrataError as error:
        messages.error(request, texts.sentence(error))
        return redirect(reverse("tiers:simulate", args=[key]) if known_standing(key).draft else
                        reverse("tiers:versions", args=[key]))  # fmt: skip
    messages.success(request, texts.text("tiers.simulate.published", version=version.number))
    return redirect("tiers:versions", key)
