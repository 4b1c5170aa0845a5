"""Making history anew: what would be done, and its start."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from custrata.apps.accounts.views.asking import asking_person
from custrata.apps.jobs.rights import REFRESH
from custrata.apps.tiers.actions import start_rebuild
from custrata.apps.tiers.forms import RebuildForm
from custrata.apps.tiers.queries import refreshes, runs
from custrata.errors import CustrataError
from custrata.web import texts
from custrata.web.gate import needs


@needs(REFRESH)
def rebuild(request: HttpRequest) -> HttpResponse:
    """The form, then how many runs that makes anew, then the job."""
    asked = request.POST if request.method == "POST" else request.GET
    form = RebuildForm(asked if "every" in asked else None)
    page: dict[str, Any] = {
        "form": form,
        "job": refreshes.rebuild_under_way(),
        "newest_run": runs.newest(),
        "every": form["every"].value() or "month",
    }
    if form.is_bound and form.is_valid():
        wanted = {"start": form.cleaned_data["start"], "every": form.cleaned_data["every"]}
        try:
            if request.method == "POST":
                start_rebuild(**wanted, actor=asking_person(request), at=timezone.now())
                messages.success(request, texts.text("tiers.rebuild.started"))
                return redirect("tiers:rebuild")
            page["moments"] = refreshes.moments_planned(**wanted, at=timezone.now())
            held = {run.as_of for run in runs.all_runs()}
            page["anew"] = sum(moment.instant in held for moment in page["moments"])
            page["added"] = len(page["moments"]) - page["anew"]
            page["removed"] = runs.removed_since(page["moments"][0].instant)
        except CustrataError as error:
            messages.error(request, texts.sentence(error))
    return render(request, "tiers/rebuild.html", page, status=422 if form.is_bound and not form.is_valid() else 200)
