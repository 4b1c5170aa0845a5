"""Schemes in the REST API."""
