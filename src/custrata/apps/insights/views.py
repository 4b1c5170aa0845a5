"""The overview page and the choice of the scheme shown on it."""

from __future__ import annotations

from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.rights import MANAGE_WORKSPACE
from custrata.apps.insights import queries
from custrata.apps.insights.rights import SEE_OVERVIEW
from custrata.apps.jobs.rights import REFRESH, SEE_JOBS
from custrata.apps.tiers.queries import panels, refreshes, runs, schemes
from custrata.pipeline.reading import GradedRun
from custrata.web.attention import Attention, declared_attention
from custrata.web.forms import select
from custrata.web.gate import needs
from custrata.web.rights import may
from custrata.web.texts import text

CHOSEN = "scheme"


@needs(SEE_OVERVIEW)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The overview with the charts of one scheme: the one in the query, else the one stored in the session."""
    run, may_refresh = runs.newest(), may(request.user, REFRESH)
    job = refreshes.refresh_under_way()
    if run is None:
        orders = runs.lake_state().tables.get("orders")
        empty = {"orders": orders.rows if orders else 0, "may_refresh": may_refresh, "job": job}
        return render(request, "tiers/no_run.html", empty)
    key = queries.chosen_scheme(run, request.GET.get(CHOSEN, ""), request.session.get(CHOSEN, ""))
    scheme = schemes.scheme(key, run)
    context = {
        "run": run,
        "before": runs.run_before(run),
        "fresh": queries.freshness(run),
        "numbers": queries.headline_numbers(run),
        "scheme": scheme,
        "choose_scheme": [_scheme_field(run, key)],
        "rungs": panels.rungs(scheme, run),
        "rings": panels.rings_panel(scheme, run),
        "moves": panels.moves_panel(scheme, run) if scheme.moves else None,
        "history": panels.history_panel(scheme),
        "attention": (*declared_attention(request.user, timezone.now()), *_attention(request, run)),
        "may_refresh": may_refresh,
        "job": job,
    }
    return render(request, "insights/overview.html", context)


def _scheme_field(run: GradedRun, chosen: str) -> BoundField:
    graded = [schemes.scheme(key, run) for key in schemes.graded_keys(run)]
    choices = [(scheme.key, scheme.name) for scheme in graded]
    return select(CHOSEN, choices, chosen, label=text("insights.scheme"), submits=True)


def _attention(request: HttpRequest, run: GradedRun) -> tuple[Attention, ...]:
    """The attention items this person may see."""
    with_jobs, with_disk = (may(request.user, right) for right in (SEE_JOBS, MANAGE_WORKSPACE))
    return queries.attention(run, with_jobs=with_jobs, with_disk=with_disk)


@needs(SEE_OVERVIEW)
@require_POST
def choose_scheme(request: HttpRequest) -> HttpResponse:
    """Store the scheme shown on the overview in the session."""
    run, key = runs.newest(), request.POST.get(CHOSEN, "")
    if run is not None and key in schemes.graded_keys(run):
        request.session[CHOSEN] = key
    return redirect(reverse("insights:overview"))
