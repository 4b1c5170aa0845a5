"""Platform exports, recognised by their headers: column meanings, and rows that are no orders."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

from custrata.ingest.headers import plain_header


@dataclass(frozen=True)
class Platform:
    """One platform's export: its label, the name of its statuses, the headers that identify it, the headers of every
    field by kind of file, and by header the cells of rows that are no orders."""

    label: str
    status: str
    signature: frozenset[str]
    kinds: Mapping[str, Mapping[str, tuple[str, ...]]]
    leave_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def columns(self, kind: str, headers: Iterable[str]) -> dict[str, str]:
        """The header of every field of a kind of file; nothing where the platform has no such kind."""
        places: dict[str, str] = {}
        for header in headers:
            places.setdefault(plain_header(header), header)
        taken: dict[str, str] = {}
        for name, candidates in self.kinds.get(kind, {}).items():
            free = (places[plain] for plain in candidates if plain in places and places[plain] not in taken.values())
            if (match := next(free, None)) is not None:
                taken[name] = match
        return taken

    def left_out(self, headers: Iterable[str]) -> dict[str, list[str]]:
        """The cells of rows that are no orders, by header."""
        return {
            header: list(self.leave_out[plain_header(header)])
            for header in headers
            if plain_header(header) in self.leave_out
        }


@lru_cache(maxsize=1)
def _platforms() -> tuple[Platform, ...]:
    data = tomllib.loads((resources.files(__package__) / "platforms.toml").read_text("utf-8"))
    return tuple(
        Platform(
            entry.pop("label"),
            entry.pop("status", name),
            frozenset(entry.pop("signature")),
            leave_out={header: tuple(cells) for header, cells in entry.pop("leave_out", {}).items()},
            kinds={
                kind: {name: tuple(candidates) for name, candidates in fields.items()} for kind, fields in entry.items()
            },
        )
        for name, entry in data.items()
    )


def platform_of(headers: Iterable[str]) -> Platform | None:
    """The platform whose export has these headers.

    >>> platform_of(["Transaction ID", "Gross", "Fee", "Net"]).label
    'PayPal'
    """
    plain = {plain_header(header) for header in headers}
    return next((platform for platform in _platforms() if platform.signature <= plain), None)
