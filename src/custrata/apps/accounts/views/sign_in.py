"""Coming in and going out."""

from __future__ import annotations

from datetime import datetime

from axes.conf import settings as axes
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from custrata.apps.accounts.actions import begin_session, record_lock_out
from custrata.apps.accounts.forms import SignInForm
from custrata.apps.accounts.models import User
from custrata.apps.accounts.views.asking import client_address
from custrata.apps.accounts.views.seen import MARK
from custrata.web.texts import text
from custrata.web.way_back import way_back

BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for user name and password, and lead where one wanted to go."""
    wanted = way_back(request, reverse("web:start"))
    if request.user.is_authenticated:
        return redirect(wanted)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = authenticate(request, **form.cleaned_data)
        if isinstance(person, User):
            come_in(request, person)
            return redirect(wanted)
        return _refused(request, form, wanted)
    return render(request, "accounts/sign_in.html", {"form": form, "next": wanted})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return redirect("accounts:sign_in")


def come_in(request: HttpRequest, person: User, since: datetime | None = None) -> None:
    """Sign a person in here, under a new session key; `since` where they were signed in here already."""
    login(request, person, backend=BACKEND)
    request.session[MARK] = True
    request.session.save()
    at = timezone.now()
    begin_session(
        person=person,
        session_key=request.session.session_key or "",
        device=request.headers.get("User-Agent", ""),
        address=client_address(request),
        since=since or at,
        at=at,
    )


def _refused(request: HttpRequest, form: SignInForm, wanted: str) -> HttpResponse:
    """The page again, with a sentence that does not tell whether there is such a person."""
    locked = bool(getattr(request, "axes_locked_out", False))
    wait = int(axes.AXES_COOLOFF_TIME.total_seconds())
    if locked:
        form.add_error(None, text("accounts.sign_in.locked", minutes=wait // 60))
        if getattr(request, "axes_failures_since_start", None) == axes.AXES_FAILURE_LIMIT:
            record_lock_out(username=form.cleaned_data["username"], at=timezone.now())
    else:
        form.add_error(None, text("accounts.sign_in.wrong"))
    page = {"form": form, "next": wanted}
    response = render(request, "accounts/sign_in.html", page, status=429 if locked else 422)
    if locked:
        response.headers["Retry-After"] = str(wait)
    return response
