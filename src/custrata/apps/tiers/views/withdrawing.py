"""Withdrawing a run: what that does, its reason, and the job."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from custrata.apps.accounts.views.asking import asking_person
from custrata.apps.tiers.actions import start_withdrawal
from custrata.apps.tiers.queries import runs
from custrata.apps.tiers.rights import WITHDRAW_RUNS
from custrata.errors import CustrataError
from custrata.pipeline.reading import NoSuchRun
from custrata.web import texts
from custrata.web.gate import needs


@needs(WITHDRAW_RUNS)
def withdraw(request: HttpRequest, run_id: str) -> HttpResponse:
    """The question, with how many later runs are graded anew; then the job."""
    try:
        run = runs.run(run_id)
    except NoSuchRun as error:
        raise Http404(texts.sentence(error)) from error
    later = sum(one > run.id for one in runs.run_ids())
    reason = request.POST.get("reason", "")
    if request.method == "POST":
        try:
            job = start_withdrawal(run=run, reason=reason, actor=asking_person(request), at=timezone.now())
            messages.success(request, texts.text("tiers.withdraw.started"))
            return redirect("jobs:job", job.pk)
        except CustrataError as error:
            messages.error(request, texts.sentence(error))
    shown = {"run": run, "later": later, "reason": reason, "removed": runs.removed_since(run.as_of) if later else 0}
    return render(request, "tiers/withdraw.html", shown, status=422 if request.method == "POST" else 200)
