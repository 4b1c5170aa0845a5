"""The wizard for a new scheme. Each step saves the draft."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.schemes.actions import create_scheme, free_key
from custrata.apps.schemes.queries.drafts import definition_name, unpublished
from custrata.apps.schemes.queries.goals import BY_KEY, GOALS, definition_for
from custrata.apps.schemes.rights import EDIT_SCHEMES
from custrata.apps.schemes.views.drafts import page, state_or_404
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.posting import redirect_after

STEPS = ("measure", "tiers")


@needs(EDIT_SCHEMES)
@require_safe
def new(request: HttpRequest) -> HttpResponse:
    """The first step: choosing a goal."""
    cards = [
        (goal, texts.text(f"schemes.goals.{goal.key}.question"), texts.text(f"schemes.goals.{goal.key}.text"))
        for goal in GOALS
    ]
    unfinished = [(draft, definition_name(draft.definition)) for draft in unpublished()]
    return render(request, "schemes/new.html", {"cards": cards, "begun": unfinished})


@needs(EDIT_SCHEMES)
@require_POST
def create(request: HttpRequest) -> HttpResponseBase:
    """Create a draft for the chosen goal."""
    goal = BY_KEY.get(request.POST.get("goal", ""))
    if goal is None:
        raise Http404
    who: dict[str, Any] = {"actor": current_user(request), "at": timezone.now()}
    return redirect_after(
        request,
        lambda: create_scheme(key=free_key(f"my_{goal.key}"), definition=definition_for(goal), **who),
        "",
        to=lambda draft: reverse("schemes:step", args=[draft.scheme, "measure"]),
        back=reverse("schemes:new"),
    )


@needs(EDIT_SCHEMES)
@require_safe
def step(request: HttpRequest, key: str, step: str) -> HttpResponse:
    """A later step: the measure, or the tiers."""
    state = state_or_404(key)
    if step not in STEPS or state.draft is None:
        raise Http404
    return page(request, state, step)
