"""Schemes: drafts, the editor and the wizard, simulation, versions and publication."""
