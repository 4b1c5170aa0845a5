"""The menu, by rights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from custrata.web.rights import Right, may


@dataclass(frozen=True)
class Entry:
    """A menu entry: phrase, icon, URL name, and the required right (None: all signed-in users)."""

    phrase: str
    icon: str
    address: str
    right: Right | None = None


@dataclass(frozen=True)
class MenuItem:
    """A menu entry as rendered on a page."""

    phrase: str
    icon: str
    href: str
    current: bool


PAGES = (
    Entry("web.nav.overview", "layout-dashboard", "insights:overview", Right.SEE_OVERVIEW),
    Entry("web.nav.tiers", "stack-2", "tiers:list", Right.SEE_TIERS),
    Entry("web.nav.rfm_map", "grid-4x4", "tiers:rfm_map", Right.SEE_TIERS),
    Entry("web.nav.customers", "users", "customers:list", Right.SEE_CUSTOMERS),
    Entry("web.nav.playbooks", "book", "playbooks:list", Right.SEE_PLAYBOOKS),
    Entry("web.nav.tasks", "checklist", "playbooks:tasks", Right.SEE_PLAYBOOKS),
    Entry("web.nav.runs", "refresh", "tiers:runs", Right.SEE_RUNS),
    Entry("web.nav.jobs", "list-check", "jobs:list", Right.SEE_JOBS),
)
SETTINGS = (
    Entry("web.nav.me", "user-circle", "accounts:me"),
    Entry("web.nav.people", "user-shield", "accounts:people", Right.MANAGE_PEOPLE),
    Entry("web.nav.workspace", "building-store", "accounts:workspace", Right.MANAGE_WORKSPACE),
    Entry("web.nav.storage", "database", "storage:disk", Right.MANAGE_WORKSPACE),
    Entry("web.nav.tokens", "key", "connect:tokens", Right.MANAGE_TOKENS),
    Entry("web.nav.erasures", "user-off", "customers:erasures", Right.ERASE_CUSTOMERS),
    Entry("web.nav.audit", "history", "audit:list", Right.SEE_AUDIT),
)


def menu(person: Any, path: str) -> dict[str, list[MenuItem]]:
    """The entries that a person may open, grouped in pages and settings; that of `path` is current."""
    groups = {"pages": list(_permitted(person, PAGES)), "settings": list(_permitted(person, SETTINGS))}
    hrefs = [href for entries in groups.values() for _, href in entries]
    belongs = (href for href in hrefs if path == href or (href != "/" and path.startswith(href)))
    current = max(belongs, key=len, default=None)
    return {
        group: [MenuItem(entry.phrase, entry.icon, href, href == current) for entry, href in entries]
        for group, entries in groups.items()
    }


def first_page(person: Any) -> str:
    """Where a person starts: the first page they may open."""
    return next((href for _, href in _permitted(person, PAGES + SETTINGS)), "/")


def _permitted(person: Any, entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, str]]:
    for entry in entries:
        if not person.is_authenticated or not (entry.right is None or may(person, entry.right)):
            continue
        try:
            yield entry, reverse(entry.address)
        except NoReverseMatch:  # the app is not installed: its folder is the feature
            continue
