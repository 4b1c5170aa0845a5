"""Every address, for a stranger and each role: who comes in, and that looking changes nothing."""

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

# Who is not signed in must get here; each of them is asked for with care in its own tests.
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
# The REST API knows no roles, only tokens; tests/server/api asks for every one of its operations.
LOCKS = {".lock", ".lease"}  # they say who reads, nothing else
OF_PROGRAMS = "api:"
# One's own account: everybody signed in has it, and no right says so.
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
# To take these along is itself noted in the audit; their own tests see to it.
NOTED = {"audit:export_csv", "audit:export_excel"}
GIVEN: dict[str, object] = {"key": "value", "scheme": "value", "customer_id": "c001", "number": 1, "pk": 1}
GIVEN |= {"tier": "high", "action": "tailor_made"}


@dataclass(frozen=True)
class Address:
    """A named address with the arguments it takes and the right its view asks for."""

    name: str
    arguments: tuple[str, ...]
    right: Right | None
    gated: bool

    def path(self, run_id: str) -> str:
        """The address with something real, or likely, for every argument."""
        given = {name: run_id if name == "run_id" else GIVEN.get(name, "1") for name in self.arguments}
        return reverse(self.name, kwargs=given)


def addresses() -> list[Address]:
    """Every address of the server that people open."""
    every = sorted(_below(get_resolver(), ()), key=lambda address: address.name)
    return [address for address in every if not address.name.startswith(OF_PROGRAMS)]


def _below(resolver: URLResolver, spaces: tuple[str, ...]) -> Iterator[Address]:
    for found in resolver.url_patterns:
        if isinstance(found, URLResolver):
            yield from _below(found, (*spaces, str(found.namespace)) if found.namespace else spaces)
        elif isinstance(found, URLPattern):
            view: Any = found.callback
            names = tuple(found.pattern.converters)
            right = getattr(view, "needs", None)
            yield Address(":".join([*spaces, str(found.name)]), names, right, hasattr(view, "needs"))


def held(folder: Path) -> dict[str, str]:
    """A fingerprint of every table and of the workspace's files."""
    found = {
        model._meta.label: _digest(list(model._base_manager.order_by("pk").values())) for model in apps.get_models()
    }
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock" and path.name not in LOCKS]
    found["files"] = _digest(sorted((str(path), path.stat().st_size) for path in files))
    return found


def _digest(rows: object) -> str:
    return hashlib.sha256(json.dumps(rows, cls=DjangoJSONEncoder, default=str).encode()).hexdigest()


def refused(answer: Any) -> bool:
    """Sent to the sign-in; or it is not asked for that way at all."""
    to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith(reverse("accounts:sign_in"))
    return bool(to_sign_in or answer.status_code == 405)


def names(found: list[Address]) -> set[str]:
    return {address.name for address in found}


def test_every_view_names_its_right_or_is_known_to_be_open() -> None:
    assert names([address for address in addresses() if not address.gated]) <= OPEN | OWN


def test_every_address_known_to_be_open_is_there() -> None:
    assert names(addresses()) >= OPEN | OWN


def test_a_stranger_comes_in_nowhere_and_changes_nothing(db: None, served: Workspace, stranger: Client) -> None:
    run, before = served.runs.all()[-1].id, held(served.folder)
    inside = [address for address in addresses() if address.name not in OPEN]
    for ask in (stranger.get, stranger.post):
        found = {address.name: ask(address.path(run)) for address in inside}
        assert {name for name, answer in found.items() if not refused(answer)} == set()
    assert held(served.folder) == before


@pytest.mark.parametrize("role", Role)
def test_a_role_without_the_right_is_refused_and_changes_nothing(
    served: Workspace, signed_in: Callable[[Role], Client], role: Role
) -> None:
    client, run = signed_in(role), served.runs.all()[-1].id
    shut = [address for address in addresses() if address.right and role not in address.right.roles]
    before = held(served.folder)
    for ask in (client.get, client.post):
        found = {address.name: ask(address.path(run)).status_code for address in shut}
        assert {name: status for name, status in found.items() if status not in (403, 405)} == {}
    assert held(served.folder) == before


@pytest.mark.parametrize("role", Role)
def test_looking_at_everything_one_may_see_changes_nothing(
    served: Workspace, signed_in: Callable[[Role], Client], role: Role
) -> None:
    client, run = signed_in(role), served.runs.all()[-1].id
    seen = [address for address in addresses() if address.name not in NOTED]
    open_to = [address for address in seen if address.right is None or role in address.right.roles]
    before = held(served.folder)
    found = {address.name: _looked(client, address.path(run)) for address in open_to}
    assert {name: status for name, status in found.items() if status == 403 or status >= 500} == {}
    assert held(served.folder) == before


def _looked(client: Client, path: str) -> int:
    answer = client.get(path)
    if getattr(answer, "streaming", False):
        b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # streaming says it has it
    return answer.status_code
