"""Queries on runs and schemes, from the records of the published runs."""

from __future__ import annotations

from custrata.apps.tiers.queries import comparison, panels, past, runs, schemes, values

__all__ = ["comparison", "panels", "past", "runs", "schemes", "values"]
