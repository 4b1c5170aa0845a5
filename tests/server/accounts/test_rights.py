"""Permissions of the account pages, and the table of rights in page and docs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation
from tests.server.conftest import Person

from custrata.apps.accounts.models import User
from custrata.apps.accounts.queries import rights_table
from custrata.apps.audit.models import Change
from custrata.web.rights import Role

DOCS = Path(__file__).resolve().parents[3] / "docs/server/people.md"
ADMINISTRATORS_ONLY = [
    ("get", "/account/people/"),
    ("get", "/account/people/{number}/"),
    ("post", "/account/people/{number}/"),
    ("get", "/account/people/{number}/deactivate/"),
    ("post", "/account/people/{number}/deactivate/"),
    ("post", "/account/people/{number}/activate/"),
    ("post", "/account/people/{number}/unlock/"),
    ("post", "/account/people/{number}/end-sessions/"),
    ("post", "/account/people/{number}/password-link/"),
    ("post", "/account/people/invite/"),
    ("post", "/account/people/invitations/1/revoke/"),
    ("get", "/account/workspace/"),
    ("post", "/account/workspace/"),
]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]


@pytest.mark.parametrize(("method", "page"), ADMINISTRATORS_ONLY)
@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_others_are_refused_and_nothing_changes(
    signed_in: Callable[[Role], Client], person: Person, role: Role, method: str, page: str
) -> None:
    chief = person(Role.ADMINISTRATOR)
    form = {"role": "agent", "username": "eve", "name": "x", "language": "en"}
    answer = getattr(signed_in(role), method)(page.format(number=chief.pk), form)
    assert answer.status_code == 403
    assert not Change.objects.exists()
    assert User.objects.filter(role="administrator", is_active=True).count() == 1


@pytest.mark.parametrize(("method", "page"), ADMINISTRATORS_ONLY)
def test_a_stranger_is_asked_to_sign_in(stranger: Client, person: Person, method: str, page: str) -> None:
    chief = person(Role.ADMINISTRATOR)
    answer = getattr(stranger, method)(page.format(number=chief.pk), {"role": "agent"})
    assert answer.status_code == 302
    assert answer.url.startswith("/account/sign-in/?next=")
    assert not Change.objects.exists()


def table() -> str:
    """The table of rights as the docs show it."""
    roles = [role.value for role in Role]
    lines = [f"| | {' | '.join(roles)} |", f"|---|{':---:|' * len(roles)}"]
    with translation.override("en"):
        lines += [f"| {row.name} | {' | '.join('✓' if has else ' ' for has in row.roles)} |" for row in rights_table()]
    return "\n".join(lines)


def test_the_docs_show_the_table_of_rights() -> None:
    assert table() in DOCS.read_text("utf-8"), f"put this table into {DOCS.name}:\n{table()}"
