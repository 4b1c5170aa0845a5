"""Schemes, tiers and runs."""
