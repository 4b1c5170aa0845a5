"""Benchmarks: our work and that of peers, in the same run. `make bench`, or `python -m benchmarks --help`."""
