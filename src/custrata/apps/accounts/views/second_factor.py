"""One's own two-step sign-in: set-up, recovery codes, and turning it off."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp.plugins.otp_totp.models import TOTPDevice

from custrata.apps.accounts import actions
from custrata.apps.accounts.forms import CodeForm, PresentPasswordForm
from custrata.apps.accounts.models import User
from custrata.apps.accounts.queries import (
    recovery_codes_left,
    second_factor,
    set_up_in_progress,
    signed_in_since,
)
from custrata.apps.accounts.settings import SECOND_FACTOR_ROLES
from custrata.apps.accounts.views.authentication import WITHIN, complete_sign_in, confirm_password
from custrata.apps.accounts.views.current_user import current_user
from custrata.errors import CustrataError
from custrata.web.gate import needs
from custrata.web.posting import show_message
from custrata.web.texts import sentence, text

SETTING_UP = "setting_up"  # in the session: which secret may be shown, and since when


@needs(None)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The state of the second factor and its actions."""
    return _overview(request, PresentPasswordForm())


def _overview(request: HttpRequest, form: PresentPasswordForm) -> HttpResponse:
    person = current_user(request)
    device = second_factor(person)
    page = {
        "form": form,
        "device": device,
        "codes_left": recovery_codes_left(person) if device else 0,
        "required": person.role in SECOND_FACTOR_ROLES.value,
    }
    return render(request, "accounts/second_factor.html", page, status=422 if form.errors else 200)


@sensitive_post_parameters("present")
@needs(None)
@require_POST
def begin_set_up(request: HttpRequest) -> HttpResponse:
    """Create an unconfirmed authenticator, after the password."""

    def make(person: User) -> HttpResponse:
        device = actions.begin_set_up(person=person)
        request.session[SETTING_UP] = [device.pk, timezone.now().timestamp()]
        return redirect("accounts:set_up_second_factor")

    return _with_password(request, make)


@sensitive_post_parameters("code")
@never_cache
@needs(None)
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """The secret as a QR code and as text; the first code confirms it."""
    person, device = current_user(request), _device(request)
    if device is None:
        return redirect("accounts:second_factor")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key = request.session.session_key
        since = signed_in_since(key or "")
        try:
            codes = actions.confirm_set_up(
                person=person, device_id=device.pk, code=form.cleaned_data["code"], keep=key, at=timezone.now()
            )
        except CustrataError as error:
            form.add_error(None, sentence(error))
        else:
            del request.session[SETTING_UP]
            complete_sign_in(request, person, since, verified=True)
            return _codes(request, codes)
    page = {"form": form, "picture": picture(device), "secret": _in_groups(b32encode(device.bin_key).decode())}
    return render(request, "accounts/set_up_second_factor.html", page, status=422 if form.errors else 200)


@sensitive_post_parameters("present")
@never_cache
@needs(None)
@require_POST
def renew_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, after the password."""
    return _with_password(
        request, lambda person: _codes(request, actions.renew_recovery_codes(person=person, at=timezone.now()))
    )


@sensitive_post_parameters("present")
@needs(None)
@require_POST
def turn_off(request: HttpRequest) -> HttpResponse:
    """Turn the second factor off, after the password."""

    def off(person: User) -> HttpResponse:
        key = request.session.session_key
        since = signed_in_since(key or "")
        actions.turn_off_second_factor(person=person, keep=key, at=timezone.now())
        complete_sign_in(request, person, since)
        show_message(request, text("accounts.second.turned_off"))
        return redirect("accounts:second_factor")

    return _with_password(request, off)


def _with_password(request: HttpRequest, act: Callable[[User], HttpResponse]) -> HttpResponse:
    """Run an action if the password is right; else show the page again with the error."""
    form, person = PresentPasswordForm(request.POST), current_user(request)
    if form.is_valid():
        try:
            confirm_password(request, person, form.cleaned_data["present"])
            return act(person)
        except CustrataError as error:
            form.add_error("present", sentence(error))
    return _overview(request, form)


def _device(request: HttpRequest) -> TOTPDevice | None:
    """The authenticator being set up in this session, until it expires."""
    number, began = request.session.get(SETTING_UP, (None, 0))
    if timezone.now().timestamp() - began > 3 * WITHIN.total_seconds():
        return None
    return set_up_in_progress(current_user(request), number)


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Show the recovery codes once."""
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


def picture(device: TOTPDevice) -> str:
    """The secret as a QR code: SVG without inline styles, which the content security policy forbids."""
    code = segno.make(device.config_url, error="m")
    drawn = code.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return mark_safe(drawn)  # numbers and markup by segno only


def _in_groups(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
