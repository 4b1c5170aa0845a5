"""Queries on drafts and versions of schemes."""
