"""The page of the disk: what takes how much, what would be freed, and a button to free it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.rights import MANAGE_WORKSPACE
from custrata.apps.accounts.views.asking import asking_person
from custrata.apps.storage import queries
from custrata.apps.storage.actions import start_compacting
from custrata.errors import Refused
from custrata.web.gate import needs
from custrata.web.texts import sentence, text
from custrata.web.workspace import workspace


@needs(MANAGE_WORKSPACE)
@require_safe
def disk(request: HttpRequest) -> HttpResponse:
    """What the workspace takes, by part, and what compacting and retention would free of it."""
    found = queries.use(timezone.now())
    shown = {
        "use": found,
        "rows": queries.rows(found),
        "freeable": sum(found.freeable.values()),
        "settings": workspace().settings,
        "job": queries.compacting(),
        "last": queries.last_compacting(),
    }
    return render(request, "storage/disk.html", shown)


@needs(MANAGE_WORKSPACE)
@require_POST
def compact(request: HttpRequest) -> HttpResponse:
    """Start compacting."""
    try:
        start_compacting(actor=asking_person(request), at=timezone.now())
    except Refused as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, text("storage.started"))
    return redirect("storage:disk")
