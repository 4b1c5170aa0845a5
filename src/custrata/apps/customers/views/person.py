"""The page of a customer: its head, and the tabs of this app."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from custrata.apps.customers.forms import EditForm, ExcludeForm, NoteForm, OwnOneForm, TagOneForm
from custrata.apps.customers.models import Customer
from custrata.apps.customers.queries import customer_by_id, notes_of, owners, tags, tags_of
from custrata.apps.customers.queries.happenings import timeline
from custrata.apps.customers.queries.portrait import (
    Attribute,
    attributes,
    edits_of,
    tiers_of,
    trait_ranks,
)
from custrata.apps.customers.queries.purchases import expected_days, newest, slices
from custrata.apps.customers.queries.tier_history import tier_history
from custrata.apps.customers.rights import ASSIGN_OWNERS, EDIT_CUSTOMERS, SEE_CUSTOMERS
from custrata.apps.customers.views.lookups import TYPED, reading_or_404
from custrata.pipeline.reading import Reading
from custrata.web.days import instant_of
from custrata.web.gate import needs
from custrata.web.manifest import Tab, function, manifests
from custrata.web.rights import may
from custrata.web.texts import language, text
from custrata.web.workspace import workspace

Row = dict[str, Any]


@needs(SEE_CUSTOMERS)
@require_safe
def customer(request: HttpRequest, customer_id: str) -> HttpResponse:
    """The page of a customer, with one tab."""
    reading, who = reading_or_404(), customer_by_id(customer_id)
    row = reading.customer(customer_id) if reading is not None else None
    if who is None and row is None:
        raise Http404
    tabs = customer_tabs()
    tab = next((tab for tab in tabs if tab.key == request.GET.get("tab")), tabs[0])
    page: dict[str, Any] = {
        "customer": who or Customer(customer_id=customer_id, name=(row or {}).get("name") or ""),
        "known": who is not None,
        "row": row,
        "run": reading.run if reading is not None else None,
        "tab": tab.key,
        "tab_template": tab.template,
        "tabs": tabs,
        "panels": [
            (panel, reverse(panel.address, args=[customer_id]))
            for app in manifests()
            for panel in app.customer_panels
            if may(request.user, panel.right)
        ],
        "tiers": tiers_of(row) if row is not None else [],
        "tags": tags_of([customer_id]).get(customer_id, []),
        "may_edit": may(request.user, EDIT_CUSTOMERS) and who is not None,
        "excluded": workspace().exclusions.all().get(customer_id),
        "may_assign": may(request.user, ASSIGN_OWNERS) and who is not None,
    }
    page["tag_form"] = TagOneForm(tags=tags() if page["may_edit"] else (), auto_id="%s")
    page["owner_shown"] = {"owner": str(who.owner) if who is not None and who.owner else None}
    owner = {"owner": page["customer"].owner_id or ""}
    page["owner_form"] = OwnOneForm(initial=owner, owners=owners() if page["may_assign"] else (), auto_id="%s")
    page["exclude_form"] = ExcludeForm()
    return render(request, "customers/customer.html", page | function(tab.context)(request, reading, row, customer_id))


def customer_tabs() -> list[Tab]:
    """The tabs of the page of a customer, as apps declare them."""
    return sorted((tab for app in manifests() for tab in app.customer_tabs), key=lambda tab: tab.order)


def portrait_tab(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
    source_values = reading.source_values(customer_id) if reading is not None else {}
    editing, typed = request.GET.get("edit", ""), request.session.pop(TYPED, {})
    listed = list(attributes(source_values, edits_of(customer_id), language()))
    before = typed["value"] if typed.get("attribute") == editing and typed["customer_id"] == customer_id else None
    edited = next((attribute for attribute in listed if attribute.name == editing), None)
    return {
        "attributes": listed,
        "standings": trait_ranks(reading, row, language()) if reading is not None and row is not None else [],
        "editing": editing,
        "edit_form": _edit_form(edited, before) if edited is not None else None,
    }


def _edit_form(attribute: Attribute, typed: str | None) -> EditForm:
    """The form of an attribute, with its value or what was typed before."""
    return EditForm(initial={"value": attribute.written if typed is None else typed}, attribute=attribute)


def history_tab(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
    return {"past": tier_history(workspace(), reading.run, customer_id) if reading is not None else None}


def timeline_tab(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
    return {"timeline": timeline(reading, customer_id, instant_of(request.GET.get("before", "")))}


def purchases_tab(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
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


def notes_tab(request: HttpRequest, reading: Reading | None, row: Row | None, customer_id: str) -> Row:
    return {"notes": list(notes_of(customer_id)), "anybodys": may(request.user, ASSIGN_OWNERS), "form": NoteForm()}
