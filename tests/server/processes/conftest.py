"""The server as a tree of processes."""

from __future__ import annotations

import socket

import pytest
from tests.server.jobs.conftest import tree

__all__ = ["tree"]


@pytest.fixture
def port() -> int:
    """A port that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        number: int = found.getsockname()[1]
        return number
