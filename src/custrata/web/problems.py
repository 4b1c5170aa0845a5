"""Errors of the REST API as problem details (RFC 9457), and its JSON encoding of numbers and instants."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt
from ninja import Field, NinjaAPI, Schema
from ninja.errors import HttpError, Throttled, ValidationError
from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder

from custrata.errors import CustrataError
from custrata.web.computing import named_failure, unfit_value
from custrata.web.requests import reference

log = logging.getLogger("custrata.api")
RETRY = "10"  # seconds
MEDIA = "application/problem+json"


class ExactEncoder(NinjaJSONEncoder):
    """Decimals to the last digit, as text; instants in UTC, to the microsecond."""

    def default(self, o: object) -> Any:
        if isinstance(o, Decimal):
            return exact(o)
        if isinstance(o, datetime) and o.tzinfo is not None:
            return o.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return super().default(o)


class ExactRenderer(JSONRenderer):
    """Answers as `ExactEncoder` writes them."""

    encoder_class = ExactEncoder
    json_dumps_params = {"ensure_ascii": False}  # noqa: RUF012  # as Ninja declares it


def exact(value: Any) -> str | None:
    """A number as text, without exponent; None for None."""
    if value is None:
        return None
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def problem(status: int, code: str, detail: str, **more: object) -> HttpResponse:
    """Problem details: `code` names the error for programs, `detail` says in English what happened and what to do."""
    head = {"type": f"urn:custrata:{code}", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    body = json.dumps({**head, "detail": detail, **more}, cls=ExactEncoder, ensure_ascii=False)
    return HttpResponse(body, content_type=MEDIA, status=status)


def refuse(request: HttpRequest, error: CustrataError, **more: object) -> HttpResponse:
    """The response to a Custrata error, with the status of its class."""
    answer = problem(error.status, type(error).__name__, str(error), **more)
    if error.status == 503:
        answer.headers["Retry-After"] = RETRY
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The response to a request that does not match the schema."""
    faults = [{"place": [str(step) for step in fault["loc"]], "reason": fault["msg"]} for fault in error.errors]
    reasons = "; ".join(f"{'.'.join(fault['place'])}: {fault['reason']}" for fault in faults)
    return problem(422, "InvalidRequest", f"The request is not as the API describes it. {reasons}", errors=faults)


def _throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    seconds = int(error.wait or 60)
    answer = problem(429, "TooManyRequests", f"This token asks too often. Ask again in {seconds} seconds.")
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    status = HTTPStatus(error.status_code)
    return problem(status, status.phrase.title().replace(" ", ""), str(error))


def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "RequestTooBig", "The request is too big. Send less at once.")


def _suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    return problem(400, "BadRequest", str(error) or "The request cannot be read.")


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """The response to deadlines, rejected values, and unexpected errors, which are logged with the reference."""
    named = named_failure(error)
    if named is not None:
        return refuse(request, named)
    if unfit_value(error):
        return problem(400, "BadRequest", "A value in the request is longer or larger than any can be.")
    log.error("the API failed", exc_info=error)
    return problem(500, "Broken", f"Something went wrong on the server; its log calls it {reference()}.")


@csrf_exempt
def no_such_address(request: HttpRequest, *args: object, **named: object) -> HttpResponse:
    """The response at an unknown URL of the API."""
    return problem(404, "NoSuchAddress", "The API has no such address; /api/v1/openapi.json lists them.")


def add_problem_handlers(api: NinjaAPI) -> None:
    """Answer all errors of an API's operations with problem details."""
    handlers: dict[type[Exception], Callable[..., HttpResponse]] = {
        CustrataError: refuse,
        ValidationError: _invalid,
        Throttled: _throttled,
        HttpError: _http,
        Http404: no_such_address,
        RequestDataTooBig: _too_big,
        SuspiciousOperation: _suspicious,
        Exception: _broken,
    }
    for kind, answer in handlers.items():
        api.add_exception_handler(kind, answer)


def with_problems(patterns: Sequence[URLPattern]) -> None:
    """Answer status 405 at these URLs with problem details, too."""
    for pattern in patterns:
        pattern.callback = _with_405_problem(pattern.callback)


def _with_405_problem(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def answered(request: HttpRequest, *args: object, **named: object) -> HttpResponse:
        answer = view(request, *args, **named)
        if answer.status_code != 405:
            return answer
        allowed = ", ".join(sorted(answer.headers["Allow"].split(", ")))
        response = problem(405, "MethodNotAllowed", f"This address is asked for with {allowed}.")
        response.headers["Allow"] = allowed
        return response

    return answered


class FaultOut(Schema):
    """Where a request is not as the API describes it, and why."""

    place: list[str]
    reason: str


class ProblemOut(Schema):
    """What went wrong (RFC 9457): `code` names the error, `detail` says in English what happened and what to do.

    `errors` are the faults of a request that is not as described; `since`, with status 410, is where to go on.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FaultOut] = Field(default_factory=list)
    since: str = ""


def answers(shape: Any, *refusals: int, status: int = 200) -> dict[int, Any]:
    """The responses of an operation: its own, those common to all operations, and further errors."""
    every = (400, 401, 403, 422, 429, *refusals)
    return {status: shape, **dict.fromkeys(sorted(every), ProblemOut)}
