"""The menu by role, and the start page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import reverse

from custrata.apps.accounts.models import User
from custrata.lake import Workspace
from custrata.web.navigation import GROUPS, entries, first_page, menu
from custrata.web.rights import Role
from custrata.web.texts import text


def menu_phrases(role: Role) -> list[str]:
    sections = menu(User(role=role), "/")
    return [entry.phrase.partition(".nav.")[2] for entry in (*sections["pages"], *sections["settings"])]


def test_every_entry_leads_somewhere_and_has_its_phrase(served: Workspace) -> None:
    for entry in entries(*GROUPS):
        assert reverse(entry.address)
        assert text(entry.phrase)


def test_an_administrator_sees_everything() -> None:
    assert len(menu_phrases(Role.ADMINISTRATOR)) == len(entries(*GROUPS))


def test_an_agent_sees_tiers_customers_and_their_own_account() -> None:
    assert menu_phrases(Role.AGENT) == ["tiers", "rfm_map", "customers", "playbooks", "tasks", "me"]


@pytest.mark.parametrize("role", Role)
def test_an_entry_shows_only_to_those_with_the_right(role: Role) -> None:
    shut = [entry for entry in entries(*GROUPS) if entry.right and role not in entry.right.roles]
    assert {entry.phrase.partition(".nav.")[2] for entry in shut} & set(menu_phrases(role)) == set()


def test_a_stranger_has_no_menu() -> None:
    assert menu(AnonymousUser(), "/") == {"pages": [], "settings": []}


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", "overview"),
        ("/tiers/value/", "tiers"),
        ("/tiers/rfm/map/", "rfm_map"),
        ("/tiers/runs/20250701T000000/", "runs"),
        ("/customers/c001/", "customers"),
        ("/nowhere/", None),
    ],
)
def test_the_entry_a_page_belongs_to_is_current(path: str, current: str | None) -> None:
    sections = menu(User(role=Role.ADMINISTRATOR), path)
    marked = [
        entry.phrase.partition(".nav.")[2] for entry in (*sections["pages"], *sections["settings"]) if entry.current
    ]
    assert marked == ([current] if current else [])


@pytest.mark.parametrize(("role", "first"), [(Role.ANALYST, "insights:overview"), (Role.AGENT, "tiers:list")])
def test_everybody_starts_at_the_first_page_open_to_them(role: Role, first: str) -> None:
    assert first_page(User(role=role)) == reverse(first)


@pytest.mark.django_db
def test_the_start_leads_people_in_and_strangers_to_the_sign_in(
    stranger: Client, signed_in: Callable[[Role], Client]
) -> None:
    assert stranger.get("/start/").headers["Location"] == "/account/sign-in/?next=/start/"
    assert signed_in(Role.AGENT).get("/start/").headers["Location"] == reverse("tiers:list")
