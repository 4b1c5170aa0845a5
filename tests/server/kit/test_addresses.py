"""Every URL, for anonymous users and each role: access is enforced, and GET changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from custrata.lake import Workspace
from custrata.web.rights import Right, Role

# Open to anonymous users; each has tests of its own.
OPEN = {
    "web:health",
    "web:ready",
    "web:metrics",
    "web:start",
    "web:language",
    "web:theme",
    "accounts:sign_in",
    "accounts:sign_in_code",
    "accounts:sign_out",
    "accounts:first",
    "accounts:invitation",
    "accounts:password_link",
    "no_such_api",
}
# The REST API knows no roles, only tokens; tests/server/api covers every operation.
LOCKS = {".lock", ".lease"}  # they only name readers
OF_PROGRAMS = "api:"
# The own account: open to everybody who is signed in, without a right.
OWN = {
    "accounts:me",
    "accounts:password",
    "accounts:second_factor",
    "accounts:begin_second_factor",
    "accounts:set_up_second_factor",
    "accounts:renew_recovery_codes",
    "accounts:turn_off_second_factor",
    "accounts:sessions",
    "accounts:end_other_sessions",
    "accounts:end_session",
}
# These exports are themselves recorded in the audit; they have tests of their own.
NOTED = {"audit:export_csv", "audit:export_excel"}
PATH_ARGUMENTS: dict[str, object] = {"key": "value", "scheme": "value", "customer_id": "c001", "number": 1, "pk": 1}
PATH_ARGUMENTS |= {"tier": "high", "action": "tailor_made"}


@dataclass(frozen=True)
class Address:
    """A named URL with its arguments and the right that its view requires."""

    name: str
    arguments: tuple[str, ...]
    right: Right | None
    gated: bool

    def path(self, run_id: str) -> str:
        """The URL with an existing or plausible value for every argument."""
        arguments = {name: run_id if name == "run_id" else PATH_ARGUMENTS.get(name, "1") for name in self.arguments}
        return reverse(self.name, kwargs=arguments)


def addresses() -> list[Address]:
    """Every URL of the server that people open."""
    every = sorted(_walk(get_resolver(), ()), key=lambda address: address.name)
    return [address for address in every if not address.name.startswith(OF_PROGRAMS)]


def _walk(resolver: URLResolver, spaces: tuple[str, ...]) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, (*spaces, str(pattern.namespace)) if pattern.namespace else spaces)
        elif isinstance(pattern, URLPattern):
            view: Any = pattern.callback
            names = tuple(pattern.pattern.converters)
            right = getattr(view, "needs", None)
            yield Address(":".join([*spaces, str(pattern.name)]), names, right, hasattr(view, "needs"))


def fingerprints(folder: Path) -> dict[str, str]:
    """A fingerprint of every table and of the workspace's files."""
    digests = {
        model._meta.label: _digest(list(model._base_manager.order_by("pk").values())) for model in apps.get_models()
    }
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock" and path.name not in LOCKS]
    digests["files"] = _digest(sorted((str(path), path.stat().st_size) for path in files))
    return digests


def _digest(rows: object) -> str:
    return hashlib.sha256(json.dumps(rows, cls=DjangoJSONEncoder, default=str).encode()).hexdigest()


def is_refused(answer: Any) -> bool:
    """Whether the response redirects to the sign-in page, or the method is not allowed."""
    to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith(reverse("accounts:sign_in"))
    return bool(to_sign_in or answer.status_code == 405)


def names(subset: list[Address]) -> set[str]:
    return {address.name for address in subset}


def test_every_view_names_its_right_or_is_known_to_be_open() -> None:
    assert names([address for address in addresses() if not address.gated]) <= OPEN | OWN


def test_every_address_known_to_be_open_is_there() -> None:
    assert names(addresses()) >= OPEN | OWN


def test_a_stranger_is_refused_everywhere_and_changes_nothing(db: None, served: Workspace, stranger: Client) -> None:
    run, before = served.runs.all()[-1].id, fingerprints(served.folder)
    inside = [address for address in addresses() if address.name not in OPEN]
    for ask in (stranger.get, stranger.post):
        responses = {address.name: ask(address.path(run)) for address in inside}
        assert {name for name, answer in responses.items() if not is_refused(answer)} == set()
    assert fingerprints(served.folder) == before


@pytest.mark.parametrize("role", Role)
def test_a_role_without_the_right_is_refused_and_changes_nothing(
    served: Workspace, signed_in: Callable[[Role], Client], role: Role
) -> None:
    client, run = signed_in(role), served.runs.all()[-1].id
    shut = [address for address in addresses() if address.right and role not in address.right.roles]
    before = fingerprints(served.folder)
    for ask in (client.get, client.post):
        statuses = {address.name: ask(address.path(run)).status_code for address in shut}
        assert {name: status for name, status in statuses.items() if status not in (403, 405)} == {}
    assert fingerprints(served.folder) == before


@pytest.mark.parametrize("role", Role)
def test_get_requests_change_nothing(served: Workspace, signed_in: Callable[[Role], Client], role: Role) -> None:
    client, run = signed_in(role), served.runs.all()[-1].id
    candidates = [address for address in addresses() if address.name not in NOTED]
    open_to = [address for address in candidates if address.right is None or role in address.right.roles]
    before = fingerprints(served.folder)
    statuses = {address.name: _get_status(client, address.path(run)) for address in open_to}
    assert {name: status for name, status in statuses.items() if status == 403 or status >= 500} == {}
    assert fingerprints(served.folder) == before


def _get_status(client: Client, path: str) -> int:
    answer = client.get(path)
    if getattr(answer, "streaming", False):
        b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # streaming says it has it
    return answer.status_code
