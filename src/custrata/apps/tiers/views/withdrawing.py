"""Withdrawing a run."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.tiers.actions import start_withdrawal
from custrata.apps.tiers.forms import WithdrawalForm
from custrata.apps.tiers.queries import runs
from custrata.apps.tiers.rights import WITHDRAW_RUNS
from custrata.pipeline.reading import NoSuchRun
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.posting import submit


@needs(WITHDRAW_RUNS)
def withdraw(request: HttpRequest, run_id: str) -> HttpResponse:
    """Ask for a reason, show how many later runs are graded again, and start the job."""
    try:
        run = runs.run(run_id)
    except NoSuchRun as error:
        raise Http404(texts.sentence(error)) from error
    later = sum(other_id > run.id for other_id in runs.run_ids())
    reason = request.POST.get("reason", "")
    if request.method == "POST":
        started = submit(
            request,
            lambda: start_withdrawal(run=run, reason=reason, actor=current_user(request), at=timezone.now()),
            texts.text("tiers.withdraw.started"),
            to=lambda job: reverse("jobs:job", args=[job.pk]),
        )
        if started:
            return started
    context = {
        "run": run,
        "later": later,
        "back": reverse("tiers:run", args=[run.id]),
        "form": WithdrawalForm(initial={"reason": reason}, auto_id="%s"),
        "removed": runs.count_removed_since(run.as_of) if later else 0,
    }
    return render(request, "tiers/withdraw.html", context, status=422 if request.method == "POST" else 200)
