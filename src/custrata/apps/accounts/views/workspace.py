"""The settings of the workspace."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from custrata.apps.accounts.actions import change_workspace
from custrata.apps.accounts.actions.workspace import CHANGEABLE
from custrata.apps.accounts.forms import WorkspaceForm
from custrata.apps.accounts.rights import MANAGE_WORKSPACE
from custrata.apps.accounts.views.current_user import current_user
from custrata.errors import CustrataError
from custrata.lake import Workspace
from custrata.web.gate import needs
from custrata.web.texts import sentence, text
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
    if request.method == "POST" and form.is_valid():
        try:
            who: dict[str, Any] = {"actor": current_user(request), "at": timezone.now()}
            change_workspace(served, opened=opened(request), **who, **form.cleaned_data)
        except CustrataError as error:
            form.add_error(None, sentence(error))
            served = Workspace.open(served.folder)
        else:
            messages.success(request, text("accounts.workspace.kept"))
            return redirect("accounts:workspace")
    values = {name: getattr(served.settings, name) for name in current}
    page = {"form": form, "held": served.settings, "shown": values}
    return render(request, "accounts/workspace.html", page, status=422 if form.errors else 200)
