"""The table of roles and rights, which the docs show; every view declares the right it needs."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """The role of a person."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    ANALYST = "analyst"
    AGENT = "agent"


class Right(StrEnum):
    """A permission."""

    SEE_OVERVIEW = "see_overview"
    SEE_TIERS = "see_tiers"
    SEE_CUSTOMERS = "see_customers"
    EDIT_CUSTOMERS = "edit_customers"
    ASSIGN_OWNERS = "assign_owners"
    OVERRIDE_TIERS = "override_tiers"
    SEE_DRAFTS = "see_drafts"
    EDIT_SCHEMES = "edit_schemes"
    SEE_PLAYBOOKS = "see_playbooks"
    DO_TASKS = "do_tasks"
    EDIT_PLAYBOOKS = "edit_playbooks"
    EXPORT = "export"
    SEE_RUNS = "see_runs"
    REFRESH = "refresh"
    WITHDRAW_RUNS = "withdraw_runs"
    ERASE_CUSTOMERS = "erase_customers"
    SEE_JOBS = "see_jobs"
    SCHEDULE = "schedule"
    SEE_AUDIT = "see_audit"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_WORKSPACE = "manage_workspace"
    MANAGE_TOKENS = "manage_tokens"


_AGENT = frozenset({Right.SEE_CUSTOMERS, Right.EDIT_CUSTOMERS, Right.SEE_TIERS, Right.SEE_PLAYBOOKS, Right.DO_TASKS})
_ANALYST = frozenset(
    {
        Right.SEE_OVERVIEW,
        Right.SEE_TIERS,
        Right.SEE_DRAFTS,
        Right.SEE_CUSTOMERS,
        Right.SEE_PLAYBOOKS,
        Right.EXPORT,
        Right.SEE_RUNS,
        Right.SEE_JOBS,
    }
)
_OPERATOR = (
    _ANALYST
    | _AGENT
    | {
        Right.ASSIGN_OWNERS,
        Right.OVERRIDE_TIERS,
        Right.EDIT_SCHEMES,
        Right.EDIT_PLAYBOOKS,
        Right.REFRESH,
        Right.SCHEDULE,
    }
)
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.OPERATOR: _OPERATOR,
    Role.ANALYST: _ANALYST,
    Role.AGENT: _AGENT,
}


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
    role = getattr(person, "role", None)
    return bool(person.is_authenticated and person.is_active and role in RIGHTS and right in RIGHTS[Role(role)])
