"""The processes that do the work: workers, a process of its own per job, and the scheduler."""
