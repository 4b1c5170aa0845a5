"""Forking, signals and parent death, for all server processes."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Collection
from typing import NoReturn

from django.db import connections

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15  # prctl(2)
STOP = (signal.SIGTERM, signal.SIGINT)


def fork(run: Callable[[], object], *, name: str) -> int:
    """Run a function in a child process that is killed when this one ends; return the PID of the child.

    `ps` and `top` show it as `custrata-<name>`, cut to fifteen characters.

    Database connections do not survive a fork on either side, so they are closed first. The parent must never have
    used an engine, since threads do not survive a fork.
    """
    connections.close_all()
    sys.stdout.flush()
    sys.stderr.flush()
    parent, child = os.getpid(), os.fork()
    if child:
        return child
    _run_child(run, parent, name)


def _run_child(run: Callable[[], object], parent: int, name: str) -> NoReturn:
    code = 1
    try:
        end_with_parent(parent)
        ctypes.CDLL(None).prctl(PR_SET_NAME, f"custrata-{name}".encode())
        for number in (*STOP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        run()
        code = 0
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # without the exit handlers of the parent


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; exit at once if it already has."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def block_signals(numbers: Collection[signal.Signals]) -> None:
    """Block signals, so that `wait_for_signal` receives them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)


def wait_for_signal(numbers: Collection[signal.Signals], seconds: float) -> int | None:
    """The next signal, or None after `seconds` without one."""
    signal_info = signal.sigtimedwait(numbers, max(seconds, 0.0))
    return signal_info.si_signo if signal_info is not None else None
