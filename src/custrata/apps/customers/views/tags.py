"""Pages of tags and tag groups."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.customers import actions
from custrata.apps.customers.forms import GroupForm, TagForm
from custrata.apps.customers.queries import tags_with_customers
from custrata.apps.customers.rights import EDIT_CUSTOMERS
from custrata.web.gate import needs
from custrata.web.lists import Column, Empty, Listing
from custrata.web.posting import confirm, submit_form
from custrata.web.texts import text

TAGS = Listing(
    "customers.tags.all",
    (
        Column("customers.column.tag"),
        Column("customers.tags.group"),
        Column("customers.title", "number"),
        Column("customers.tags.remove", "actions"),
    ),
    "customers/parts/tag_row.html",
)
EMPTY = Empty("tags", "customers.tags.none", "customers.tags.none_text")


@needs(EDIT_CUSTOMERS)
@require_safe
def tag_list(request: HttpRequest) -> HttpResponse:
    """Every tag with its number of customers, and the forms of a new tag and a new group."""
    return _tags_page(request, TagForm(), _group_form())


def _group_form(sent: QueryDict | None = None) -> GroupForm:
    return GroupForm(sent, auto_id="id_group_%s")


def _tags_page(request: HttpRequest, form: TagForm, group_form: GroupForm) -> HttpResponse:
    table = TAGS.table(list(tags_with_customers()), empty=EMPTY)
    page = {"tags": table, "form": form, "group_form": group_form}
    return render(request, "customers/tags.html", page, status=422 if form.errors or group_form.errors else 200)


@needs(EDIT_CUSTOMERS)
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Create a tag."""
    form = TagForm(request.POST)
    if _made(request, form, lambda sent, **who: actions.make_tag(name=sent["name"], group_id=sent["group"], **who)):
        return redirect("customers:tags")
    return _tags_page(request, form, _group_form())


@needs(EDIT_CUSTOMERS)
@require_POST
def make_group(request: HttpRequest) -> HttpResponse:
    """Create a tag group."""
    form = _group_form(request.POST)
    made = _made(request, form, lambda sent, **who: actions.make_tag_group(**sent, **who))
    return made or _tags_page(request, TagForm(), form)


def _made(request: HttpRequest, form: TagForm | GroupForm, make: Callable[..., object]) -> HttpResponse | None:
    """Create what a form describes; on refusal add the error to its name."""

    def act() -> object:
        return make(form.cleaned_data, actor=current_user(request), at=timezone.now())

    def message(_: object) -> str:
        return text("customers.tags.made", name=form.cleaned_data["name"])

    return submit_form(request, form, act, message, to=reverse("customers:tags"), field="name")


@needs(EDIT_CUSTOMERS)
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Show how many customers have a tag; after confirmation, delete it."""
    tag = get_object_or_404(tags_with_customers(), pk=number)
    return confirm(
        request,
        "customers/remove_tag.html",
        {"tag": tag},
        lambda: actions.remove_tag(tag_id=number, actor=current_user(request), at=timezone.now()),
        text("customers.tags.removed", name=tag.name),
        back=reverse("customers:tags"),
    )
