"""The schemes of the workspace as they are published, and their versions."""

from __future__ import annotations

from custrata.apps.tiers.queries.drafts import library
from custrata.apps.tiers.queries.schemes import NoSuchScheme
from custrata.tiering import Version


def published_versions() -> dict[str, Version]:
    """The published version of every scheme in force, in the order in which they are shown."""
    return library().published()


def published_number(key: str) -> int | None:
    """The number of the published version; none of a scheme that is retired. Raises `NoSuchScheme`."""
    found = published_versions().get(key)
    if found is None and key not in library().retired():
        raise NoSuchScheme(scheme=key)
    return found.number if found else None


def versions_of(key: str) -> list[Version]:
    """Every version of a scheme, the newest first. Raises `NoSuchScheme`."""
    published_number(key)
    return library().versions(key)


def version_of(key: str, number: int) -> Version:
    """One version of a scheme. Raises `NoSuchScheme`, `NoSuchVersion`."""
    published_number(key)
    return library().version(key, number)
