"""Playbooks: what to do for each tier, and the tasks people make of it."""
