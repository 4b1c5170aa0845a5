"""What is done to everybody a list shows: first with the number of them, then done."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from custrata.apps.accounts.views.asking import asking_person
from custrata.apps.customers.actions import Many, assign_owner, start_tagging, tag_customers, untag_customers
from custrata.apps.customers.forms import BulkForm, numbers
from custrata.apps.customers.queries import owners, tags
from custrata.apps.customers.queries.listing import ids_chosen
from custrata.apps.customers.queries.questions import asked, told
from custrata.apps.customers.queries.tagging import MANY, tagging_of
from custrata.apps.customers.rights import ASSIGN_OWNERS, EDIT_CUSTOMERS
from custrata.apps.customers.views.asking import asked_reading
from custrata.apps.customers.views.chips import chips
from custrata.apps.jobs.models import Job
from custrata.errors import CustrataError
from custrata.web.gate import needs
from custrata.web.texts import count, sentence, text


@needs(EDIT_CUSTOMERS)
@require_http_methods(["GET", "POST"])
def tag(request: HttpRequest) -> HttpResponse:
    """Put a tag on everybody, or take it off."""
    return _together(request, "tag")


@needs(ASSIGN_OWNERS)
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """Say who looks after everybody."""
    return _together(request, "own")


def _together(request: HttpRequest, what: str) -> HttpResponse:
    asks = asked(request.GET)
    held = asked_reading(asks.run)
    ids = ids_chosen(held, asks)
    form = BulkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if numbers(form, "seen") != len(ids):
            form.add_error(None, text("customers.together.moved_on", number=len(ids)))
        elif what == "tag" and len(ids) > MANY:
            job = _started(request, form, Many(_question(request), held.run.id if held is not None else None, len(ids)))
            if job is not None:
                return redirect("customers:tagging", job.pk)
        elif _done(request, what, form, ids, told(asks)):
            return HttpResponseRedirect(f"{reverse('customers:list')}?{request.GET.urlencode()}")
    page = {
        "what": what,
        "many": len(ids),
        "form": form,
        "chips": list(chips(asks, request.GET)),
        "tags": list(tags()),
        "owners": list(owners()),
        "query": request.GET.urlencode(),
    }
    return render(request, "customers/together.html", page, status=422 if form.errors else 200)


def _done(request: HttpRequest, what: str, form: BulkForm, ids: list[str], chosen: str) -> bool:
    """Do it; where it is refused, say so in the form."""
    whom = {"customer_ids": ids, "actor": asking_person(request), "at": timezone.now()}
    try:
        if what == "own":
            done = assign_owner(**whom, owner_id=numbers(form, "owner"), asked=chosen)  # type: ignore[arg-type]  # as typed above
        else:
            act = untag_customers if "untag" in request.POST else tag_customers
            done = act(**whom, tag_id=numbers(form, "tag") or 0, asked=chosen)  # type: ignore[arg-type]  # as typed above
    except CustrataError as error:
        form.add_error(None, sentence(error))
        return False
    messages.success(request, count("customers.together.done", done.changed))
    return True


def _question(request: HttpRequest) -> str:
    return QueryDict(request.GET.urlencode()).urlencode()


def _started(request: HttpRequest, form: BulkForm, many: Many) -> Job | None:
    """Have a job do it; where it is refused, say so in the form."""
    try:
        return start_tagging(
            many=many,
            tag_id=numbers(form, "tag") or 0,
            off="untag" in request.POST,
            actor=asking_person(request),
            at=timezone.now(),
        )
    except CustrataError as error:
        form.add_error(None, sentence(error))
        return None


@needs(EDIT_CUSTOMERS)
@require_safe
def tagging(request: HttpRequest, number: int) -> HttpResponse:
    """How far the tagging of very many customers is that one asked for, and what it came to."""
    job = tagging_of(asking_person(request), number)
    if job is None:
        raise Http404
    changed = (job.result or {}).get("changed")
    return render(
        request, "customers/tagging.html", {"job": job, "query": job.arguments["question"], "changed": changed}
    )
