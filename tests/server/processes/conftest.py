"""The server as a tree of processes."""

from __future__ import annotations

import socket

import pytest
from tests.server.jobs.conftest import tree

__all__ = ["tree"]


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        number: int = listener.getsockname()[1]
        return number
