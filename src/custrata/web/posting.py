"""Run the action of a form that was posted, report its result, and redirect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
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
