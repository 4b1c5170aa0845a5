"""Run the action of a form that was posted, report its result, and redirect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from custrata.errors import CustrataError
from custrata.web.texts import sentence

Result = TypeVar("Result")


def run_action(request: HttpRequest, act: Callable[[], Result], message: str | Callable[[Result], str]) -> bool:
    """Run an action and show `message`, or why it was refused; return whether it succeeded.

    A callable `message` gets the result of the action. An empty message is not shown.
    """
    try:
        result = act()
    except CustrataError as error:
        messages.error(request, sentence(error))
        return False
    success = message(result) if callable(message) else message
    if success:
        messages.success(request, success)
    return True


def redirect_after(
    request: HttpRequest,
    act: Callable[[], Result],
    message: str | Callable[[Result], str],
    *,
    to: str,
    back: str = "",
) -> HttpResponse:
    """Run an action and redirect to the address `to`, or to `back` where it was refused and that differs."""
    succeeded = run_action(request, act, message)
    return redirect(to if succeeded or not back else back)


def run_form(
    request: HttpRequest,
    form: Form,
    act: Callable[[], Result],
    message: str | Callable[[Result], str],
    field: str | None = None,
) -> bool:
    """Run the action of a valid form and show `message`; return whether it succeeded.

    A refusal becomes an error of the form, or of `field`, so that the page shows it with the values that were sent.
    """
    if not form.is_valid():
        return False
    try:
        result = act()
    except CustrataError as error:
        form.add_error(field, sentence(error))
        return False
    messages.success(request, message(result) if callable(message) else message)
    return True
