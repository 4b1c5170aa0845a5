"""Create tasks: from an action, and from the next steps of a customer."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.customers.queries import customer_by_id, search_customers
from custrata.apps.playbooks.actions import MOST_TASKS, default_due_date, make_task, make_tasks_for_tier
from custrata.apps.playbooks.forms import NextForm, TaskForm
from custrata.apps.playbooks.queries import (
    effective_playbook,
    next_steps,
    open_tasks_of,
    possible_assignees,
    tier_customers,
    today,
)
from custrata.apps.playbooks.rights import DO_TASKS, EDIT_PLAYBOOKS, SEE_PLAYBOOKS
from custrata.apps.playbooks.views.lookups import playbook_or_404
from custrata.apps.playbooks.views.playbooks import ICONS
from custrata.errors import CustrataError
from custrata.pipeline.reading import reading
from custrata.tiering.playbooks import Action, NoSuchPlaybook, localized
from custrata.web.gate import needs
from custrata.web.posting import run_action, show_message
from custrata.web.rights import may
from custrata.web.texts import count, language, sentence, text
from custrata.web.workspace import workspace

WHOM = ("customer", "each", "whole")
SCHEMES_SHOWN = 3  # schemes shown at first; the rest is collapsed


@needs(DO_TASKS)
def make(request: HttpRequest, key: str, tier: str, action: str) -> HttpResponse:
    """The form of a task: for one customer, for each customer of the tier (with confirmation), or for the tier."""
    playbook_action = playbook_or_404(key, tier).action(action)
    if playbook_action is None:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    at = timezone.now()
    usual = {
        "title": playbook_action.text_in(language()),
        "due": default_due_date(playbook_action, at),
        "assignee": str(request.user.pk),
    }
    usual["customer"] = request.GET.get("customer", "")
    form = TaskForm(sent, initial=usual, people=possible_assignees(), auto_id="%s")
    whom = sent.get("whom", "customer") if sent is not None else ""
    if whom in WHOM[1:] and not may(request.user, EDIT_PLAYBOOKS):
        raise PermissionDenied
    customers = tier_customers(key, tier)
    sure = whom != "each" or "seen" in request.POST
    if sent is not None and form.is_valid() and sure and _make(request, form, key, tier, playbook_action, whom=whom):
        return HttpResponseRedirect(
            reverse("playbooks:tasks") + "?whose=all" if whom == "each" else reverse("playbooks:tasks")
        )
    page: dict[str, Any] = {
        "scheme": key,
        "tier": tier,
        "action": playbook_action,
        "icon_name": ICONS[playbook_action.kind],
        "form": form,
        "customers": customers,
        "fits": customers <= MOST_TASKS,
        "most": MOST_TASKS,
        "today": today(at),
        "may_edit": may(request.user, EDIT_PLAYBOOKS),
        "confirming": whom == "each" and form.is_valid(),
    }
    return render(request, "playbooks/make.html", page, status=200 if sent is None or page["confirming"] else 422)


def _make(request: HttpRequest, form: TaskForm, scheme: str, tier: str, action: Action, *, whom: str) -> bool:
    """Create the requested tasks with a message; False if refused."""
    sent: dict[str, Any] = {"scheme": scheme, "tier": tier, "action": action.key, **form.whose()}
    sent |= {"title": form.cleaned_data["title"], "due": form.cleaned_data["due"]}
    sent |= {"actor": current_user(request), "at": timezone.now()}
    if whom == "each":
        confirmed = request.POST["seen"]
        number = int(confirmed) if confirmed.isdecimal() else -1
        return run_action(
            request,
            lambda: make_tasks_for_tier(confirmed=number, **sent),
            lambda many: count("playbooks.said.made_many", many),
        )
    customer_id = None
    if whom == "customer":
        customer_id = _customer(form)
        if customer_id is None:
            return False
    return run_action(request, lambda: make_task(customer_id=customer_id, **sent), text("playbooks.said.made"))


def _customer(form: TaskForm) -> str | None:
    """The customer entered, by id or by a search with one result; else add an error to the field."""
    written = form.cleaned_data["customer"]
    if written and customer_by_id(written) is not None:
        return str(written)
    customer_ids = search_customers(written).customer_ids if written else ()
    if len(customer_ids) == 1:
        return customer_ids[0]
    form.add_error("customer", text("playbooks.make.many_customers" if customer_ids else "playbooks.make.no_customer"))
    return None


@needs(SEE_PLAYBOOKS)
@require_safe
def next_for(request: HttpRequest, customer_id: str) -> HttpResponse:
    """The next steps for a customer: as a fragment of their page, or on a page of its own."""
    return _next(request, customer_id)


@needs(DO_TASKS)
@require_POST
def make_next(request: HttpRequest) -> HttpResponse:
    """Create a task from a next step with the playbook's defaults, for the owner or else the current user."""
    form = NextForm(request.POST)
    if not form.is_valid():
        raise BadRequest("a form of ours has all its fields")
    sent, who, at = form.cleaned_data, current_user(request), timezone.now()
    refused = ""
    try:
        action = effective_playbook(sent["scheme"], sent["tier"]).action(sent["action"])
        title = action.text_in(language()) if action is not None else sent["action"]
        make_task(**sent, title=title, assignee_id=who.pk, to_owner=True, actor=who, at=at)
    except NoSuchPlaybook as error:
        raise Http404(sentence(error)) from error
    except CustrataError as error:
        refused = sentence(error)
    if request.headers.get("HX-Request"):
        return _next(request, sent["customer_id"], refused=refused)
    show_message(request, refused or text("playbooks.said.made"), "error" if refused else "success")
    return HttpResponseRedirect(reverse("customers:customer", args=[sent["customer_id"]]))


def _next(request: HttpRequest, customer_id: str, refused: str = "") -> HttpResponse:
    published, customer = reading(workspace()), customer_by_id(customer_id)
    row = published.customer(customer_id) if published is not None else None
    if row is None and customer is None:
        raise Http404
    waiting, spoken = open_tasks_of(customer_id), language()
    steps = [
        {
            "scheme": step.playbook.scheme,
            "tier": step.playbook.tier,
            "aim": localized(step.playbook.aim, spoken),
            "actions": [
                (
                    action.key,
                    ICONS[action.kind],
                    text(f"playbooks.kinds.{action.kind}"),
                    action.text_in(spoken),
                    action.key in step.waiting,
                )
                for action in step.playbook.actions
            ],
        }
        for step in next_steps(row or {}, waiting)
    ]
    page = {
        "customer_id": customer_id,
        "customer": customer or (row or {}).get("name") or customer_id,
        "known": customer is not None,
        "steps": steps,
        "shown": SCHEMES_SHOWN,
        "rest": len(steps) - SCHEMES_SHOWN,
        "waiting": waiting,
        "today": today(timezone.now()),
        "refused": refused,
        "may_do": may(request.user, DO_TASKS) and customer is not None,
    }
    part = bool(request.headers.get("HX-Request"))
    return render(request, "playbooks/parts/next.html" if part else "playbooks/next.html", page)
