"""The address that the server listens at."""

from __future__ import annotations

import socket


def hold_port(host: str, port: int) -> socket.socket:
    """Bind an address without listening, to reserve it while no server process listens.

    Raises `OSError` where it is in use or cannot be had.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind(address)
    listener = socket.socket(family, kind, protocol)
    # The server processes share the address with this socket by the same option.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(address)
    return listener


def is_listening(host: str, port: int) -> bool:
    """Whether a server listens at the address."""
    try:
        with socket.create_connection((reachable(host), port), timeout=0.2):
            return True
    except OSError:
        return False


def reachable(host: str) -> str:
    """The address at which a server that listens at `host` can be reached on this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
