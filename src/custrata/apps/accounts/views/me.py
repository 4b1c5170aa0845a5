"""The account pages of the signed-in person: profile, password and sessions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from custrata.apps.accounts.actions import change_me, change_password, end_other_sessions, end_session
from custrata.apps.accounts.forms import ChangePasswordForm, MeForm
from custrata.apps.accounts.models import User
from custrata.apps.accounts.queries import active_sessions, signed_in_since
from custrata.apps.accounts.views.authentication import VERIFIED, complete_sign_in, confirm_password
from custrata.apps.accounts.views.current_user import current_user
from custrata.web.gate import needs
from custrata.web.lists import Empty, Listing, columns
from custrata.web.posting import redirect_after, submit_form
from custrata.web.texts import count, text
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
    saved = submit_form(
        request,
        form,
        lambda: _change(request, person, form.cleaned_data),
        lambda _: _saved_message(person),
        to=reverse("accounts:me"),
        field=lambda error: None if isinstance(error, ChangedMeanwhile) else "present",
    )
    if saved:
        return saved
    if form.is_bound:
        now = User.objects.get(pk=person.pk)
        current = {"name": now.name, "email": now.email, "language": now.language, "theme": now.theme or "auto"}
    return render(request, "accounts/me.html", {"form": form, "shown": current}, status=422 if form.errors else 200)


def _saved_message(person: User) -> str:
    """In the language that was chosen just now."""
    with translation.override(person.language or translation.get_language()):
        return text("accounts.me.kept")


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
    person, key = current_user(request), request.session.session_key

    def change() -> None:
        fields, since = form.cleaned_data, signed_in_since(key or "")
        verified = bool(request.session.get(VERIFIED))
        confirm_password(request, person, fields["present"])
        change_password(
            person=person, present=fields["present"], password=fields["password"], keep=key, at=timezone.now()
        )
        complete_sign_in(request, person, since, verified=verified)

    changed = submit_form(request, form, change, text("accounts.password.changed"), to=reverse("accounts:me"))
    return changed or render(request, "accounts/password.html", {"form": form}, status=422 if form.errors else 200)


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
    return redirect_after(
        request,
        lambda: end_session(person=person, sign_in_id=number, actor=person, at=timezone.now()),
        lambda ended: count("accounts.sessions.ended", 1) if ended else "",
        to=reverse("accounts:sessions"),
    )


@needs(None)
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all of one's sessions but this one."""
    person = current_user(request)
    key = request.session.session_key
    return redirect_after(
        request,
        lambda: end_other_sessions(person=person, keep=key, actor=person, at=timezone.now()),
        lambda ended: count("accounts.sessions.ended", ended),
        to=reverse("accounts:sessions"),
    )
