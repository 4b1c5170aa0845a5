"""The log of sign-ins and refused requests: one line each, with the person and the address, without secrets.

It is the one part of the log that names people; the logger is `custrata.security`.
"""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse

from custrata.web.addresses import client_address

log = logging.getLogger("custrata.security")
REFUSALS = (401, 403, 429)


def record_event(request: HttpRequest, event: str, *, user: str = "", **facts: object) -> None:
    """Log a security event; `user` is a user name as it is stored, never as it was typed."""
    named = {"user": user or "-", "address": client_address(request) or "-", **facts}
    log.log(logging.INFO if event == "signed_in" else logging.WARNING, event, extra=named)


def record_refusal(request: HttpRequest, response: HttpResponse, view: str) -> None:
    """Log that a request was refused; the sign-in pages log their own events."""
    if response.status_code in REFUSALS and not view.startswith("accounts:sign_in"):
        record_event(request, "refused", user=_who(request), view=view, status=response.status_code)


def _who(request: HttpRequest) -> str:
    """The user already authenticated in the request; none is looked up only for the log."""
    person: Any = getattr(request, "token_owner", None) or getattr(request, "_cached_user", None)
    return str(getattr(person, "username", ""))
