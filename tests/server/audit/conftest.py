"""Fixtures shared with the tests of accounts."""

from __future__ import annotations

from tests.server.accounts.conftest import quick_passwords, served

__all__ = ["quick_passwords", "served"]
