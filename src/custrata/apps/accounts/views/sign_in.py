"""Sign in and sign out."""

from __future__ import annotations

from axes.conf import settings as axes
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from custrata.apps.accounts.actions import check_second_step, record_lock_out
from custrata.apps.accounts.forms import CodeForm, SignInForm
from custrata.apps.accounts.models import User
from custrata.apps.accounts.queries import person_named, recovery_codes_left
from custrata.apps.accounts.views.authentication import PENDING, admit, complete_sign_in, is_throttled, pending_person
from custrata.errors import CustrataError
from custrata.web.posting import show_message
from custrata.web.redirects import safe_next
from custrata.web.security_log import record_event
from custrata.web.texts import count, sentence, text


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for user name and password, and redirect to the requested page."""
    next_url = safe_next(request, reverse("web:start"))
    if request.user.is_authenticated:
        return redirect(next_url)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if is_throttled(request):
            return _refused(request, form, next_url, "crowded")
        person = authenticate(request, **form.cleaned_data)
        if isinstance(person, User):
            return admit(request, person, next_url)
        locked = getattr(request, "axes_locked_out", False)
        return _refused(request, form, next_url, "locked" if locked else "wrong")
    page = {"form": form, "next": next_url}
    return render(request, "accounts/sign_in.html", page, status=422 if form.errors else 200)


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second step: the code of the authenticator, or one of the recovery codes."""
    person = pending_person(request)
    if person is None:
        return redirect("accounts:sign_in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        next_url = request.session[PENDING]["wanted"]
        try:
            recovered = check_second_step(person=person, code=form.cleaned_data["code"], at=timezone.now())
        except CustrataError as error:
            record_event(request, "second_step_failed", user=person.username, reason=type(error).__name__)
            form.add_error(None, sentence(error))
        else:
            complete_sign_in(request, person, verified=True)
            if recovered:
                show_message(request, count("accounts.second.left", recovery_codes_left(person)), "warning")
            return redirect(next_url)
    return render(request, "accounts/sign_in_code.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    response = redirect("accounts:sign_in")
    response.headers["Clear-Site-Data"] = (
        '"cache", "storage"'  # pages cached by the browser; cookies are deleted already
    )
    return response


def _refused(request: HttpRequest, form: SignInForm, next_url: str, why: str) -> HttpResponse:
    """The page again, with a message that does not reveal whether the user name exists."""
    wait = int(axes.AXES_COOLOFF_TIME.total_seconds())
    username = form.cleaned_data["username"]
    person = person_named(username)
    # An unknown user name may be a password typed into the wrong field: it is not logged.
    record_event(request, "sign_in_failed", user=person.username if person else "", reason=why)
    if why == "locked" and getattr(request, "axes_failures_since_start", None) == axes.AXES_FAILURE_LIMIT:
        record_lock_out(username=username, at=timezone.now())
    form.add_error(None, text(f"accounts.sign_in.{why}", minutes=wait // 60))
    page = {"form": form, "next": next_url}
    response = render(request, "accounts/sign_in.html", page, status=422 if why == "wrong" else 429)
    if why != "wrong":
        response.headers["Retry-After"] = str(wait)
    return response
