"""The menu, as apps declare it, by rights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from custrata.web.manifest import Entry, manifests
from custrata.web.rights import may

GROUPS = ("pages", "settings")


@dataclass(frozen=True)
class MenuItem:
    """A menu entry as rendered on a page."""

    phrase: str
    icon: str
    href: str
    current: bool


def entries(*groups: str) -> list[Entry]:
    """The entries of these groups, one group after the other, each in its order."""
    declared = [entry for app in manifests() for entry in app.menu]
    return [
        entry for group in groups for entry in sorted(declared, key=lambda entry: entry.order) if entry.group == group
    ]


def menu(person: Any, path: str) -> dict[str, list[MenuItem]]:
    """The entries a person may open, by group; the one that `path` belongs to is current."""
    groups = {group: list(_permitted(person, entries(group))) for group in GROUPS}
    hrefs = [href for visible in groups.values() for _, href in visible]
    belongs = (href for href in hrefs if path == href or (href != "/" and path.startswith(href)))
    current = max(belongs, key=len, default=None)
    return {
        group: [MenuItem(entry.phrase, entry.icon, href, href == current) for entry, href in visible]
        for group, visible in groups.items()
    }


def first_page(person: Any) -> str:
    """Where a person starts: the first page they may open."""
    return next((href for _, href in _permitted(person, entries(*GROUPS))), "/")


def _permitted(person: Any, declared: Iterable[Entry]) -> Iterator[tuple[Entry, str]]:
    for entry in declared:
        if person.is_authenticated and (entry.right is None or may(person, entry.right)):
            yield entry, reverse(entry.address)
