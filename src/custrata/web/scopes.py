"""Scopes of API tokens, and the right that the creator of a token needs for each."""

from __future__ import annotations

from enum import StrEnum

from custrata.web.rights import Right


class Scope(StrEnum):
    """A scope of a token."""

    READ_SCHEMES = "read:schemes"
    READ_CUSTOMERS = "read:customers"
    READ_CHANGES = "read:changes"
    READ_RUNS = "read:runs"
    WRITE_SCHEMES = "write:schemes"
    WRITE_OVERRIDES = "write:overrides"
    WRITE_ERASURES = "write:erasures"


RIGHT_FOR: dict[Scope, Right] = {
    Scope.READ_SCHEMES: Right.SEE_TIERS,
    Scope.READ_CUSTOMERS: Right.SEE_CUSTOMERS,
    Scope.READ_CHANGES: Right.SEE_CUSTOMERS,
    Scope.READ_RUNS: Right.SEE_RUNS,
    Scope.WRITE_SCHEMES: Right.EDIT_SCHEMES,
    Scope.WRITE_OVERRIDES: Right.OVERRIDE_TIERS,
    Scope.WRITE_ERASURES: Right.ERASE_CUSTOMERS,
}
