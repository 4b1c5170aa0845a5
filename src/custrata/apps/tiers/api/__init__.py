"""Schemes, runs and changes in the REST API."""

from __future__ import annotations

from custrata.apps.tiers.api import changes, overrides, runs, schemes

routers = (schemes.router, overrides.router, changes.router, runs.router)

__all__ = ["routers"]
