"""Published schemes and their versions."""

from __future__ import annotations

from custrata.apps.schemes.queries.drafts import library
from custrata.apps.tiers.queries.schemes import NoSuchScheme
from custrata.tiering import Version


def published_versions() -> dict[str, Version]:
    """The published version of every scheme in force, in the order in which they are shown."""
    return library().published()


def published_number(key: str) -> int | None:
    """The number of the published version; None for a retired scheme. Raises `NoSuchScheme`."""
    version = published_versions().get(key)
    if version is None and key not in library().retired():
        raise NoSuchScheme(scheme=key)
    return version.number if version else None


def versions_of(key: str) -> list[Version]:
    """Every version of a scheme, the newest first. Raises `NoSuchScheme`."""
    published_number(key)
    return library().versions(key)


def version_of(key: str, number: int) -> Version:
    """One version of a scheme. Raises `NoSuchScheme`, `NoSuchVersion`."""
    published_number(key)
    return library().version(key, number)
