"""A client of the API with a token of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from tests.server.conftest import AT, Person

from custrata.apps.accounts.models import User
from custrata.apps.connect.actions import create_token
from custrata.web.manifest import scopes as declared_scopes
from custrata.web.rights import Role
from custrata.web.scopes import TokenScope

MakeProgram = Callable[..., "Program"]


class Program:
    """Sends requests with a token; `get`, `post` and `delete` take the path below `/api/v1`."""

    def __init__(self, token: str) -> None:
        self.token = token
        self._client = Client(headers={"Authorization": f"Bearer {token}"})

    def get(self, address: str, **query: str | int) -> Any:
        return self._client.get(f"/api/v1{address}", query)

    def post(self, address: str, **body: object) -> Any:
        return self._client.post(f"/api/v1{address}", body, content_type="application/json")

    def send(self, address: str, body: str) -> Any:
        """Send a raw body."""
        return self._client.post(f"/api/v1{address}", body, content_type="application/json")

    def delete(self, address: str) -> Any:
        return self._client.delete(f"/api/v1{address}")


@pytest.fixture(autouse=True)
def reset_counters() -> None:
    """Reset the request counters: they live in the process, and tokens of two tests have the same id."""
    cache.clear()


@pytest.fixture
def make_program(person: Person) -> MakeProgram:
    """Makes a client with an administrator's token for these scopes, or for all where none is named."""
    makers: list[User] = []

    def ask(*scopes: TokenScope) -> Program:
        if not makers:
            makers.append(person(Role.ADMINISTRATOR))
        _, token = create_token(
            name="till", scopes=scopes or tuple(declared_scopes()), expires_at=None, actor=makers[0], at=AT
        )
        return Program(token)

    return ask
