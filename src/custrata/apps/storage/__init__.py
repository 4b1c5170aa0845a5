"""Disk usage of the workspace, and compaction."""
