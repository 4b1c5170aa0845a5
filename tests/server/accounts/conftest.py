"""Fixtures shared by the tests of accounts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from custrata.apps.accounts.models import User
from custrata.lake import Workspace

PASSWORD = "correct horse 7"
SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Fast password hashing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def served(tmp_path: Path, settings: Any) -> Workspace:
    """A served workspace without customers: accounts need none."""
    settings.WORKSPACE = tmp_path / "shop"
    return Workspace.create(settings.WORKSPACE, name="Test", currency="CNY", timezone="Asia/Shanghai", language="en")


@pytest.fixture
def browser() -> SignIn:
    """Signs a person in by the form, and returns the client."""

    def sign_in(person: User, password: str = PASSWORD, agent: str = "Firefox on Linux") -> Client:
        client = Client(headers={"user-agent": agent})
        response = client.post("/account/sign-in/", {"username": person.username, "password": password})
        assert response.status_code == 302, response.status_code
        return client

    return sign_in
