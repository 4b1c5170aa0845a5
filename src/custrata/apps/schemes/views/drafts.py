"""The scheme editor: showing, saving, previewing, copying and discarding drafts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.numbers import get_currency_symbol
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.schemes.actions import DraftChangedMeanwhile, copy_scheme, discard_draft, free_key, save_draft
from custrata.apps.schemes.forms.definitions import NotJson, apply_button, parse_definition
from custrata.apps.schemes.queries import offered
from custrata.apps.schemes.queries.drafts import SchemeState, scheme_state
from custrata.apps.schemes.queries.offered import Offer
from custrata.apps.schemes.queries.problems import problems
from custrata.apps.schemes.rights import EDIT_SCHEMES, SEE_DRAFTS
from custrata.apps.schemes.views.effect import effect, spread, unit_of
from custrata.apps.schemes.views.layout import layout
from custrata.apps.tiers.queries.runs import newest
from custrata.errors import CustrataError
from custrata.tiering.shapes import SHAPES
from custrata.web import texts
from custrata.web.days import instant_of
from custrata.web.gate import needs
from custrata.web.posting import redirect_after, show_message
from custrata.web.rights import may
from custrata.web.versions import ChangedMeanwhile, ensure_unchanged, parts_of
from custrata.wording.writer import LOCALES

PAGES = {"edit": "schemes/edit.html", "measure": "schemes/step_measure.html", "tiers": "schemes/step_tiers.html"}
USUAL_TRAITS = ("spend", "orders", "recency_days", "tenure_days", "regularity")


def state_or_404(key: str) -> SchemeState:
    """The state of a scheme, or a 404 response."""
    state = scheme_state(key)
    if state is None:
        raise Http404
    return state


@needs(SEE_DRAFTS)
@require_safe
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """The editor, with the draft or the published version; read-only without the right to edit."""
    return page(request, state_or_404(key), "edit")


def page(
    request: HttpRequest, state: SchemeState, name: str, data: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """A page that shows a draft as a form: the editor, or a step of the wizard."""
    definition, offers = state.data if data is None else data, offered.offers()
    errors, kind = problems(definition, offers if newest() else None), definition.get("kind")
    context: dict[str, Any] = {
        "state": state,
        "form": layout(definition, errors, offers, unit_sign(definition)),
        "page": name,
        "seen": state.revision,  # after a conflict, saving again overwrites this revision
        "may_edit": may(request.user, EDIT_SCHEMES),
        "has_run": newest() is not None,
        "kind_name": texts.text(f"schemes.kind.{kind}") if kind in SHAPES else "",
        "unit": unit_sign(definition),
    }
    if "effect" in request.GET:
        context |= {"effect": effect(definition, errors), "spread": spread(definition, errors)}
    return render(request, PAGES[name], context, status=status)


def unit_sign(data: Mapping[str, Any]) -> str:
    """The unit shown after a line: currency symbol or days; empty for plain numbers."""
    match unit_of(data):
        case "money":
            return get_currency_symbol(texts.writer().currency, LOCALES[texts.language()])
        case "days":
            return texts.text("schemes.editor.days")
    return ""


@needs(EDIT_SCHEMES)
@require_POST
def save(request: HttpRequest, key: str) -> HttpResponseBase:
    """Save the form after applying the pressed button, then redirect to its target."""
    state = state_or_404(key)
    name = request.POST.get("page", "edit")
    button = request.POST.get("do", "save")
    try:
        data = apply_button(parse_definition(state.data, request.POST), button, _starting_traits(offered.offers()))
    except NotJson:
        show_message(request, texts.text("schemes.editor.not_json"), "error")
        return redirect("schemes:edit", key)
    try:
        save_draft(
            key=key, definition=data, note=state.draft.note if state.draft else "", revision=posted_revision(request),
            actor=current_user(request), at=timezone.now(),
        )  # fmt: skip
    except CustrataError as error:
        show_message(request, texts.sentence(error), "error")
        if isinstance(error, DraftChangedMeanwhile):
            state = state_or_404(key)
            _report_difference(request, state.data, data)
        return page(request, state, name if name in PAGES else "edit", data, 200 if _htmx(request) else 409)
    if button == "save":
        show_message(request, texts.text("schemes.editor.saved"))
    return redirect(_next_url(button, name, key))


def _report_difference(request: HttpRequest, saved: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
    """Add a message with the differences between the stored draft and the submitted form."""
    try:
        ensure_unchanged(parts_of(typed), saved)
    except ChangedMeanwhile as error:
        show_message(request, texts.text("schemes.editor.differs", changes=str(error.facts["changes"])), "warning")


def _starting_traits(offers: Mapping[str, Offer]) -> tuple[str, ...]:
    """The candidate traits for a new row, the preferred one first."""
    return tuple(trait for trait in USUAL_TRAITS if trait in offers) or tuple(offers) or ("spend",)


def _htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", None))


def posted_revision(request: HttpRequest) -> datetime | None:
    """The revision of the draft the form was opened with; None without a draft."""
    return instant_of(request.POST.get("seen", ""))


def _next_url(button: str, name: str, key: str) -> str:
    """The target of a button: `go:simulate`, `go:tiers`; all others stay on the page."""
    goal = button.removeprefix("go:") if button.startswith("go:") else name
    match goal:
        case "new":
            return reverse("schemes:new")
        case "measure" | "tiers":
            return reverse("schemes:step", args=[key, goal])
        case "simulate":
            return reverse("schemes:simulate", args=[key]) + ("?wizard=1" if name != "edit" else "")
    return reverse("schemes:edit", args=[key])


@needs(SEE_DRAFTS)
@require_POST
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """Preview the submitted form without saving: tier sizes, or the distribution of the value."""
    state = state_or_404(key)
    try:
        data = parse_definition(state.data, request.POST)
    except NotJson:
        data = dict(state.data)
    errors = problems(data, offered.offers() if newest() else None)
    if request.POST.get("part") == "spread":
        return render(request, "schemes/editor/spread.html", {"state": state, "spread": spread(data, errors)})
    return render(request, "schemes/editor/sizes.html", {"state": state, "effect": effect(data, errors)})


@needs(EDIT_SCHEMES)
@require_POST
def discard(request: HttpRequest, key: str) -> HttpResponseBase:
    """Discard the draft."""
    state = state_or_404(key)
    who: dict[str, Any] = {"actor": current_user(request), "at": timezone.now()}
    to = reverse("schemes:versions", args=[key]) if state.latest else reverse("tiers:list")
    message = texts.text("schemes.editor.discarded")
    return redirect_after(
        request, lambda: discard_draft(key=key, revision=posted_revision(request), **who), message, to=to
    )


@needs(EDIT_SCHEMES)
@require_POST
def copy(request: HttpRequest, key: str) -> HttpResponseBase:
    """Create a new scheme as a copy."""
    state_or_404(key)
    new = free_key(f"{key[:30]}_copy")
    who: dict[str, Any] = {"actor": current_user(request), "at": timezone.now()}
    back, to = reverse("schemes:versions", args=[key]), reverse("schemes:edit", args=[new])
    message = texts.text("schemes.editor.copied")
    return redirect_after(request, lambda: copy_scheme(key=key, new_key=new, **who), message, to=to, back=back)
