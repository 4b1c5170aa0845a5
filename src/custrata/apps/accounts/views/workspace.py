"""The settings of the workspace."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from custrata.apps.accounts.actions import change_workspace
from custrata.apps.accounts.actions.workspace import CHANGEABLE
from custrata.apps.accounts.forms import WorkspaceForm
from custrata.apps.accounts.rights import MANAGE_WORKSPACE
from custrata.apps.accounts.views.current_user import current_user
from custrata.lake import Workspace
from custrata.web.gate import needs
from custrata.web.posting import submit_form
from custrata.web.texts import text
from custrata.web.versions import opened
from custrata.web.workspace import workspace


@needs(MANAGE_WORKSPACE)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Name, language, memory limit and retention; currency and time zone are read-only.

    All imported amounts and days depend on those two.
    """
    served = workspace()
    current = {key: getattr(served.settings, key) for key in CHANGEABLE}
    form = WorkspaceForm(request.POST or None, initial=current)
    who: dict[str, Any] = {"actor": current_user(request), "at": timezone.now(), "opened": opened(request)}
    saved = submit_form(
        request,
        form,
        lambda: change_workspace(served, **who, **form.cleaned_data),
        text("accounts.workspace.kept"),
        to=reverse("accounts:workspace"),
    )
    if saved:
        return saved
    if form.is_bound:
        served = Workspace.open(served.folder)
    values = {name: getattr(served.settings, name) for name in current}
    page = {"form": form, "held": served.settings, "shown": values}
    return render(request, "accounts/workspace.html", page, status=422 if form.errors else 200)
