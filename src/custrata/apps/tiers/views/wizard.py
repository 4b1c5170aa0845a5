"""The wizard: from what one wants to know to a scheme, step by step; what is filled in lives in the draft."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.asking import asking_person
from custrata.apps.tiers.actions import begin_scheme, free_key
from custrata.apps.tiers.queries.drafts import definition_name, unpublished
from custrata.apps.tiers.queries.goals import BY_KEY, GOALS, definition_for
from custrata.apps.tiers.rights import EDIT_SCHEMES
from custrata.apps.tiers.views.drafts import known_standing, page
from custrata.errors import CustrataError
from custrata.web import texts
from custrata.web.gate import needs

STEPS = ("measure", "tiers")


@needs(EDIT_SCHEMES)
@require_safe
def new(request: HttpRequest) -> HttpResponse:
    """What do you want to know?"""
    cards = [
        (goal, texts.text(f"tiers.goals.{goal.key}.question"), texts.text(f"tiers.goals.{goal.key}.text"))
        for goal in GOALS
    ]
    begun = [(held, definition_name(held.definition)) for held in unpublished()]
    return render(request, "tiers/new.html", {"cards": cards, "begun": begun})


@needs(EDIT_SCHEMES)
@require_POST
def begin(request: HttpRequest) -> HttpResponseBase:
    """Begin a draft for the goal that was chosen."""
    goal = BY_KEY.get(request.POST.get("goal", ""))
    if goal is None:
        raise Http404
    who: dict[str, Any] = {"actor": asking_person(request), "at": timezone.now()}
    try:
        draft = begin_scheme(key=free_key(f"my_{goal.key}"), definition=definition_for(goal), **who)
    except CustrataError as error:
        messages.error(request, texts.sentence(error))
        return redirect("tiers:new")
    return redirect("tiers:step", draft.scheme, "measure")


@needs(EDIT_SCHEMES)
@require_safe
def step(request: HttpRequest, key: str, step: str) -> HttpResponse:
    """One step: what is measured, or the tiers."""
    found = known_standing(key)
    if step not in STEPS or found.draft is None:
        raise Http404
    return page(request, found, step)
