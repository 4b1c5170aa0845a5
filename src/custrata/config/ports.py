"""The address that the server listens at."""

from __future__ import annotations

import errno
import socket

from custrata.errors import Refused

DEFAULT_PORT, LAST_PORT = 8000, 65535


class PortInUse(Refused):
    template = "Port {port} is already in use. Stop the program that uses it, or choose another: --port {other}"


class NoSuchAddress(Refused):
    template = "The server cannot listen at {host}, port {port}: {reason}. Choose another with --host and --port."


def reserve(host: str, port: int) -> socket.socket:
    """Bind an address without listening, to reserve it while no server process listens.

    Raises `PortInUse`, `NoSuchAddress`.
    """
    try:
        return _bound(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port=port, other=port + 1 if port < LAST_PORT else DEFAULT_PORT) from error
        raise NoSuchAddress(host=host, port=port, reason=error.strerror or error) from error


def _bound(host: str, port: int) -> socket.socket:
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


def url(host: str, port: int) -> str:
    """The URL of a server that listens at the address, for this machine."""
    reachable_host = reachable(host)
    return f"http://[{reachable_host}]:{port}" if ":" in reachable_host else f"http://{reachable_host}:{port}"
