"""People and their roles: for administrators."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from custrata.apps.accounts import actions
from custrata.apps.accounts.forms import InviteForm, RoleForm
from custrata.apps.accounts.models import User
from custrata.apps.accounts.queries import found_person, locked_out, open_invitations, people, rights_table
from custrata.apps.accounts.rights import MANAGE_PEOPLE
from custrata.apps.accounts.views.asking import asking_person
from custrata.errors import CustrataError
from custrata.web.gate import needs
from custrata.web.rights import Role
from custrata.web.texts import count, sentence, text
from custrata.web.versions import opened


def _person(number: int) -> User:
    person = found_person(number)
    if person is None:
        raise Http404
    return person


@needs(MANAGE_PEOPLE)
@require_safe
def everybody(request: HttpRequest) -> HttpResponse:
    """Who there is, who is invited, and what each role may do."""
    return _everybody(request, InviteForm())


def _everybody(request: HttpRequest, form: InviteForm) -> HttpResponse:
    at = timezone.now()
    page = {
        "people": people(),
        "locked": locked_out(at),
        "invitations": open_invitations(),
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
    """Invite somebody and show their link, this once."""
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            secret = actions.invite(actor=asking_person(request), at=timezone.now(), **form.cleaned_data)
        except CustrataError as error:
            form.add_error(None, sentence(error))
        else:
            link = request.build_absolute_uri(reverse("accounts:invitation", args=[secret]))
            page = {"link": link, "username": form.cleaned_data["username"], "back": reverse("accounts:people")}
            return render(request, "accounts/link_made.html", {**page, "kind": "invitation"})
    return _everybody(request, form)


@needs(MANAGE_PEOPLE)
@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Withdraw an invitation."""
    return _done(
        request,
        lambda: actions.revoke_link(link_id=number, actor=asking_person(request), at=timezone.now()),
        text("accounts.people.revoked"),
        reverse("accounts:people"),
    )


@needs(MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, number: int) -> HttpResponse:
    """One person, and their role."""
    found = _person(number)
    form = RoleForm(request.POST or None, initial={"role": found.role})
    if request.method == "POST" and form.is_valid():
        role = form.cleaned_data["role"]
        return _done(
            request,
            lambda: actions.change_role(
                person_id=number,
                role=role,
                actor=asking_person(request),
                at=timezone.now(),
                opened=opened(request),
            ),
            text("accounts.person.role_changed", person=str(found), role=text(f"web.roles.{role}")),
            reverse("accounts:person", args=[number]) if number != asking_person(request).pk else reverse("web:start"),
        )
    locked = found.folded in locked_out(timezone.now())
    page = {"person": found, "form": form, "locked": locked, "shown": {"role": found.role}}
    return render(request, "accounts/person.html", page)


@needs(MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: HttpRequest, number: int) -> HttpResponse:
    """Say what letting somebody in no longer means; do it."""
    found = _person(number)
    if request.method != "POST":
        return render(request, "accounts/deactivate.html", {"person": found})
    return _done(
        request,
        lambda: actions.deactivate(person_id=number, actor=asking_person(request), at=timezone.now()),
        text("accounts.person.deactivated", person=str(found)),
        reverse("accounts:person", args=[number]),
    )


@needs(MANAGE_PEOPLE)
@require_POST
def activate(request: HttpRequest, number: int) -> HttpResponse:
    """Let somebody in again."""
    found = _person(number)
    return _done(
        request,
        lambda: actions.activate(person_id=number, actor=asking_person(request), at=timezone.now()),
        text("accounts.person.activated", person=str(found)),
        reverse("accounts:person", args=[number]),
    )


@needs(MANAGE_PEOPLE)
@require_POST
def unlock(request: HttpRequest, number: int) -> HttpResponse:
    """Let somebody try again who gave too many wrong passwords."""
    found = _person(number)
    return _done(
        request,
        lambda: actions.unlock(person_id=number, actor=asking_person(request), at=timezone.now()),
        text("accounts.person.unlocked", person=str(found)),
        reverse("accounts:person", args=[number]),
    )


@needs(MANAGE_PEOPLE)
@require_POST
def reset_second_factor(request: HttpRequest, number: int) -> HttpResponse:
    """Let somebody sign in without the second step, so that they can set it up anew."""
    found = _person(number)
    return _done(
        request,
        lambda: actions.reset_second_factor(person_id=number, actor=asking_person(request), at=timezone.now()),
        text("accounts.person.second_reset", person=str(found)),
        reverse("accounts:person", args=[number]),
    )


@needs(MANAGE_PEOPLE)
@require_POST
def end_sessions(request: HttpRequest, number: int) -> HttpResponse:
    """Sign somebody out everywhere (oneself everywhere else)."""
    found, actor = _person(number), asking_person(request)
    keep = request.session.session_key if found.pk == actor.pk else None
    ended = actions.end_other_sessions(person=found, keep=keep, actor=actor, at=timezone.now())
    messages.success(request, count("accounts.sessions.ended", ended))
    return redirect("accounts:person", number)


@needs(MANAGE_PEOPLE)
@never_cache
@require_POST
def password_link(request: HttpRequest, number: int) -> HttpResponse:
    """Make a link with which somebody sets a new password, and show it, this once."""
    found, back = _person(number), reverse("accounts:person", args=[number])
    try:
        secret = actions.make_password_link(person_id=number, actor=asking_person(request), at=timezone.now())
    except CustrataError as error:
        messages.error(request, sentence(error))
        return redirect(back)
    link = request.build_absolute_uri(reverse("accounts:password_link", args=[secret]))
    page = {"link": link, "username": found.username, "back": back, "kind": "password"}
    return render(request, "accounts/link_made.html", page)


def _done(request: HttpRequest, act: Callable[[], object], said: str, back: str) -> HttpResponse:
    """Do it, say that it is done or why not, and go back."""
    try:
        act()
    except CustrataError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, said)
    return redirect(back)
