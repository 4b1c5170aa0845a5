"""The overview, and the scheme a person wants to see on it."""

from __future__ import annotations

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
from custrata.lake import Run
from custrata.web.attention import Attention, declared_attention
from custrata.web.gate import needs
from custrata.web.rights import may

CHOSEN = "scheme"


@needs(SEE_OVERVIEW)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Everything at a glance, with one scheme in pictures: the one asked for, else the person's own choice."""
    run, may_refresh = runs.newest(), may(request.user, REFRESH)
    job = refreshes.refresh_under_way()
    if run is None:
        orders = runs.lake_state().tables.get("orders")
        empty = {"orders": orders.rows if orders else 0, "may_refresh": may_refresh, "job": job}
        return render(request, "tiers/no_run.html", empty)
    key = queries.chosen_scheme(run, request.GET.get(CHOSEN, ""), request.session.get(CHOSEN, ""))
    found = schemes.scheme(key, run)
    shown = {
        "run": run,
        "before": runs.run_before(run),
        "fresh": queries.freshness(run),
        "numbers": queries.headline_numbers(run),
        "scheme": found,
        "schemes": [schemes.scheme(one, run) for one in schemes.graded_keys(run)],
        "rungs": panels.rungs(found, run),
        "rings": panels.rings_panel(found, run),
        "moves": panels.moves_panel(found, run) if found.moves else None,
        "history": panels.history_panel(found),
        "attention": (*declared_attention(request.user, timezone.now()), *_attention(request, run)),
        "may_refresh": may_refresh,
        "job": job,
    }
    return render(request, "insights/overview.html", shown)


def _attention(request: HttpRequest, run: Run) -> tuple[Attention, ...]:
    """What needs somebody, as far as it is for this person to see."""
    with_jobs, with_disk = (may(request.user, right) for right in (SEE_JOBS, MANAGE_WORKSPACE))
    return queries.attention(run, with_jobs=with_jobs, with_disk=with_disk)


@needs(SEE_OVERVIEW)
@require_POST
def choose_scheme(request: HttpRequest) -> HttpResponse:
    """Keep the scheme a person wants to see on the overview, for as long as they are signed in."""
    run, key = runs.newest(), request.POST.get(CHOSEN, "")
    if run is not None and key in schemes.graded_keys(run):
        request.session[CHOSEN] = key
    return redirect(reverse("insights:overview"))
