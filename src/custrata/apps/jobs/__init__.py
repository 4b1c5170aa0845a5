"""Long work: progress, log, cancel, retry, schedule."""
