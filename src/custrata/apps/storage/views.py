"""The disk page: usage by part, what can be freed, and a button that starts compaction."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.rights import MANAGE_WORKSPACE
from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.storage import queries
from custrata.apps.storage.actions import start_compaction
from custrata.web.gate import needs
from custrata.web.lists import Listing, columns
from custrata.web.posting import redirect_after
from custrata.web.texts import text
from custrata.web.workspace import workspace

PARTS = Listing(
    "storage.column.part",
    columns("storage.column", "part", "size", "share", "freeable", size="number", share="number", freeable="number"),
    "storage/row.html",
)


@needs(MANAGE_WORKSPACE)
@require_safe
def disk(request: HttpRequest) -> HttpResponse:
    """Disk usage by part, and what compaction and retention would free."""
    usage = queries.disk_usage(timezone.now())
    context = {
        "use": usage,
        "table": PARTS.table(queries.usage_rows(usage)),
        "freeable": sum(usage.freeable.values()),
        "settings": workspace().settings,
        "job": queries.current_compaction(),
        "last": queries.last_compaction(),
    }
    return render(request, "storage/disk.html", context)


@needs(MANAGE_WORKSPACE)
@require_POST
def compact(request: HttpRequest) -> HttpResponse:
    """Start a compaction job."""
    return redirect_after(
        request,
        lambda: start_compaction(actor=current_user(request), at=timezone.now()),
        text("storage.started"),
        to=reverse("storage:disk"),
    )
