"""The apps of this server, the lowest first; each declares in its `apps.py` what it adds."""

from __future__ import annotations

APPS = (
    "custrata.apps.audit",
    "custrata.apps.jobs",
    "custrata.apps.accounts",
    "custrata.apps.storage",
    "custrata.apps.customers",
    "custrata.apps.connect",
    "custrata.apps.tiers",
    "custrata.apps.schemes",
    "custrata.apps.playbooks",
    "custrata.apps.insights",
)
