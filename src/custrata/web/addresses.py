"""Client addresses: the address of the browser in front of trusted proxies."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address of the browser; behind proxies (CUSTRATA_PROXIES of them) the one that the outermost of them saw.

    Entries further left in X-Forwarded-For may be forged. None where there is no address.
    """
    passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    proxies = getattr(settings, "PROXIES", 0)
    spoken = passed[-proxies] if 0 < proxies <= len(passed) else request.META.get("REMOTE_ADDR", "")
    address = _parsed(spoken)
    return str(address) if address else None


def counted_address(request: HttpRequest) -> str | None:
    """The address that failures are counted for: of IPv6 the /64 network, since a client usually has all of it."""
    address = _parsed(client_address(request) or "")
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address) if address else None


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address as it may stand in a header: with a port, in brackets, IPv4 written as IPv6.

    >>> [str(_parsed(text)) for text in ("10.0.0.7:4431", "[2001:db8::1]:443", "::ffff:10.0.0.7", "unknown")]
    ['10.0.0.7', '2001:db8::1', '10.0.0.7', 'None']
    """
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:  # a socket has none, and a header may hold anything
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
