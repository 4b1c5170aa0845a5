"""Sum up the processor times of tests by folder, and print the longest: `python tools/test_times.py FILE [NUMBER]`.

`CUSTRATA_TEST_TIMES=FILE make test` writes the file; see `tests/times.py`.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path


def folder_of(name: str) -> str:
    """The folder of a test: two levels, three for those of the server."""
    parts = name.split("::")[0].split("/")
    return "/".join(parts[: min(3 if "server" in parts[:2] else 2, len(parts) - 1)])


def main(file: Path, number: int) -> None:
    """Print the seconds of each folder with its number of tests, then the longest tests."""
    seconds, counts, tests = defaultdict[str, float](float), Counter[str](), defaultdict[str, float](float)
    for line in file.read_text("utf-8").splitlines():
        spent, _, name = line.partition("\t")
        seconds[folder_of(name)] += float(spent)
        counts[folder_of(name)] += 1
        tests[name] += float(spent)
    print(f"{sum(seconds.values()):8.1f} {counts.total():5} in all")
    for folder, spent_there in sorted(seconds.items(), key=lambda entry: -entry[1]):
        print(f"{spent_there:8.1f} {counts[folder]:5} {folder}")
    for name, spent_on_it in sorted(tests.items(), key=lambda entry: -entry[1])[:number]:
        print(f"{spent_on_it:8.1f} {name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 30)
