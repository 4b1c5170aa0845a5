"""Making tasks: of an action on its page, and of what is next for a customer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.customers.queries import found_customer, found_customers
from custrata.apps.playbooks.actions import MOST_TASKS, due_by, make_task, make_tasks_for_tier
from custrata.apps.playbooks.forms import NextForm, TaskForm
from custrata.apps.playbooks.queries import doers, held_playbook, next_steps, open_tasks_of, tier_customers, today
from custrata.apps.playbooks.rights import DO_TASKS, EDIT_PLAYBOOKS, SEE_PLAYBOOKS
from custrata.apps.playbooks.views.asking import asking_person, done, known_playbook
from custrata.apps.playbooks.views.playbooks import ICONS
from custrata.errors import CustrataError
from custrata.pipeline.reading import reading
from custrata.tiering.playbooks import Action, NoSuchPlaybook, said
from custrata.web.gate import needs
from custrata.web.rights import may
from custrata.web.texts import count, language, sentence, text
from custrata.web.workspace import workspace

WHOM = ("customer", "each", "whole")
SHOWN = 3  # schemes at once; the rest unfolds


@needs(DO_TASKS)
def make(request: HttpRequest, key: str, tier: str, action: str) -> HttpResponse:
    """The form of a task: for one customer, for each of the tier (asked twice), or for the tier as a whole."""
    found = known_playbook(key, tier).action(action)
    if found is None:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    at = timezone.now()
    usual = {"title": found.said(language()), "due": due_by(found, at), "assignee": str(request.user.pk)}
    form = TaskForm(sent, initial=usual | {"customer": request.GET.get("customer", "")})
    whom = sent.get("whom", "customer") if sent is not None else ""
    if whom in WHOM[1:] and not may(request.user, EDIT_PLAYBOOKS):
        raise PermissionDenied
    customers = tier_customers(key, tier)
    sure = whom != "each" or "seen" in request.POST
    if sent is not None and form.is_valid() and sure and _made(request, form, key, tier, found, whom=whom):
        return HttpResponseRedirect(
            reverse("playbooks:tasks") + "?whose=all" if whom == "each" else reverse("playbooks:tasks")
        )
    page: dict[str, Any] = {
        "scheme": key,
        "tier": tier,
        "action": found,
        "icon_name": ICONS[found.kind],
        "form": form,
        "customers": customers,
        "fits": customers <= MOST_TASKS,
        "most": MOST_TASKS,
        "people": list(doers()),
        "today": today(at),
        "may_edit": may(request.user, EDIT_PLAYBOOKS),
        "confirming": whom == "each" and form.is_valid(),
    }
    return render(request, "playbooks/make.html", page, status=200 if sent is None or page["confirming"] else 422)


def _made(request: HttpRequest, form: TaskForm, scheme: str, tier: str, action: Action, *, whom: str) -> bool:
    """Make what was asked for, and say so; False where it was refused."""
    sent: dict[str, Any] = {"scheme": scheme, "tier": tier, "action": action.key, **form.whose()}
    sent |= {"title": form.cleaned_data["title"], "due": form.cleaned_data["due"]}
    sent |= {"actor": asking_person(request), "at": timezone.now()}
    if whom == "each":
        seen = request.POST["seen"]
        number = int(seen) if seen.isdecimal() else -1

        def all_of_them() -> None:
            messages.success(request, count("playbooks.said.made_many", make_tasks_for_tier(seen=number, **sent)))

        return done(request, all_of_them, "")
    customer_id = None
    if whom == "customer":
        customer_id = _customer(form)
        if customer_id is None:
            return False
    return done(request, lambda: make_task(customer_id=customer_id, **sent), text("playbooks.said.made"))


def _customer(form: TaskForm) -> str | None:
    """The one customer that is meant, by id or by what a search finds; what is wrong stands at the field."""
    written = form.cleaned_data["customer"]
    if written and found_customer(written) is not None:
        return str(written)
    found = found_customers(written).customer_ids if written else ()
    if len(found) == 1:
        return found[0]
    form.add_error("customer", text("playbooks.make.many_customers" if found else "playbooks.make.no_customer"))
    return None


@needs(SEE_PLAYBOOKS)
@require_safe
def next_for(request: HttpRequest, customer_id: str) -> HttpResponse:
    """What to do next with a customer: as a part of their page, or on a page of its own."""
    return _next(request, customer_id)


@needs(DO_TASKS)
@require_POST
def make_next(request: HttpRequest) -> HttpResponse:
    """Make a task of what is next, as the playbook says, for whoever looks after the customer, else for who asks."""
    form = NextForm(request.POST)
    if not form.is_valid():
        raise BadRequest("a form of ours has all its fields")
    sent, who, at = form.cleaned_data, asking_person(request), timezone.now()
    refused = ""
    try:
        action = held_playbook(sent["scheme"], sent["tier"]).action(sent["action"])
        title = action.said(language()) if action is not None else sent["action"]
        make_task(**sent, title=title, assignee_id=who.pk, to_owner=True, actor=who, at=at)
    except NoSuchPlaybook as error:
        raise Http404(sentence(error)) from error
    except CustrataError as error:
        refused = sentence(error)
    if request.headers.get("HX-Request"):
        return _next(request, sent["customer_id"], refused=refused)
    messages.error(request, refused) if refused else messages.success(request, text("playbooks.said.made"))
    return HttpResponseRedirect(reverse("customers:customer", args=[sent["customer_id"]]))


def _next(request: HttpRequest, customer_id: str, refused: str = "") -> HttpResponse:
    held, known = reading(workspace()), found_customer(customer_id)
    row = held.customer(customer_id) if held is not None else None
    if row is None and known is None:
        raise Http404
    waiting, spoken = open_tasks_of(customer_id), language()
    steps = [
        {
            "scheme": step.playbook.scheme,
            "tier": step.playbook.tier,
            "aim": said(step.playbook.aim, spoken),
            "actions": [
                (
                    one.key,
                    ICONS[one.kind],
                    text(f"playbooks.kinds.{one.kind}"),
                    one.said(spoken),
                    one.key in step.waiting,
                )
                for one in step.playbook.actions
            ],
        }
        for step in next_steps(row or {}, waiting)
    ]
    page = {
        "customer_id": customer_id,
        "customer": known or (row or {}).get("name") or customer_id,
        "known": known is not None,
        "steps": steps,
        "shown": SHOWN,
        "rest": len(steps) - SHOWN,
        "waiting": waiting,
        "today": today(timezone.now()),
        "refused": refused,
        "may_do": may(request.user, DO_TASKS) and known is not None,
    }
    part = bool(request.headers.get("HX-Request"))
    return render(request, "playbooks/parts/next.html" if part else "playbooks/next.html", page)
