"""Request ids, request logging and metrics."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from custrata.lake.single_reads import single_reads
from custrata.web.metrics import DURATIONS, REQUESTS
from custrata.web.security_log import record_refusal
from custrata.web.workspace import cached_workspace

HEADER = "X-Request-ID"
# Letters and digits that are not easily confused.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
QUIET = ("web:health", "web:ready", "web:metrics", "static")
current: ContextVar[str] = ContextVar("current_request", default="")
log = logging.getLogger("custrata.requests")


class RequestMiddleware:
    """Assigns a request id, logs and counts; the outermost middleware, so that it sees the final response."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reference = "".join(secrets.choice(ALPHABET) for _ in range(10))
        token, began = current.set(reference), perf_counter()
        try:
            with cached_workspace(), single_reads():
                response = self.answer(request)
            seconds = perf_counter() - began
            _record(request, response, seconds)
        finally:
            current.reset(token)
        response.headers[HEADER] = reference
        response.headers["Server-Timing"] = f"app;dur={seconds * 1000:.1f}"
        _keep_private(request, response)
        return response


def reference() -> str:
    """The reference of the request being answered; empty outside of one."""
    return current.get()


def _record(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """Count and log by the name of the view, not the URL, which may hold customer ids and search terms."""
    match = request.resolver_match
    static = request.path.startswith(settings.STATIC_URL)
    view = (match.view_name or match.func.__name__) if match else "static" if static else "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(view, method, str(response.status_code)).inc()
    DURATIONS.labels(view).observe(seconds)
    level = logging.DEBUG if view in QUIET else logging.INFO
    facts = {"view": view, "method": method, "status": response.status_code, "ms": round(seconds * 1000, 1)}
    log.log(logging.ERROR if response.status_code >= 500 else level, "request", extra=facts)
    record_refusal(request, response, view)


def _keep_private(request: HttpRequest, response: HttpResponse) -> None:
    """Forbid caches to store pages."""
    if "Cache-Control" not in response.headers and not getattr(response, "file_to_stream", None):
        response.headers["Cache-Control"] = "no-store, private"
