"""Simulating the publication of a draft, and publishing it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.schemes.actions import publish_draft
from custrata.apps.schemes.forms.publishing import PublishForm
from custrata.apps.schemes.queries.simulations import customer_names, simulate_draft
from custrata.apps.schemes.rights import EDIT_SCHEMES, SEE_DRAFTS
from custrata.apps.schemes.views.drafts import posted_revision, state_or_404
from custrata.apps.schemes.views.effect import name_of, tier_colour
from custrata.apps.tiers.queries import panels
from custrata.apps.tiers.queries.panels import Matrix
from custrata.apps.tiers.queries.runs import newest
from custrata.errors import CustrataError
from custrata.pipeline.reading.figures import SchemeSummary, Size, Tier, TierMove
from custrata.pipeline.simulation import SimulatedMover, Simulation
from custrata.report.panels import in_both_widths
from custrata.report.pictures import flow
from custrata.tiering import Definition, define
from custrata.tiering.names import tier_name
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.lists import Empty, Listing, columns
from custrata.web.posting import submit
from custrata.web.rights import may
from custrata.web.schemes import tier_named, tiers_of_scheme

MOVERS = Listing(
    "schemes.simulate.movers",
    (
        *columns("tiers.export", "customer"),
        *columns("schemes.simulate", "move"),
        *columns("report.column", "revenue", revenue="number"),
        *columns("schemes.simulate", "why"),
    ),
    "schemes/parts/mover_row.html",
)
NO_MOVERS = Empty("arrows-diff", "schemes.simulate.nobody")
NO_LOSERS = Empty("circle-check", "schemes.simulate.no_losers")


@dataclass(frozen=True)
class SimulatedTierRow:
    """A tier before and after: customers, share, revenue and yearly cost."""

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
        """The difference in customers; None for a new scheme."""
        return None if self.before is None else self.customers - self.before


@dataclass(frozen=True)
class MovingCustomer:
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
    """The simulation page; it loads the result with `?now=1`."""
    state = state_or_404(key)
    context: dict[str, Any] = {
        "state": state,
        "wizard": "wizard" in request.GET,
        "may_edit": may(request.user, EDIT_SCHEMES),
        "has_run": newest() is not None,
        "publish_form": PublishForm(),
    }
    if "now" in request.GET and state.draft is not None:
        context |= _result(define_or_error(state.data))
    return render(request, "schemes/simulate.html", context)


def define_or_error(data: Any) -> Definition | CustrataError:
    """The definition, or the error that makes it invalid."""
    try:
        return define(data)
    except CustrataError as error:
        return error


def _result(definition: Definition | CustrataError) -> dict[str, Any]:
    if isinstance(definition, CustrataError):
        return {"reason": texts.sentence(definition)}
    try:
        simulation = simulate_draft(definition)
    except CustrataError as error:
        return {"reason": texts.sentence(error)}
    data = definition.data()
    if simulation.waits:
        return {"waits": True, "found": simulation}
    drawn = _scheme(data, simulation)
    affected = [*simulation.movers, *simulation.losers]
    named = customer_names({mover.customer_id for mover in affected})
    return {
        "found": simulation,
        "rows": _rows(data, simulation),
        "picture": in_both_widths(partial(flow, drawn, texts.writer("report"))) if drawn.moves else None,
        "matrix": _matrix(drawn) if drawn.moves else None,
        "movers": MOVERS.table([_person(data, mover, named) for mover in simulation.movers], empty=NO_MOVERS),
        "losers": MOVERS.table([_person(data, mover, named) for mover in simulation.losers], empty=NO_LOSERS),
        "is_new": all(move.direction == "entered" for move in simulation.moves),
        "cost_change": _difference(simulation.cost, simulation.cost_before),
        **{way: _moved_size(simulation, way) for way in ("up", "down", "stayed", "moved")},
    }


def _moved_size(simulation: Simulation, way: str) -> Size:
    """The customers moving in one direction, and their revenue."""
    moves = [move for move in simulation.moves if move.direction == way]
    return Size(sum(move.customers for move in moves), sum((move.revenue for move in moves), Decimal(0)))


def _matrix(drawn: SchemeSummary) -> Matrix:
    """The matrix of moves, without columns for tiers that the draft removes."""
    whole = panels.matrix(drawn)
    names = {tier.name for tier in drawn.tiers if not tier.apart}
    columns = [place for place, name in enumerate(whole.heads) if name in names]
    rows = tuple((name, total, tuple(cells[place] for place in columns)) for name, total, cells in whole.rows)
    return Matrix(tuple(whole.heads[place] for place in columns), rows)


def _difference(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if now is None else now - (before or Decimal(0))


def _rows(data: dict[str, Any], simulation: Simulation) -> list[SimulatedTierRow]:
    return [
        SimulatedTierRow(
            name_of(data, size.tier), tier_colour(place, len(simulation.tiers)), size.before, size.customers,
            _float(size.share), size.revenue, _float(size.revenue_share), size.cost,
        )
        for place, size in enumerate(simulation.tiers)
    ]  # fmt: skip


def _float(share: Decimal | None) -> float | None:
    return None if share is None else float(share)


def _scheme(data: dict[str, Any], simulation: Simulation) -> SchemeSummary:
    """The scheme as the charts need it: current tiers as sources, the draft's tiers as targets."""
    tiers = [
        Tier(size.customers, size.revenue, key=size.tier, name=name_of(data, size.tier)) for size in simulation.tiers
    ]
    for place, key in enumerate(tiers_of_scheme(simulation.key)):  # a removed tier keeps its position
        if key not in {size.tier for size in simulation.tiers}:
            removed = Tier(0, Decimal(0), key=key, name=tier_named(simulation.key, key), apart=True)
            tiers.insert(min(place, len(tiers)), removed)
    moves = tuple(TierMove(move.source, move.target, move.customers, move.revenue) for move in simulation.moves)
    name = tier_name(simulation.key, "", texts.language())
    new = all(move.source is None for move in moves)
    return SchemeSummary(simulation.key, name, tuple(tiers), moves=() if new else moves)


def _person(data: dict[str, Any], mover: SimulatedMover, named: dict[str, str]) -> MovingCustomer:
    """A customer who would move; a tier the draft removes has its current name."""
    kept_keys = {tier["key"] for tier in data.get("tiers") or ()}
    source = name_of(data, mover.source) if mover.source in kept_keys else tier_named(str(data["key"]), mover.source)
    return MovingCustomer(
        mover.customer_id, named.get(mover.customer_id, ""), source, name_of(data, mover.target), mover.direction,
        mover.spend, mover.reason,
    )  # fmt: skip


@needs(EDIT_SCHEMES)
@require_POST
def publish(request: HttpRequest, key: str) -> HttpResponseBase:
    """Publish the draft and start a refresh."""
    who: dict[str, Any] = {"actor": current_user(request), "at": timezone.now()}
    note, revision = request.POST.get("note", "")[:1000], posted_revision(request)
    published = submit(
        request,
        lambda: publish_draft(key=key, note=note, revision=revision, **who),
        lambda version: texts.text("schemes.simulate.published", version=version.number),
        to=reverse("schemes:versions", args=[key]),
    )
    return published or redirect("schemes:simulate" if state_or_404(key).draft else "schemes:versions", key)
