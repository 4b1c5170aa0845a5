"""Pages of erasures: the list, erasing a customer, and lifting an erasure."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.customers.actions import lift_erasure, server_database, start_erasure
from custrata.apps.customers.forms import EraseForm, LiftForm
from custrata.apps.customers.queries.erasures import erasures
from custrata.apps.customers.rights import ERASE_CUSTOMERS
from custrata.ingest.erasure import people_of, rows_of
from custrata.web.gate import needs
from custrata.web.lists import Empty, Listing, columns
from custrata.web.posting import redirect_after
from custrata.web.texts import text
from custrata.web.workspace import workspace

LONGEST = 255
ERASURES = Listing(
    "customers.erase.erased",
    columns("customers.erase", "erasure", "at", "removed", "state"),
    "customers/parts/erasure_row.html",
)
EMPTY = Empty("user-off", "customers.erase.nobody", "customers.erase.nobody_text")


@needs(ERASE_CUSTOMERS)
@require_safe
def erasure_list(request: HttpRequest) -> HttpResponse:
    """The list of erasures, with the field to start one."""
    return render(
        request,
        "customers/erasures.html",
        {"erasures": ERASURES.table(erasures(workspace()), empty=EMPTY), "form": EraseForm(), "lift": LiftForm()},
    )


@needs(ERASE_CUSTOMERS)
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Show the data about a customer by place; after confirmation, erase them."""
    parameters = request.POST if request.method == "POST" else request.GET
    customer_id = parameters.get("customer_id", "").replace("\0", "").strip()[:LONGEST]
    if not customer_id:
        return redirect("customers:erasures")
    served = workspace()
    if request.method == "POST":
        return redirect_after(
            request,
            lambda: start_erasure(served, customer_id=customer_id, actor=current_user(request), at=timezone.now()),
            lambda started: text("customers.erase.started", erasure=started.erasure),
            to=lambda started: reverse("jobs:job", args=[started.job.pk]),
            back=reverse("customers:erasures"),
        )
    database = server_database()
    people = people_of(served, [customer_id], database)
    rows = rows_of(served, people, database)
    impossible = "" if rows else text("customers.erase.unknown", customer=people[0].customer_id)
    page = {"customer": people[0], "rows": rows, "impossible": impossible, "back": reverse("customers:erasures")}
    return render(request, "customers/erase.html", page)


@needs(ERASE_CUSTOMERS)
@require_POST
def lift(request: HttpRequest, erasure: str) -> HttpResponse:
    """Accept rows of an erased customer again."""
    reason, person = request.POST.get("reason", "")[:1000], current_user(request)
    return redirect_after(
        request,
        lambda: lift_erasure(workspace(), erasure=erasure, reason=reason, actor=person, at=timezone.now()),
        text("customers.erase.lifted", erasure=erasure),
        to=reverse("customers:erasures"),
    )
