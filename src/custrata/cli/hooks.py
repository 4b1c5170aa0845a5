"""How commands reach a workspace's server: functions named by the server's layer, imported when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pkgutil import resolve_name
from typing import Any

# `module:function` of what opens the database of a server: `(workspace) -> Database | None`.
DATABASES: list[str] = []

# `module:function` of what opens the audit of a server for the publications of an operating-system user:
# `(workspace, user, at) -> PublicationLog | None`.
LOGS: list[str] = []


def imported(names: Iterable[str]) -> Iterator[Callable[..., Any]]:
    """The functions of these names."""
    return map(resolve_name, names)
