"""Rebuilding history: preview and start."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.jobs.rights import REFRESH
from custrata.apps.tiers.actions import start_rebuild
from custrata.apps.tiers.forms import RebuildForm
from custrata.apps.tiers.queries import refreshes, runs
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.posting import run_action, submit


@needs(REFRESH)
def rebuild(request: HttpRequest) -> HttpResponse:
    """Show the form, preview the number of runs, and start the job."""
    data = request.POST if request.method == "POST" else request.GET
    form = RebuildForm(data if "every" in data else None, auto_id="%s")
    page: dict[str, Any] = {
        "form": form,
        "job": refreshes.rebuild_under_way(),
        "newest_run": runs.newest(),
    }
    if form.is_bound and form.is_valid():
        options = {"start": form.cleaned_data["start"], "every": form.cleaned_data["every"]}
        if request.method == "POST":
            actor, message = current_user(request), texts.text("tiers.rebuild.started")
            started = submit(
                request,
                lambda: start_rebuild(**options, actor=actor, at=timezone.now()),
                message,
                to=reverse("tiers:rebuild"),
            )
            if started:
                return started
        else:
            run_action(request, lambda: page.update(_preview(options)), "")
    return render(request, "tiers/rebuild.html", page, status=422 if form.is_bound and not form.is_valid() else 200)


def _preview(options: dict[str, Any]) -> dict[str, Any]:
    """The moments of a rebuild, and the runs that it makes anew, adds and removes."""
    moments = refreshes.moments_planned(**options, at=timezone.now())
    existing = {run.as_of for run in runs.all_runs()}
    anew = sum(moment.instant in existing for moment in moments)
    removed = runs.count_removed_since(moments[0].instant)
    return {"moments": moments, "anew": anew, "added": len(moments) - anew, "removed": removed}
