"""API permissions: tokens with the scope, as long as their creator has the right; nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from tests.server.api.conftest import MakeProgram, Program
from tests.server.conftest import AT

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.apps.connect.actions import revoke_token
from custrata.apps.connect.models import Token
from custrata.config.api import api
from custrata.lake import Workspace
from custrata.web.bearers import BearerToken
from custrata.web.manifest import scopes as scopes_declared
from custrata.web.rights import Role
from custrata.web.scopes import TokenScope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]
PATH_ARGUMENTS = {
    "key": "value",
    "scheme": "value",
    "number": "1",
    "tier": "high",
    "customer_id": "c001",
    "run_id": "x",
}
PATH_ARGUMENTS |= {"erasure": "0"}
BODY: dict[str, object] = {"schemes": [{"key": "x"}], "scheme": {}, "version": 1, "tier": "high", "reason": "why"}


def operations() -> Iterator[tuple[str, str, tuple[TokenScope, ...]]]:
    """Every operation of the API: its method, its address, and the scopes it requires."""
    for bound in api._get_bound_routers():  # Ninja has no public list
        for view in bound.path_operations.values():
            for operation in view.operations:
                address = operation.path.replace("path:", "").format(**PATH_ARGUMENTS)
                (gate,) = operation.auth_callbacks
                assert isinstance(gate, BearerToken)
                yield operation.methods[0], address, gate.scopes


OPERATIONS = list(operations())


def ask(client: Client, method: str, address: str, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"data": BODY, "content_type": "application/json"} if method == "POST" else {}
    return getattr(client, method.lower())(f"/api/v1{address}", headers=headers, **body)


def test_every_operation_asks_for_a_scope() -> None:
    assert len(OPERATIONS) == 19
    assert [address for _, address, scopes in OPERATIONS if not scopes] == []


@pytest.mark.parametrize(("method", "address", "scopes"), OPERATIONS)
def test_without_a_token_nobody_gets_an_answer(method: str, address: str, scopes: tuple[TokenScope, ...]) -> None:
    answer = ask(Client(), method, address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "NotAuthenticated"


@pytest.mark.parametrize(("method", "address", "scopes"), OPERATIONS)
def test_a_token_without_the_scope_is_refused_and_changes_nothing(
    make_program: MakeProgram, method: str, address: str, scopes: tuple[TokenScope, ...]
) -> None:
    program = make_program(*(scope for scope in scopes_declared() if scope != scopes[-1]))
    before = Change.objects.count()
    answer = ask(Client(), method, address, program.token)
    assert (answer.status_code, answer.json()["code"]) == (403, "ScopeMissing")
    assert scopes[-1] in answer.json()["detail"]
    assert Change.objects.count() == before


@pytest.mark.parametrize(("method", "address", "scopes"), OPERATIONS)
def test_a_token_with_just_these_scopes_comes_in(
    make_program: MakeProgram, own_workspace: Workspace, method: str, address: str, scopes: tuple[TokenScope, ...]
) -> None:
    assert ask(Client(), method, address, make_program(*scopes).token).status_code in (200, 404, 409, 422)


def test_a_session_opens_the_pages_and_not_the_api(signed_in: Callable[[Role], Client]) -> None:
    assert signed_in(Role.ADMINISTRATOR).get("/api/v1/schemes").status_code == 401


def test_what_its_maker_may_not_do_any_more_a_token_may_not_either(make_program: MakeProgram) -> None:
    program = make_program()
    User.objects.update(role=Role.ANALYST)
    refused = program.post("/schemes/value/rollback", version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "BeyondRights")
    assert program.get("/schemes").status_code == 200


@pytest.mark.parametrize("over", ["TokenRevoked", "TokenExpired", "TokenIdle"])
def test_a_token_that_is_over_is_refused_by_name(make_program: MakeProgram, over: str) -> None:
    program, token = make_program(), Token.objects.get()
    if over == "TokenRevoked":
        revoke_token(number=token.pk, actor=None, at=AT)
    if over == "TokenExpired":
        Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    if over == "TokenIdle":
        User.objects.update(is_active=False)
    answer = program.get("/schemes")
    assert (answer.status_code, answer.json()["code"]) == (401, over)


@pytest.mark.parametrize("header", ["Basic YWRhOmFkYQ==", "Bearer", "Bearer nonsense", "cst_1_2", ""])
def test_other_headers_open_nothing(header: str) -> None:
    answer = Client().get("/api/v1/schemes", headers={"Authorization": header})
    assert answer.status_code == 401


def test_other_sites_and_forms_need_no_csrf_token_since_cookies_count_for_nothing(
    make_program: MakeProgram, own_workspace: Workspace
) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert ask(strict, "POST", "/schemes/value/rollback", make_program().token).json()["code"] == "NothingToPublish"


def test_who_asks_too_often_is_told_when_to_ask_again(make_program: MakeProgram, settings: Settings) -> None:
    settings.API_PER_MINUTE = 2
    program, other = make_program(), make_program()
    program.get("/schemes/value"), program.get("/schemes/value")
    refused = program.get("/schemes/value")
    assert (refused.status_code, refused.json()["code"]) == (429, "TooManyRequests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert other.get("/schemes/value").status_code == 200


def test_the_description_is_for_who_is_signed_in_or_has_a_token(
    make_program: MakeProgram, signed_in: Callable[[Role], Client]
) -> None:
    assert Client().get("/api/v1/openapi.json").json()["code"] == "NotAuthenticated"
    assert Client().get("/api/v1/docs").headers["Location"] == "/account/sign-in/?next=/api/v1/docs"
    wrong = Client(headers={"Authorization": "Bearer wrong"})
    assert [wrong.get(f"/api/v1/{page}").status_code for page in ("openapi.json", "docs")] == [401, 401]
    for allowed in (Client(headers={"Authorization": f"Bearer {make_program().token}"}), signed_in(Role.AGENT)):
        assert [allowed.get(f"/api/v1/{page}").status_code for page in ("openapi.json", "docs")] == [200, 200]


@pytest.mark.parametrize("address", ["/schemes", "/docs", "/openapi.json", "/nothing", ""])
def test_over_plain_http_the_api_refuses_where_pages_lead_to_https(
    make_program: MakeProgram, settings: Settings, address: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client = Client(headers={"Authorization": f"Bearer {make_program().token}"})
    answer = client.post(f"/api/v1{address}") if address else client.get("/api")
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/problem+json")
    assert answer.json()["code"] == "HttpsRequired"
    assert client.get("/api/v1/schemes", secure=True).status_code == 200
    assert client.get("/account/sign-in/").status_code == 301


def test_an_open_description_says_nothing_of_the_workspace(served: Workspace, settings: Settings) -> None:
    settings.API_DOCS_OPEN = True
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Custrata"


def test_an_unknown_address_and_a_wrong_method_are_problems_too(make_program: MakeProgram) -> None:
    program: Program = make_program()
    assert program.get("/nothing").json()["code"] == "NoSuchAddress"
    refused = program.delete("/schemes")
    assert (refused.status_code, refused.json()["code"]) == (405, "MethodNotAllowed")
    assert refused.headers["Allow"] == "GET, POST"
