"""Pages of playbooks: the list, one playbook, and its editor."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.playbooks.actions import edit_playbook, restore_playbook
from custrata.apps.playbooks.forms import ActionForms, PlaybookForm, content, form_initial
from custrata.apps.playbooks.queries import cards, kinds_of, tier_customers
from custrata.apps.playbooks.rights import DO_TASKS, EDIT_PLAYBOOKS, SEE_PLAYBOOKS
from custrata.apps.playbooks.views.lookups import playbook_and_own_or_404
from custrata.tiering import BUILT_IN
from custrata.tiering.playbooks import Playbook, as_data, care, localized
from custrata.web.gate import needs
from custrata.web.posting import confirm, submit
from custrata.web.rights import may
from custrata.web.texts import language, text
from custrata.web.versions import opened

ICONS = {"touch": "message", "offer": "discount", "benefit": "gift", "service": "headset", "learn": "bulb"}


@needs(SEE_PLAYBOOKS)
@require_safe
def playbook_list(request: HttpRequest) -> HttpResponse:
    """Playbooks as cards, grouped by scheme; optionally of one scheme."""
    chosen = request.GET.get("scheme", "")
    chosen = chosen if chosen in BUILT_IN else ""
    spoken = language()
    schemes = [
        (
            key,
            [
                (card, localized(card.playbook.aim, spoken), localized(card.playbook.meaning, spoken))
                for card in scheme_cards
            ],
        )
        for key, scheme_cards in cards(chosen)
    ]
    caring = [
        (message, text(f"playbooks.occasions.{message.occasion}"), localized(message.text, spoken))
        for message in care()
    ]
    scheme_keys = [key for key, _ in cards()] if chosen else [key for key, _ in schemes]
    page = {"schemes": schemes, "chosen": chosen, "known": scheme_keys, "care": [] if chosen else caring}
    return render(request, "playbooks/list.html", page)


@needs(SEE_PLAYBOOKS)
@require_safe
def playbook_detail(request: HttpRequest, key: str, tier: str) -> HttpResponse:
    """The playbook of a tier, by the five kinds of action."""
    playbook, own = playbook_and_own_or_404(key, tier)
    page = {
        **_playbook_context(playbook),
        "kinds": [(kind, ICONS[kind], _kind(kind), _lines(actions)) for kind, actions in kinds_of(playbook)],
        "own": own,
        "customers": tier_customers(key, tier),
        "tiers": list(BUILT_IN[key].tiers),
        "may_edit": may(request.user, EDIT_PLAYBOOKS),
        "may_do": may(request.user, DO_TASKS),
    }
    return render(request, "playbooks/one.html", page)


@needs(EDIT_PLAYBOOKS)
def edit(request: HttpRequest, key: str, tier: str) -> HttpResponse:
    """The editor of a playbook."""
    (playbook, own), spoken = playbook_and_own_or_404(key, tier), language()
    whole, rows = form_initial(playbook, spoken)
    sent = request.POST if request.method == "POST" else None
    form, actions = PlaybookForm(sent, initial=whole), ActionForms(sent, initial=rows, prefix="actions")
    if sent is not None and form.is_valid() and actions.is_valid():
        action_rows = [row.cleaned_data for row in actions if row.cleaned_data]
        who: dict[str, Any] = {"actor": current_user(request), "at": timezone.now()}

        def act() -> object:
            data = content(playbook, spoken, form.cleaned_data, action_rows)
            return edit_playbook(scheme=key, tier=tier, content=data, opened=opened(request), **who)

        if edited := submit(request, act, text("playbooks.said.edited"), to=reverse("playbooks:one", args=[key, tier])):
            return edited
        playbook, own = playbook_and_own_or_404(key, tier)
    page = {**_playbook_context(playbook), "form": form, "actions": actions, "own": own}
    page["held"] = as_data(playbook)
    return render(request, "playbooks/edit.html", page, status=200 if sent is None else 422)


@needs(EDIT_PLAYBOOKS)
def restore(request: HttpRequest, key: str, tier: str) -> HttpResponse:
    """Confirm and restore the shipped playbook."""
    playbook, own = playbook_and_own_or_404(key, tier)
    back = reverse("playbooks:one", args=[key, tier])
    if own is None and request.method != "POST":
        return HttpResponseRedirect(back)
    return confirm(
        request,
        "playbooks/restore.html",
        {**_playbook_context(playbook), "own": own},
        lambda: restore_playbook(scheme=key, tier=tier, actor=current_user(request), at=timezone.now()),
        text("playbooks.said.restored"),
        back=back,
    )


def _playbook_context(playbook: Playbook) -> dict[str, Any]:
    spoken = language()
    return {
        "scheme": playbook.scheme,
        "tier": playbook.tier,
        "meaning": localized(playbook.meaning, spoken),
        "aim": localized(playbook.aim, spoken),
    }


def _kind(kind: str) -> str:
    return text(f"playbooks.kinds.{kind}")


def _lines(actions: Any) -> list[dict[str, Any]]:
    """Actions for the template."""
    return [
        {
            "key": action.key,
            "text": action.text_in(language()),
            "area": text(f"playbooks.areas.{action.area}"),
            "due_days": action.due_days,
            "every_days": action.every_days,
        }
        for action in actions
    ]
