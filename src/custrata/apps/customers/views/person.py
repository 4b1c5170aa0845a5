"""The page of a customer: profile, explanations, tier history, timeline, purchases and notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from custrata.apps.customers.models import Customer
from custrata.apps.customers.queries import customer_by_id, notes_of, owners, tags, tags_of
from custrata.apps.customers.queries.happenings import timeline
from custrata.apps.customers.queries.portrait import (
    attributes,
    edits_of,
    explanations,
    tiers_of,
    trait_ranks,
)
from custrata.apps.customers.queries.purchases import expected_days, newest, slices
from custrata.apps.customers.queries.tier_history import tier_history
from custrata.apps.customers.views.lookups import TYPED, reading_or_404
from custrata.pipeline.reading import Reading
from custrata.web.days import instant_of
from custrata.web.gate import needs
from custrata.web.rights import Right, may
from custrata.web.texts import language, text, writer
from custrata.web.workspace import workspace

TABS = ("portrait", "why", "history", "timeline", "purchases", "notes")
ICONS = {"portrait": "user", "why": "message-question", "history": "timeline", "timeline": "history",
         "purchases": "shopping-cart", "notes": "notes"}  # fmt: skip
Row = dict[str, Any]


@needs(Right.SEE_CUSTOMERS)
@require_safe
def customer(request: HttpRequest, customer_id: str) -> HttpResponse:
    """The page of a customer, with one tab."""
    reading, who = reading_or_404(), customer_by_id(customer_id)
    row = reading.customer(customer_id) if reading is not None else None
    if who is None and row is None:
        raise Http404
    tab = request.GET.get("tab", "") if request.GET.get("tab") in TABS else TABS[0]
    page: dict[str, Any] = {
        "customer": who or Customer(customer_id=customer_id, name=(row or {}).get("name") or ""),
        "known": who is not None,
        "row": row,
        "run": reading.run if reading is not None else None,
        "tab": tab,
        "tabs": [(key, ICONS[key], text(f"customers.tab.{key}")) for key in TABS],
        "tiers": tiers_of(row) if row is not None else [],
        "tags": tags_of([customer_id]).get(customer_id, []),
        "may_edit": may(request.user, Right.EDIT_CUSTOMERS) and who is not None,
        "excluded": workspace().exclusions.all().get(customer_id),
        "may_assign": may(request.user, Right.ASSIGN_OWNERS) and who is not None,
    }
    page["all_tags"] = list(tags()) if page["may_edit"] else []
    page["owner_shown"] = {"owner": str(who.owner) if who is not None and who.owner else None}
    page["owners"] = list(owners()) if page["may_assign"] else []
    return render(request, "customers/customer.html", page | PARTS[tab](request, reading, row, customer_id))


def _portrait(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
    source_values = reading.source_values(customer_id) if reading is not None else {}
    editing, typed = request.GET.get("edit", ""), request.session.pop(TYPED, {})
    return {
        "attributes": attributes(source_values, edits_of(customer_id), language()),
        "standings": trait_ranks(reading, row, language()) if reading is not None and row is not None else [],
        "editing": editing,
        "typed": typed["value"] if typed.get("attribute") == editing and typed["customer_id"] == customer_id else None,
    }


def _why(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
    if reading is None or row is None:
        return {"explanations": []}
    explained = list(explanations(reading, row, writer("tiers")))
    return {
        "explanations": explained,
        "may_override": may(request.user, Right.OVERRIDE_TIERS),
        "customer_id": customer_id,
    }


def _history(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
    return {"past": tier_history(workspace(), reading.run, customer_id) if reading is not None else None}


def _timeline(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
    return {"timeline": timeline(reading, customer_id, instant_of(request.GET.get("before", "")))}


def _purchases(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
    if reading is None:
        return {"sales": []}
    bought = reading.purchases(customer_id)
    sales, expected = newest(bought), expected_days(row) if row is not None else None
    chart: Row = {
        "orders": [{"at": sale.at.isoformat(), "amount": float(sale.net)} for sale in reversed(sales)],
        "as_of": reading.run.as_of.date().isoformat(),
        "as_of_name": text("customers.purchases.as_of"),
        "y_name": text("customers.purchases.amount"),
    }
    if expected is not None:
        chart |= {"expected": [day.isoformat() for day in expected]}
        chart |= {"expected_name": text("customers.purchases.expected")}
    return {
        "sales": sales,
        "many_sales": len(bought.sales),
        "total": sum((sale.net for sale in bought.sales), start=0),
        "categories": slices(bought.categories),
        "channels": slices(bought.channels),
        "expected": expected,
        "chart": chart,
    }


def _notes(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
    return {"notes": list(notes_of(customer_id)), "anybodys": may(request.user, Right.ASSIGN_OWNERS)}


PARTS: dict[str, Callable[[HttpRequest, Reading | None, Row | None, str], Row]] = {
    "portrait": _portrait,
    "why": _why,
    "history": _history,
    "timeline": _timeline,
    "purchases": _purchases,
    "notes": _notes,
}
