"""Setting and ending an override of one customer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from custrata.analytics.moments import AsOf
from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.tiers.actions import end_override, override_data, set_override
from custrata.apps.tiers.forms import OverrideForm
from custrata.apps.tiers.queries.overrides import override
from custrata.apps.tiers.rights import OVERRIDE_TIERS
from custrata.pipeline.decisions import AT_LEAST
from custrata.pipeline.reading import reading
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.posting import submit
from custrata.web.schemes import has_order, tier_named, tiers_of_scheme
from custrata.web.versions import opened
from custrata.web.workspace import workspace


@needs(OVERRIDE_TIERS)
def edit_override(request: HttpRequest, key: str, customer_id: str) -> HttpResponse:
    """Show and process the override form."""
    run_reading = reading(workspace())
    row = run_reading.customer(customer_id) if run_reading else None
    if not tiers_of_scheme(key) or row is None:
        raise Http404
    choices = [(tier, tier_named(key, tier)) for tier in tiers_of_scheme(key)]
    current = override(customer_id, key)
    now, ordered = row.get(f"{key}_tier"), has_order(key)
    initial = {"tier": current.tier if current else now, "mode": current.mode if current else AT_LEAST}
    initial["reason"] = current.reason if current else ""
    sent = request.POST if request.method == "POST" else None
    form = OverrideForm(sent, initial=initial, tiers=choices, ordered=ordered, auto_id="%s")
    back = f"{reverse('customers:customer', args=[customer_id])}?tab=why"
    if request.method == "POST" and ("end" in request.POST or form.is_valid()):
        saved = submit(
            request,
            lambda: _save(request, form, customer_id=customer_id, scheme=key),
            texts.text("tiers.by_hand.done"),
            to=back,
        )
        if saved:
            return saved
        current = override(customer_id, key)
    page: dict[str, Any] = {"scheme": key, "customer": row, "now": now, "held": current, "form": form, "back": back}
    page["shown"] = override_data(current)
    page["ordered"] = ordered
    return render(request, "tiers/by_hand.html", page, status=422 if form.is_bound else 200)


def _save(request: HttpRequest, form: OverrideForm, *, customer_id: str, scheme: str) -> None:
    who: dict[str, Any] = {"customer_id": customer_id, "scheme": scheme}
    who |= {"actor": current_user(request), "at": timezone.now(), "opened": opened(request)}
    if "end" in request.POST:
        end_override(**who)
    else:
        chosen = {name: form.cleaned_data[name] for name in ("tier", "reason")}
        set_override(**who, **chosen, until=_until(form), mode=form.cleaned_data["mode"] or AT_LEAST)


def _until(form: OverrideForm) -> datetime | None:
    """The end of the given day in the workspace's time zone."""
    day = form.cleaned_data["until"]
    return AsOf.of(day + timedelta(days=1), workspace().settings.timezone).instant if day else None
