"""A command line run in this process, for fixtures that last longer than a test."""

from __future__ import annotations

import sys
from io import BytesIO, TextIOWrapper

from custrata.cli import main


class Terminal(TextIOWrapper):
    """What a command writes, as text and as bytes."""

    def __init__(self) -> None:
        self.written = BytesIO()
        super().__init__(self.written, encoding="utf-8", write_through=True)

    def getvalue(self) -> str:
        self.flush()
        return self.written.getvalue().decode()


def ended(*arguments: object) -> tuple[int, str, str]:
    """How a command line ends: exit code, output, errors."""
    out, err, argv = Terminal(), Terminal(), sys.argv
    sys.argv = ["custrata", *map(str, arguments)]
    sys.stdout, sys.stderr = out, err
    try:
        main()
    except SystemExit as leave:
        return int(leave.code or 0), out.getvalue(), err.getvalue()
    except BaseException as error:
        return 99, out.getvalue(), f"Traceback {error!r}"
    finally:
        sys.stdout, sys.stderr, sys.argv = sys.__stdout__, sys.__stderr__, argv
