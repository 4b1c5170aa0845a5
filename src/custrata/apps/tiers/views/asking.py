"""What an address asks for."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from custrata.apps.jobs.rights import REFRESH
from custrata.apps.tiers.queries import refreshes, runs, schemes
from custrata.lake import Run
from custrata.pipeline.reading import NoSuchRun
from custrata.report import Scheme
from custrata.web import texts
from custrata.web.rights import may


def known_scheme(key: str, run: Run) -> Scheme:
    """A scheme, or a page that says there is none."""
    try:
        return schemes.scheme(key, run)
    except schemes.NoSuchScheme as error:
        raise Http404(texts.sentence(error)) from error


def asked_run(request: HttpRequest) -> Run | None:
    """The run the address asks for, the newest by default; a page that says there is none where it is unknown."""
    try:
        return runs.chosen(request.GET.get("run", ""))
    except NoSuchRun as error:
        raise Http404(texts.sentence(error)) from error


def choice(run: Run) -> dict[str, Any]:
    """What a page needs to let one choose another run."""
    found = runs.offered(run)
    return {"runs": found, "newest": found[0].id == run.id}


def no_run(request: HttpRequest) -> HttpResponse:
    """The page of a workspace that has no run yet."""
    orders = runs.lake_state().tables.get("orders")
    shown = {
        "orders": orders.rows if orders else 0,
        "may_refresh": may(request.user, REFRESH),
        "job": refreshes.refresh_under_way(),
    }
    return render(request, "tiers/no_run.html", shown)
