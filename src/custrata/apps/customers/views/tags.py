"""Pages of tags and tag groups."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.customers import actions
from custrata.apps.customers.forms import GroupForm, TagForm, cleaned_number
from custrata.apps.customers.queries import tag_groups, tags_with_customers
from custrata.apps.customers.rights import EDIT_CUSTOMERS
from custrata.web.gate import needs
from custrata.web.lists import Column, Empty, Listing
from custrata.web.posting import redirect_after
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
    """Every tag with its number of customers, and the groups."""
    table = TAGS.table(list(tags_with_customers()), empty=EMPTY)
    return render(request, "customers/tags.html", {"tags": table, "groups": list(tag_groups())})


@needs(EDIT_CUSTOMERS)
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Create a tag."""
    form = TagForm(request.POST)
    form.is_valid()
    name, group = form.cleaned_data.get("name", ""), cleaned_number(form, "group")
    return redirect_after(
        request,
        lambda: actions.make_tag(name=name, group_id=group, actor=current_user(request), at=timezone.now()),
        text("customers.tags.made", name=name),
        to=reverse("customers:tags"),
    )


@needs(EDIT_CUSTOMERS)
@require_POST
def make_group(request: HttpRequest) -> HttpResponse:
    """Create a tag group."""
    form = GroupForm(request.POST)
    form.is_valid()
    name, exclusive = form.cleaned_data.get("name", ""), bool(form.cleaned_data.get("exclusive"))
    person, at = current_user(request), timezone.now()
    return redirect_after(
        request,
        lambda: actions.make_tag_group(name=name, exclusive=exclusive, actor=person, at=at),
        text("customers.tags.made", name=name),
        to=reverse("customers:tags"),
    )


@needs(EDIT_CUSTOMERS)
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Show how many customers have a tag; after confirmation, delete it."""
    tag = get_object_or_404(tags_with_customers(), pk=number)
    if request.method == "GET":
        return render(request, "customers/remove_tag.html", {"tag": tag, "back": reverse("customers:tags")})
    return redirect_after(
        request,
        lambda: actions.remove_tag(tag_id=number, actor=current_user(request), at=timezone.now()),
        text("customers.tags.removed", name=tag.name),
        to=reverse("customers:tags"),
    )
