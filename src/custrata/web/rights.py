"""Who may do what: the roles there are, and what a right is. Each app declares its rights in its `rights.py`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What a person is here for."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    ANALYST = "analyst"
    AGENT = "agent"


class Right(str):
    """One thing a person may do: its name as a text, and the roles that have it, administrators always among them.

    Parameters: `app` is the label of the app that declares it, whose wording names it under `rights.<name>`; tables of
    rights show the lowest `order` first.
    """

    app: str
    order: int
    roles: frozenset[Role]

    def __new__(cls, name: str, *, app: str, order: int, roles: Iterable[Role] = ()) -> Right:
        right = super().__new__(cls, name)
        right.app, right.order, right.roles = app, order, frozenset({Role.ADMINISTRATOR, *roles})
        return right

    @property
    def phrase(self) -> str:
        """The phrase that names it."""
        return f"{self.app}.rights.{self}"


def roles_named(text: str) -> frozenset[Role]:
    """The roles of a setting: names with commas between, or `all`. Raises `ValueError`.

    >>> sorted(roles_named("analyst, administrator"))
    [<Role.ADMINISTRATOR: 'administrator'>, <Role.ANALYST: 'analyst'>]
    """
    if text.strip() == "all":
        return frozenset(Role)
    return frozenset(Role(name.strip()) for name in text.split(",") if name.strip())


def may(person: Any, right: Right) -> bool:
    """Whether a person (a user, or nobody) has a right."""
    return bool(person.is_authenticated and person.is_active and getattr(person, "role", None) in right.roles)
