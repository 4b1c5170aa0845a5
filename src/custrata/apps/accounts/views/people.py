"""Pages of people and their roles, for administrators."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from custrata.apps.accounts import actions
from custrata.apps.accounts.forms import InviteForm, RoleForm
from custrata.apps.accounts.models import User
from custrata.apps.accounts.queries import locked_out, open_invitations, people, person_by_id, rights_table
from custrata.apps.accounts.rights import MANAGE_PEOPLE
from custrata.apps.accounts.views.current_user import current_user
from custrata.errors import CustrataError
from custrata.web.gate import needs
from custrata.web.lists import Listing, columns
from custrata.web.posting import confirm, redirect_after, show_message
from custrata.web.rights import Role
from custrata.web.texts import count, sentence, text
from custrata.web.versions import opened

PEOPLE = Listing(
    "accounts.people.everybody",
    (
        *columns("accounts.field", "name", "username", "role"),
        *columns("accounts.people", "state", "last_sign_in", "second", "places", places="number"),
    ),
    "accounts/person_row.html",
)
INVITATIONS = Listing(
    "accounts.people.invited",
    (
        *columns("accounts.field", "username", "role"),
        *columns("accounts.people", "invited_by", "valid_until", "revoke", revoke="actions"),
    ),
    "accounts/invitation_row.html",
)


def _person(number: int) -> User:
    person = person_by_id(number)
    if person is None:
        raise Http404
    return person


@needs(MANAGE_PEOPLE)
@require_safe
def people_list(request: HttpRequest) -> HttpResponse:
    """People, invitations, and the rights of each role."""
    return _people_page(request, InviteForm())


def _people_page(request: HttpRequest, form: InviteForm) -> HttpResponse:
    at = timezone.now()
    page = {
        "people": PEOPLE.table(list(people())),
        "locked": locked_out(at),
        "invitations": INVITATIONS.table(list(open_invitations())),
        "now": at,
        "form": form,
        "roles": list(Role),
        "rights": rights_table(),
    }
    return render(request, "accounts/people.html", page, status=422 if form.errors else 200)


@needs(MANAGE_PEOPLE)
@never_cache
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a person and show the link once."""
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            secret = actions.invite(actor=current_user(request), at=timezone.now(), **form.cleaned_data)
        except CustrataError as error:
            form.add_error(None, sentence(error))
        else:
            link = request.build_absolute_uri(reverse("accounts:invitation", args=[secret]))
            page = {"link": link, "username": form.cleaned_data["username"], "back": reverse("accounts:people")}
            return render(request, "accounts/link_made.html", {**page, "kind": "invitation"})
    return _people_page(request, form)


@needs(MANAGE_PEOPLE)
@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Revoke an invitation."""
    return redirect_after(
        request,
        lambda: actions.revoke_link(link_id=number, actor=current_user(request), at=timezone.now()),
        text("accounts.people.revoked"),
        to=reverse("accounts:people"),
    )


@needs(MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, number: int) -> HttpResponse:
    """One person, and their role."""
    person = _person(number)
    form = RoleForm(request.POST or None, initial={"role": person.role})
    if request.method == "POST" and form.is_valid():
        role = form.cleaned_data["role"]
        own = number == current_user(request).pk  # who gives up the right to see the page is led elsewhere
        return redirect_after(
            request,
            lambda: actions.change_role(
                person_id=number,
                role=role,
                actor=current_user(request),
                at=timezone.now(),
                opened=opened(request),
            ),
            text("accounts.person.role_changed", person=str(person), role=text(f"web.roles.{role}")),
            to=reverse("web:start") if own else reverse("accounts:person", args=[number]),
        )
    locked = person.folded in locked_out(timezone.now())
    page = {"person": person, "form": form, "locked": locked, "shown": {"role": person.role}}
    return render(request, "accounts/person.html", page)


@needs(MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: HttpRequest, number: int) -> HttpResponse:
    """Explain and confirm the deactivation of a person."""
    person, back = _person(number), reverse("accounts:person", args=[number])
    return confirm(
        request,
        "accounts/deactivate.html",
        {"person": person},
        lambda: actions.deactivate(person_id=number, actor=current_user(request), at=timezone.now()),
        text("accounts.person.deactivated", person=str(person)),
        back=back,
    )


@needs(MANAGE_PEOPLE)
@require_POST
def activate(request: HttpRequest, number: int) -> HttpResponse:
    """Reactivate a person."""
    person = _person(number)
    return redirect_after(
        request,
        lambda: actions.activate(person_id=number, actor=current_user(request), at=timezone.now()),
        text("accounts.person.activated", person=str(person)),
        to=reverse("accounts:person", args=[number]),
    )


@needs(MANAGE_PEOPLE)
@require_POST
def unlock(request: HttpRequest, number: int) -> HttpResponse:
    """Lift the lock-out of a person after too many wrong passwords."""
    person = _person(number)
    return redirect_after(
        request,
        lambda: actions.unlock(person_id=number, actor=current_user(request), at=timezone.now()),
        text("accounts.person.unlocked", person=str(person)),
        to=reverse("accounts:person", args=[number]),
    )


@needs(MANAGE_PEOPLE)
@require_POST
def reset_second_factor(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a person's second factor, so that they can set it up again."""
    person = _person(number)
    return redirect_after(
        request,
        lambda: actions.reset_second_factor(person_id=number, actor=current_user(request), at=timezone.now()),
        text("accounts.person.second_reset", person=str(person)),
        to=reverse("accounts:person", args=[number]),
    )


@needs(MANAGE_PEOPLE)
@require_POST
def end_sessions(request: HttpRequest, number: int) -> HttpResponse:
    """End all sessions of a person; one's own except for the current one."""
    person, actor = _person(number), current_user(request)
    keep = request.session.session_key if person.pk == actor.pk else None
    return redirect_after(
        request,
        lambda: actions.end_other_sessions(person=person, keep=keep, actor=actor, at=timezone.now()),
        lambda ended: count("accounts.sessions.ended", ended),
        to=reverse("accounts:person", args=[number]),
    )


@needs(MANAGE_PEOPLE)
@never_cache
@require_POST
def password_link(request: HttpRequest, number: int) -> HttpResponse:
    """Make a link to set a new password and show it once."""
    person, back = _person(number), reverse("accounts:person", args=[number])
    try:
        secret = actions.make_password_link(person_id=number, actor=current_user(request), at=timezone.now())
    except CustrataError as error:
        show_message(request, sentence(error), "error")
        return redirect(back)
    link = request.build_absolute_uri(reverse("accounts:password_link", args=[secret]))
    page = {"link": link, "username": person.username, "back": back, "kind": "password"}
    return render(request, "accounts/link_made.html", page)
