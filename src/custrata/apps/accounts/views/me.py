"""The account pages of the signed-in person: profile, password and sessions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from custrata.apps.accounts.actions import change_me, change_password, end_other_sessions, end_session
from custrata.apps.accounts.forms import ChangePasswordForm, MeForm
from custrata.apps.accounts.models import User
from custrata.apps.accounts.queries import active_sessions, signed_in_since
from custrata.apps.accounts.views.authentication import VERIFIED, complete_sign_in, confirm_password
from custrata.apps.accounts.views.current_user import current_user
from custrata.errors import CustrataError
from custrata.web.gate import needs
from custrata.web.lists import Empty, Listing, columns
from custrata.web.texts import count, sentence, text
from custrata.web.versions import ChangedMeanwhile, opened

SESSIONS = Listing(
    "accounts.sessions.title",
    columns("accounts.sessions", "device", "address", "since", "seen", "end", end="actions"),
    "accounts/session_row.html",
)


@sensitive_post_parameters("present")
@needs(None)
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """Name, e-mail address, language and theme."""
    person = current_user(request)
    current = {"name": person.name, "email": person.email, "language": person.language, "theme": person.theme or "auto"}
    form = MeForm(request.POST or None, initial=current)
    if request.method == "POST" and form.is_valid():
        try:
            _change(request, person, form.cleaned_data)
        except CustrataError as error:
            form.add_error(None if isinstance(error, ChangedMeanwhile) else "present", sentence(error))
            now = User.objects.get(pk=person.pk)
            current = {"name": now.name, "email": now.email, "language": now.language, "theme": now.theme or "auto"}
        else:
            with translation.override(person.language or translation.get_language()):
                messages.success(request, text("accounts.me.kept"))
            return redirect("accounts:me")
    return render(request, "accounts/me.html", {"form": form, "shown": current}, status=422 if form.errors else 200)


def _change(request: HttpRequest, person: User, filled: dict[str, Any]) -> None:
    """Change the profile; a new e-mail address requires the password, since it may receive reset links."""
    present = filled.pop("present")
    if filled["email"].strip() != person.email:
        confirm_password(request, person, present)
    change_me(person=person, at=timezone.now(), opened=opened(request), **filled)


@sensitive_post_parameters()
@needs(None)
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's password; every other session ends."""
    form = ChangePasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person, fields, key = current_user(request), form.cleaned_data, request.session.session_key
        since, verified = signed_in_since(key or ""), bool(request.session.get(VERIFIED))
        try:
            confirm_password(request, person, fields["present"])
            change_password(
                person=person, present=fields["present"], password=fields["password"], keep=key, at=timezone.now()
            )
        except CustrataError as error:
            form.add_error(None, sentence(error))
        else:
            complete_sign_in(request, person, since, verified=verified)
            messages.success(request, text("accounts.password.changed"))
            return redirect("accounts:me")
    return render(request, "accounts/password.html", {"form": form}, status=422 if form.errors else 200)


@needs(None)
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """One's own sessions."""
    sign_ins = active_sessions(current_user(request), request.session.session_key, timezone.now())
    others = any(not sign_in.current for sign_in in sign_ins)
    return render(
        request,
        "accounts/sessions.html",
        {"table": SESSIONS.table(sign_ins, empty=Empty("logout", "accounts.sessions.none")), "others": others},
    )


@needs(None)
@require_POST
def end_one(request: HttpRequest, number: int) -> HttpResponse:
    """End one of one's sessions."""
    person = current_user(request)
    if end_session(person=person, sign_in_id=number, actor=person, at=timezone.now()):
        messages.success(request, count("accounts.sessions.ended", 1))
    return redirect("accounts:sessions")


@needs(None)
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all of one's sessions but this one."""
    person = current_user(request)
    ended = end_other_sessions(person=person, keep=request.session.session_key, actor=person, at=timezone.now())
    messages.success(request, count("accounts.sessions.ended", ended))
    return redirect("accounts:sessions")
