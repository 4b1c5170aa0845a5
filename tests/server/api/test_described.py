"""The API conforms to its OpenAPI description: generated requests for every operation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, seed
from pytest_django.fixtures import Settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.examples import examples
from tests.server.api.conftest import MakeProgram

from custrata.config.api import api
from custrata.lake import Workspace

pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = examples(8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
PAGE = Path(__file__).resolve().parents[3] / "docs/server/api.md"
DESCRIPTION = "/api/v1/openapi.json"


def test_the_docs_name_every_operation() -> None:
    page = PAGE.read_text("utf-8")
    named = [
        f"`{method.upper()} {path}`"
        for path, operations in api.get_openapi_schema(path_prefix="")["paths"].items()
        for method in operations
    ]
    assert len(named) == 19
    assert [name for name in named if name not in page] == []


@pytest.fixture
def api_schema(own_workspace: Workspace, settings: Settings) -> Iterator[Any]:
    """The description, as the server hands it out; requests share the connection, and so the transaction, of the test.

    Django's own client for tests does the same with the signals.
    """
    settings.API_PER_MINUTE = 1_000_000
    settings.API_DOCS_OPEN = True
    settings.ALLOWED_HOSTS = ["*"]
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi(DESCRIPTION, WSGIHandler())
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_operation_answers_as_described(api_schema: Any, make_program: MakeProgram, mode: GenerationMode) -> None:
    headers = {"Authorization": f"Bearer {make_program().token}"}
    operations = [result.ok() for result in api_schema.get_all_operations()]
    assert len(operations) == 19
    for operation in operations:

        @FEW
        @seed(7)
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        check()
