"""Rebuilding history: preview and start."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.jobs.rights import REFRESH
from custrata.apps.tiers.actions import start_rebuild
from custrata.apps.tiers.forms import RebuildForm
from custrata.apps.tiers.queries import refreshes, runs
from custrata.errors import CustrataError
from custrata.web import texts
from custrata.web.gate import needs


@needs(REFRESH)
def rebuild(request: HttpRequest) -> HttpResponse:
    """Show the form, preview the number of runs, and start the job."""
    data = request.POST if request.method == "POST" else request.GET
    form = RebuildForm(data if "every" in data else None)
    page: dict[str, Any] = {
        "form": form,
        "job": refreshes.rebuild_under_way(),
        "newest_run": runs.newest(),
        "every": form["every"].value() or "month",
    }
    if form.is_bound and form.is_valid():
        options = {"start": form.cleaned_data["start"], "every": form.cleaned_data["every"]}
        try:
            if request.method == "POST":
                start_rebuild(**options, actor=current_user(request), at=timezone.now())
                messages.success(request, texts.text("tiers.rebuild.started"))
                return redirect("tiers:rebuild")
            page["moments"] = refreshes.moments_planned(**options, at=timezone.now())
            existing = {run.as_of for run in runs.all_runs()}
            page["anew"] = sum(moment.instant in existing for moment in page["moments"])
            page["added"] = len(page["moments"]) - page["anew"]
            page["removed"] = runs.count_removed_since(page["moments"][0].instant)
        except CustrataError as error:
            messages.error(request, texts.sentence(error))
    return render(request, "tiers/rebuild.html", page, status=422 if form.is_bound and not form.is_valid() else 200)
