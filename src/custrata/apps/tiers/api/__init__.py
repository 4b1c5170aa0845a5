"""Schemes, runs and changes in the REST API."""
