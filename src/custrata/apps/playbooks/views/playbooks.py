"""Playbooks: all of them, one of them, and its editing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from custrata.apps.playbooks.actions import edit_playbook, restore_playbook
from custrata.apps.playbooks.forms import ActionForms, PlaybookForm, content, filled_in
from custrata.apps.playbooks.queries import cards, kinds_of, own_playbook, tier_customers
from custrata.apps.playbooks.rights import DO_TASKS, EDIT_PLAYBOOKS, SEE_PLAYBOOKS
from custrata.apps.playbooks.views.asking import asking_person, done, known_playbook
from custrata.tiering import BUILT_IN
from custrata.tiering.playbooks import AREAS, KINDS, Playbook, as_data, care, said
from custrata.web.gate import needs
from custrata.web.rights import may
from custrata.web.texts import language, text
from custrata.web.versions import opened

ICONS = {"touch": "message", "offer": "discount", "benefit": "gift", "service": "headset", "learn": "bulb"}


@needs(SEE_PLAYBOOKS)
@require_safe
def playbook_list(request: HttpRequest) -> HttpResponse:
    """Every playbook as a card, by scheme; one scheme alone where it is asked for."""
    chosen = request.GET.get("scheme", "")
    chosen = chosen if chosen in BUILT_IN else ""
    spoken = language()
    schemes = [
        (key, [(card, said(card.playbook.aim, spoken), said(card.playbook.meaning, spoken)) for card in held])
        for key, held in cards(chosen)
    ]
    caring = [(one, text(f"playbooks.occasions.{one.occasion}"), said(one.text, spoken)) for one in care()]
    known = [key for key, _ in cards()] if chosen else [key for key, _ in schemes]
    page = {"schemes": schemes, "chosen": chosen, "known": known, "care": [] if chosen else caring}
    return render(request, "playbooks/list.html", page)


@needs(SEE_PLAYBOOKS)
@require_safe
def one_playbook(request: HttpRequest, key: str, tier: str) -> HttpResponse:
    """The playbook of a tier, by the five kinds of action."""
    found = known_playbook(key, tier)
    page = {
        **_told(found),
        "kinds": [(kind, ICONS[kind], _kind(kind), _lines(actions)) for kind, actions in kinds_of(found)],
        "own": own_playbook(key, tier),
        "customers": tier_customers(key, tier),
        "tiers": list(BUILT_IN[key].tiers),
        "may_edit": may(request.user, EDIT_PLAYBOOKS),
        "may_do": may(request.user, DO_TASKS),
    }
    return render(request, "playbooks/one.html", page)


@needs(EDIT_PLAYBOOKS)
def edit(request: HttpRequest, key: str, tier: str) -> HttpResponse:
    """The form of a playbook, and what was filled in."""
    found, spoken = known_playbook(key, tier), language()
    whole, rows = filled_in(found, spoken)
    sent = request.POST if request.method == "POST" else None
    form, actions = PlaybookForm(sent, initial=whole), ActionForms(sent, initial=rows, prefix="actions")
    if sent is not None and form.is_valid() and actions.is_valid():
        told = [row.cleaned_data for row in actions if row.cleaned_data]
        who: dict[str, Any] = {"actor": asking_person(request), "at": timezone.now()}

        def act() -> object:
            data = content(found, spoken, form.cleaned_data, told)
            return edit_playbook(scheme=key, tier=tier, content=data, opened=opened(request), **who)

        if done(request, act, text("playbooks.said.edited")):
            return HttpResponseRedirect(reverse("playbooks:one", args=[key, tier]))
        found = known_playbook(key, tier)
    choices = {
        "kinds": [(kind, _kind(kind)) for kind in KINDS],
        "areas": [(area, text(f"playbooks.areas.{area}")) for area in AREAS],
    }
    page = {**_told(found), "form": form, "actions": actions, "own": own_playbook(key, tier), **choices}
    page["held"] = as_data(found)
    return render(request, "playbooks/edit.html", page, status=200 if sent is None else 422)


@needs(EDIT_PLAYBOOKS)
def restore(request: HttpRequest, key: str, tier: str) -> HttpResponse:
    """Ask whether the shipped playbook is to hold again, and let it."""
    found, held = known_playbook(key, tier), own_playbook(key, tier)
    back = HttpResponseRedirect(reverse("playbooks:one", args=[key, tier]))
    if request.method == "POST":
        who: dict[str, Any] = {"actor": asking_person(request), "at": timezone.now()}
        done(request, lambda: restore_playbook(scheme=key, tier=tier, **who), text("playbooks.said.restored"))
        return back
    return render(request, "playbooks/restore.html", {**_told(found), "own": held}) if held else back


def _told(found: Playbook) -> dict[str, Any]:
    spoken = language()
    return {
        "scheme": found.scheme,
        "tier": found.tier,
        "meaning": said(found.meaning, spoken),
        "aim": said(found.aim, spoken),
    }


def _kind(kind: str) -> str:
    return text(f"playbooks.kinds.{kind}")


def _lines(actions: Any) -> list[dict[str, Any]]:
    """Actions as a page shows them."""
    return [
        {
            "key": action.key,
            "text": action.said(language()),
            "area": text(f"playbooks.areas.{action.area}"),
            "due_days": action.due_days,
            "every_days": action.every_days,
        }
        for action in actions
    ]
