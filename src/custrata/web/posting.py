"""Posted forms: run the action, say what came of it, and redirect or draw the page again.

    redirect_after(request, act, message, to=…)       always redirects, as after a button
    submit(request, act, message, to=…)               redirects; None where refused, and the page is drawn again
    submit_form(request, form, act, message, to=…)    the same for a form, which then has the refusal as its error
    confirm(request, template, context, act, …)       asks on a page of its own before it acts

Only this module adds messages; one that belongs to no action is shown by `show_message`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from custrata.errors import CustrataError
from custrata.web.texts import sentence

Result = TypeVar("Result")
Tone = Literal["success", "warning", "error"]
TONES: dict[Tone, int] = {"success": messages.SUCCESS, "warning": messages.WARNING, "error": messages.ERROR}


def show_message(request: HttpRequest, message: str, tone: Tone = "success") -> None:
    """Show a message on the next page that is drawn. An empty one is not shown."""
    if message:
        messages.add_message(request, TONES[tone], message)


def run_action(request: HttpRequest, act: Callable[[], Result], message: str | Callable[[Result], str]) -> bool:
    """Run an action and show `message`, or why it was refused; return whether it succeeded.

    A callable `message` gets the result of the action.
    """
    return submit(request, act, message, to="/") is not None


def submit(
    request: HttpRequest,
    act: Callable[[], Result],
    message: str | Callable[[Result], str],
    *,
    to: str | Callable[[Result], str],
) -> HttpResponse | None:
    """Run an action, show `message` and redirect to `to`; None where it was refused, with the reason as a message.

    Callables get the result of the action.
    """
    try:
        result = act()
    except CustrataError as error:
        show_message(request, sentence(error), "error")
        return None
    return _redirect(request, result, message, to)


def redirect_after(
    request: HttpRequest,
    act: Callable[[], Result],
    message: str | Callable[[Result], str],
    *,
    to: str | Callable[[Result], str],
    back: str = "",
) -> HttpResponse:
    """Run an action and redirect to `to`, or to `back` where it was refused; without `back`, to `to` as well."""
    response = submit(request, act, message, to=to)
    if response is not None:
        return response
    assert back or isinstance(to, str)
    return redirect(back or to)


def submit_form(
    request: HttpRequest,
    form: Form,
    act: Callable[[], Result],
    message: str | Callable[[Result], str],
    *,
    to: str | Callable[[Result], str],
    field: str | Callable[[CustrataError], str | None] | None = None,
) -> HttpResponse | None:
    """Run the action of a form that was posted, show `message` and redirect to `to`.

    None where nothing valid was posted or the action was refused: the refusal is then an error of the form, or of
    `field`, so that the page shows it with the values that were sent.
    """
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        result = act()
    except CustrataError as error:
        form.add_error(field(error) if callable(field) else field, sentence(error))
        return None
    return _redirect(request, result, message, to)


def confirm(
    request: HttpRequest,
    template: str,
    context: Mapping[str, object],
    act: Callable[[], Result],
    message: str | Callable[[Result], str],
    *,
    back: str,
    to: str | Callable[[Result], str] = "",
) -> HttpResponse:
    """The page that asks before a step, which extends `web/confirm.html`; when it is posted, run the action.

    `back` is where cancelling and a refusal lead to, and without `to` a success as well.
    """
    if request.method == "POST":
        return redirect_after(request, act, message, to=to or back, back=back)
    return render(request, template, {**context, "back": back})


def _redirect(
    request: HttpRequest,
    result: Result,
    message: str | Callable[[Result], str],
    to: str | Callable[[Result], str],
) -> HttpResponse:
    show_message(request, message(result) if callable(message) else message)
    return redirect(to(result) if callable(to) else to)
