"""The overview, and the scheme a person wants to see on it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.models import User
from custrata.apps.insights import queries
from custrata.apps.playbooks.queries import today
from custrata.apps.tiers.queries import panels, refreshes, runs, schemes
from custrata.lake import Run
from custrata.web.gate import needs
from custrata.web.rights import Right, may

CHOSEN = "scheme"


@needs(Right.SEE_OVERVIEW)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Everything at a glance, with one scheme in pictures: the one asked for, else the person's own choice."""
    run, may_refresh = runs.newest(), may(request.user, Right.REFRESH)
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
        "attention": (*_own_tasks(request), *_attention(request, run)),
        "may_refresh": may_refresh,
        "job": job,
    }
    return render(request, "insights/overview.html", shown)


def _attention(request: HttpRequest, run: Run) -> tuple[queries.Attention, ...]:
    """What needs somebody, as far as it is for this person to see."""
    with_jobs, with_disk = (may(request.user, right) for right in (Right.SEE_JOBS, Right.MANAGE_WORKSPACE))
    return queries.attention(run, with_jobs=with_jobs, with_disk=with_disk)


def _own_tasks(request: HttpRequest) -> tuple[queries.Attention, ...]:
    """What the person has to do by today, for those who do tasks."""
    if not isinstance(request.user, User) or not may(request.user, Right.DO_TASKS):
        return ()
    return queries.tasks_due(request.user, today(timezone.now()))


@needs(Right.SEE_OVERVIEW)
@require_POST
def choose_scheme(request: HttpRequest) -> HttpResponse:
    """Keep the scheme a person wants to see on the overview, for as long as they are signed in."""
    run, key = runs.newest(), request.POST.get(CHOSEN, "")
    if run is not None and key in schemes.graded_keys(run):
        request.session[CHOSEN] = key
    return redirect(reverse("insights:overview"))
