"""The REST API: the routers of the apps under one address, with one OpenAPI description."""

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
from custrata.web.problems import MEDIA, ExactRenderer, add_problem_handlers, no_such_address, refuse, with_problems


def restrict_docs(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Restrict the API description to signed-in users and token holders, unless `API_DOCS_OPEN` is set."""

    @wraps(view, updated=())
    def guarded(request: HttpRequest, *args: object, **named: object) -> HttpResponse:
        if not (settings.API_DOCS_OPEN or request.user.is_authenticated):
            match = request.resolver_match
            if "Authorization" not in request.headers and match and match.url_name == "openapi-view":
                return to_sign_in(request)
            try:
                BearerToken()(request)
            except NotAuthenticated as error:
                return refuse(request, error)
        return view(request, *args, **named)

    return guarded


class Api(NinjaAPI):
    """A Ninja API with short operation ids and problem details in its OpenAPI description."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the function, which generated clients use as method name."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """The OpenAPI description, with errors as `application/problem+json`."""
        described = super().get_openapi_schema(**kwargs)
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
    docs_decorator=restrict_docs,
    throttle=[TokenRate()],
    renderer=ExactRenderer(),
    parser=StrictParser(),
)
add_problem_handlers(api)
for router in (name for app in manifests() for name in app.routers):
    api.add_router("", import_string(router))

addresses = api.urls
with_problems([address for address in addresses[0] if isinstance(address, URLPattern)])
urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", addresses),
    re_path("", no_such_address, name="no_such_api"),
]
