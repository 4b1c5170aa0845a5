"""Processes: workers, one child process per job, and the scheduler."""
