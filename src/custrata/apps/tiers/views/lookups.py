"""Lookups of the objects named in a URL, and shared page parts."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from custrata.apps.jobs.rights import REFRESH
from custrata.apps.tiers.queries import refreshes, runs, schemes
from custrata.pipeline.reading import GradedRun, NoSuchRun
from custrata.pipeline.reading.figures import SchemeSummary
from custrata.web import texts
from custrata.web.forms import select
from custrata.web.rights import may


def scheme_or_404(key: str, run: GradedRun) -> SchemeSummary:
    """A scheme, or a 404 response."""
    try:
        return schemes.scheme(key, run)
    except schemes.NoSuchScheme as error:
        raise Http404(texts.sentence(error)) from error


def run_or_404(request: HttpRequest) -> GradedRun | None:
    """The run in the query string, the newest by default; a 404 response if it is unknown."""
    try:
        return runs.run_or_newest(request.GET.get("run", ""))
    except NoSuchRun as error:
        raise Http404(texts.sentence(error)) from error


def run_choices(run: GradedRun) -> dict[str, Any]:
    """Template context of the run select."""
    newest, *older = runs.selectable(run)
    days = texts.writer().day
    choices = [("", f"{days(newest.as_of)} · {texts.text('tiers.newest')}")]
    choices += [(other.id, days(other.as_of)) for other in older]
    chosen = "" if run.id == newest.id else run.id
    field = select("run", choices, chosen, label=texts.text("tiers.run"), submits=True)
    return {"choose_run": [field] if older else [], "newest": run.id == newest.id}


def no_run(request: HttpRequest) -> HttpResponse:
    """The page of a workspace that has no run yet."""
    orders = runs.lake_state().tables.get("orders")
    context = {
        "orders": orders.rows if orders else 0,
        "may_refresh": may(request.user, REFRESH),
        "job": refreshes.refresh_under_way(),
    }
    return render(request, "tiers/no_run.html", context)
