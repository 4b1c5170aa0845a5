"""The REST API: what the apps offer, under one address and with one description."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils.module_loading import import_string
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from custrata.web.bearers import BearerToken, NotAuthenticated, TokenRate
from custrata.web.bodies import StrictParser
from custrata.web.gate import to_sign_in
from custrata.web.manifest import manifests
from custrata.web.problems import MEDIA, ExactRenderer, no_such_address, refuse, tell_problems, with_problems


def for_whom_it_concerns(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Show the description to who is signed in or has a token; to everybody, where the settings say so."""

    @wraps(view, updated=())
    def guarded(request: HttpRequest, *given: object, **named: object) -> HttpResponse:
        if not (settings.API_DOCS_OPEN or request.user.is_authenticated):
            match = request.resolver_match
            if "Authorization" not in request.headers and match and match.url_name == "openapi-view":
                return to_sign_in(request)
            try:
                BearerToken()(request)
            except NotAuthenticated as error:
                return refuse(request, error)
        return view(request, *given, **named)

    return guarded


class Api(NinjaAPI):
    """Ninja's, but for two things its description says: operations by their short names, problems by their type."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the function: programs that are generated call it so."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        """The description; refusals are `application/problem+json`."""
        described = super().get_openapi_schema(**given)
        for operations in described["paths"].values():
            for operation in operations.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400:
                        answer["content"] = {MEDIA: answer["content"]["application/json"]}
        return described


api = Api(
    title="Custrata",
    version="1",
    description=(
        "Customer tiering. Send a token (Settings, API tokens) as `Authorization: Bearer TOKEN`. Decimals are text, "
        "instants ISO 8601 in UTC; errors are problem details (RFC 9457) with the error's name as `code`."
    ),
    urls_namespace="api",
    docs_decorator=for_whom_it_concerns,
    throttle=[TokenRate()],
    renderer=ExactRenderer(),
    parser=StrictParser(),
)
tell_problems(api)
for router in (name for app in manifests() for name in app.routers):
    api.add_router("", import_string(router))

addresses = api.urls
with_problems([address for address in addresses[0] if isinstance(address, URLPattern)])
urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", addresses),
    re_path("", no_such_address, name="no_such_api"),
]
