"""Bulk actions on all customers of a list, after confirming their number."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.customers.actions import (
    BulkResult,
    TaggingRequest,
    assign_owner,
    start_tagging,
    tag_customers,
    untag_customers,
)
from custrata.apps.customers.forms import BulkForm, cleaned_number
from custrata.apps.customers.queries import owners, tags
from custrata.apps.customers.queries.list_query import describe_list_query, parse_list_query
from custrata.apps.customers.queries.listing import matching_ids
from custrata.apps.customers.queries.tagging import MANY, tagging_of
from custrata.apps.customers.rights import ASSIGN_OWNERS, EDIT_CUSTOMERS
from custrata.apps.customers.views.chips import chips
from custrata.apps.customers.views.lookups import reading_or_404
from custrata.apps.jobs.models import Job
from custrata.errors import CustrataError
from custrata.web.gate import needs
from custrata.web.posting import submit_form
from custrata.web.texts import count, sentence, text


@needs(EDIT_CUSTOMERS)
@require_http_methods(["GET", "POST"])
def tag(request: HttpRequest) -> HttpResponse:
    """Tag or untag all customers of a list."""
    return _bulk_page(request, "tag")


@needs(ASSIGN_OWNERS)
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """Assign an owner to all customers of a list."""
    return _bulk_page(request, "own")


def _bulk_page(request: HttpRequest, what: str) -> HttpResponse:
    list_query = parse_list_query(request.GET)
    reading = reading_or_404(list_query.run)
    ids = matching_ids(reading, list_query)
    offered = list(tags()) if what == "tag" else []
    people = list(owners()) if what == "own" else []
    person = {"owner": current_user(request).pk}
    form = BulkForm(request.POST or None, initial=person, tags=offered, owners=people, auto_id="%s")
    if request.method == "POST" and form.is_valid():
        if cleaned_number(form, "seen") != len(ids):
            form.add_error(None, text("customers.together.moved_on", number=len(ids)))
        elif what == "tag" and len(ids) > MANY:
            job = _enqueue(
                request,
                form,
                TaggingRequest(_query_string(request), reading.run.id if reading is not None else None, len(ids)),
            )
            if job is not None:
                return redirect("customers:tagging", job.pk)
        elif done := _apply(request, what, form, ids, describe_list_query(list_query)):
            return done
    page = {
        "what": what,
        "many": len(ids),
        "form": form,
        "chips": list(chips(list_query, request.GET)),
        "tags": offered,
        "query": request.GET.urlencode(),
    }
    return render(request, "customers/together.html", page, status=422 if form.errors else 200)


def _apply(request: HttpRequest, what: str, form: BulkForm, ids: list[str], chosen: str) -> HttpResponse | None:
    """Run the action; on refusal add the error to the form."""
    whom = {"customer_ids": ids, "actor": current_user(request), "at": timezone.now()}

    def act() -> BulkResult:
        if what == "own":
            return assign_owner(**whom, owner_id=cleaned_number(form, "owner"), selection=chosen)  # type: ignore[arg-type]  # as typed above
        change = untag_customers if "untag" in request.POST else tag_customers
        return change(**whom, tag_id=cleaned_number(form, "tag") or 0, selection=chosen)  # type: ignore[arg-type]  # as typed above

    address = f"{reverse('customers:list')}?{request.GET.urlencode()}"
    return submit_form(request, form, act, lambda done: count("customers.together.done", done.changed), to=address)


def _query_string(request: HttpRequest) -> str:
    return QueryDict(request.GET.urlencode()).urlencode()


def _enqueue(request: HttpRequest, form: BulkForm, many: TaggingRequest) -> Job | None:
    """Enqueue the action; on refusal add the error to the form."""
    try:
        return start_tagging(
            many=many,
            tag_id=cleaned_number(form, "tag") or 0,
            off="untag" in request.POST,
            actor=current_user(request),
            at=timezone.now(),
        )
    except CustrataError as error:
        form.add_error(None, sentence(error))
        return None


@needs(EDIT_CUSTOMERS)
@require_safe
def tagging(request: HttpRequest, number: int) -> HttpResponse:
    """The progress and result of a tagging job that the person requested."""
    job = tagging_of(current_user(request), number)
    if job is None:
        raise Http404
    changed = (job.result or {}).get("changed")
    return render(
        request, "customers/tagging.html", {"job": job, "query": job.arguments["question"], "changed": changed}
    )
