"""A scheme's draft: the editor, what is saved from it, and what it would do, shown while one edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from babel.numbers import get_currency_symbol
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.asking import asking_person
from custrata.apps.tiers.actions import DraftChangedMeanwhile, copy_scheme, discard_draft, free_key, save_draft
from custrata.apps.tiers.forms.definitions import NotJson, definition_posted, pressed
from custrata.apps.tiers.queries import offered
from custrata.apps.tiers.queries.drafts import Standing, standing
from custrata.apps.tiers.queries.offered import Offer
from custrata.apps.tiers.queries.problems import problems
from custrata.apps.tiers.queries.runs import newest
from custrata.apps.tiers.rights import EDIT_SCHEMES, SEE_DRAFTS
from custrata.apps.tiers.views.effect import effect, spread, unit_of
from custrata.apps.tiers.views.layout import layout
from custrata.errors import CustrataError
from custrata.tiering.shapes import SHAPES
from custrata.web import texts
from custrata.web.days import instant_of
from custrata.web.gate import needs
from custrata.web.rights import may
from custrata.web.versions import ChangedMeanwhile, ensure_unchanged, parts_of
from custrata.wording.writer import LOCALES

PAGES = {"edit": "tiers/edit.html", "measure": "tiers/step_measure.html", "tiers": "tiers/step_tiers.html"}
USUAL_TRAITS = ("spend", "orders", "recency_days", "tenure_days", "regularity")


def known_standing(key: str) -> Standing:
    """Where a scheme stands, or a page that says there is none."""
    found = standing(key)
    if found is None:
        raise Http404
    return found


@needs(SEE_DRAFTS)
@require_safe
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """The editor, with the draft or what is published; who may not edit looks."""
    return page(request, known_standing(key), "edit")


def page(
    request: HttpRequest, found: Standing, name: str, data: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A page that shows a draft as a form: the editor, or a step of the wizard."""
    held, offers = found.data if data is None else data, offered.offers()
    wrong = problems(held, offers if newest() else None)
    shown: dict[str, Any] = {
        "standing": found,
        "form": layout(held, wrong, offers),
        "page": name,
        "seen": found.seen,  # what is saved once more has been looked at beside it
        "may_edit": may(request.user, EDIT_SCHEMES),
        "has_run": newest() is not None,
        **choices(held, offers),
    }
    if "effect" in request.GET:
        shown |= {"effect": effect(held, wrong), "spread": spread(held, wrong)}
    return render(request, PAGES[name], shown, status=status)


def choices(data: Mapping[str, Any], offers: Mapping[str, Offer]) -> dict[str, Any]:
    """What the selects of the form offer, and what its numbers are measured in."""
    names = {
        "rfm_methods": ("quantile", "nested", "fixed", "log"),
        "references": ("mean", "median"),
        "reviews": ("each_run", "tier_anniversary", "member_anniversary", "calendar"),
        "normalisers": ("lines", "rank", "min_max", "z"),
    }
    kind = data.get("kind")
    return {
        **{name: [(one, texts.text(f"tiers.choice.{one}")) for one in held] for name, held in names.items()},
        "offered_keys": set(offers),
        "kind_name": texts.text(f"tiers.kind.{kind}") if kind in SHAPES else "",
        "unit": unit_sign(data),
        "lifecycle_fields": [
            (field.name, texts.text(f"tiers.lifecycle.{field.name}"), data.get(field.name, field.default))
            for field in SHAPES["lifecycle"].own
        ],
    }


def unit_sign(data: Mapping[str, Any]) -> str:
    """The sign behind a line: the currency's, days, points; nothing for plain counts."""
    match unit_of(data):
        case "money":
            return get_currency_symbol(texts.writer().currency, LOCALES[texts.language()])
        case "days":
            return texts.text("tiers.editor.days")
    return ""


@needs(EDIT_SCHEMES)
@require_POST
def save(request: HttpRequest, key: str) -> HttpResponseBase:
    """Keep what was filled in, after the button that was pressed, and go where it leads."""
    found = known_standing(key)
    name = request.POST.get("page", "edit")
    button = request.POST.get("do", "save")
    try:
        data = pressed(definition_posted(found.data, request.POST), button, _usual(offered.offers()))
    except NotJson:
        messages.error(request, texts.text("tiers.editor.not_json"))
        return redirect("tiers:edit", key)
    try:
        save_draft(
            key=key, definition=data, note=found.draft.note if found.draft else "", seen=seen(request),
            actor=asking_person(request), at=timezone.now(),
        )  # fmt: skip
    except CustrataError as error:
        messages.error(request, texts.sentence(error))
        if isinstance(error, DraftChangedMeanwhile):
            found = known_standing(key)
            _tell_difference(request, found.data, data)
        return page(request, found, name if name in PAGES else "edit", data, 200 if _htmx(request) else 409)
    if button == "save":
        messages.success(request, texts.text("tiers.editor.saved"))
    return redirect(_next(button, name, key))


def _tell_difference(request: HttpRequest, saved: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
    """Say in what the draft that was saved meanwhile differs from what was typed, which stays in the form."""
    try:
        ensure_unchanged(parts_of(typed), saved)
    except ChangedMeanwhile as error:
        messages.warning(request, texts.text("tiers.editor.differs", changes=str(error.facts["changes"])))


def _usual(offers: Mapping[str, Offer]) -> tuple[str, ...]:
    """Traits a new row may begin with, the usual one first."""
    return tuple(one for one in USUAL_TRAITS if one in offers) or tuple(offers) or ("spend",)


def _htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", None))


def seen(request: HttpRequest) -> datetime | None:
    """When the draft was saved that the person looked at; nothing where there was none."""
    return instant_of(request.POST.get("seen", ""))


def _next(button: str, name: str, key: str) -> str:
    """Where a button leads: `go:simulate`, `go:tiers`; all others stay."""
    goal = button.removeprefix("go:") if button.startswith("go:") else name
    match goal:
        case "new":
            return reverse("tiers:new")
        case "measure" | "tiers":
            return reverse("tiers:step", args=[key, goal])
        case "simulate":
            return reverse("tiers:simulate", args=[key]) + ("?wizard=1" if name != "edit" else "")
    return reverse("tiers:edit", args=[key])


@needs(SEE_DRAFTS)
@require_POST
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """What the form as it stands would do: the sizes of its tiers, or how the value lies. Nothing is kept."""
    found = known_standing(key)
    try:
        data = definition_posted(found.data, request.POST)
    except NotJson:
        data = dict(found.data)
    wrong = problems(data, offered.offers() if newest() else None)
    if request.POST.get("part") == "spread":
        return render(request, "tiers/editor/spread.html", {"standing": found, "spread": spread(data, wrong)})
    return render(request, "tiers/editor/sizes.html", {"standing": found, "effect": effect(data, wrong)})


def done(request: HttpRequest, act: Callable[[], object], said: str, to: str, back: str) -> HttpResponseBase:
    """Do it, say so and go on; where it is refused, say why and go back."""
    try:
        act()
    except CustrataError as error:
        messages.error(request, texts.sentence(error))
        return redirect(back)
    messages.success(request, said)
    return redirect(to)


@needs(EDIT_SCHEMES)
@require_POST
def discard(request: HttpRequest, key: str) -> HttpResponseBase:
    """Drop the draft."""
    found = known_standing(key)
    who: dict[str, Any] = {"actor": asking_person(request), "at": timezone.now()}
    to = reverse("tiers:versions", args=[key]) if found.latest else reverse("tiers:list")
    said = texts.text("tiers.editor.discarded")
    return done(request, lambda: discard_draft(key=key, seen=seen(request), **who), said, to, to)


@needs(EDIT_SCHEMES)
@require_POST
def copy(request: HttpRequest, key: str) -> HttpResponseBase:
    """Begin a scheme of one's own as a copy."""
    known_standing(key)
    new = free_key(f"{key[:30]}_copy")
    who: dict[str, Any] = {"actor": asking_person(request), "at": timezone.now()}
    back, to = reverse("tiers:versions", args=[key]), reverse("tiers:edit", args=[new])
    said = texts.text("tiers.editor.copied")
    return done(request, lambda: copy_scheme(key=key, new_key=new, **who), said, to, back)
