"""Where messages may go: public addresses by https, and never a place inside the network that the service stands in.

A name is resolved once, every address that it has is judged, and the connection goes to the address that was judged; so a name
that answers differently the second time leads nowhere.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from packets.errors import InputError, Problem

PORTS = {"https": 443, "http": 80}
LONGEST_URL = 2000
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones behind a translator (RFC 6052)."""
Resolve = Callable[[str, int], Iterable[str]]


def resolve_name(host: str, port: int) -> list[str]:
    """Every address of a host.

    Raises:
        OSError: it has none, or nobody says.
    """
    return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes: the address that was judged, and the name that certificate and `Host` are about."""

    scheme: str
    host: str
    port: int
    path: str
    address: str


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """Judges addresses.

    Attributes:
        local: whether the machine itself and plain http are good enough: for development only.
        resolve: finds the addresses of a name.
    """

    local: bool = False
    resolve: Resolve = resolve_name

    def check(self, url: str) -> Target:
        """Where this URL leads now.

        Raises:
            InputError: it is no https URL, has a password in it, cannot be resolved, or leads into a private network.
        """
        scheme, host, port, path = self._parts(url)
        try:
            found = [ipaddress.ip_address(one) for one in self.resolve(host, port)]
        except (OSError, ValueError, UnicodeError):
            raise _refused("its host has no address") from None
        if not found or not all(self._is_public(one) for one in found):
            raise _refused("its host is not a public one")
        return Target(scheme, host, port, path, str(found[0]))

    def _parts(self, url: str) -> tuple[str, str, int, str]:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
        except ValueError:
            raise _refused("it is no URL") from None
        plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= LONGEST_URL
        if not plain or not host or not port or parts.fragment or "@" in parts.netloc:
            raise _refused("it is no plain URL with a host")
        if parts.scheme != "https" and not (self.local and parts.scheme == "http"):
            raise _refused("it is not https")
        return parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def _is_public(self, one: IPv4Address | IPv6Address) -> bool:
        if self.local and one.is_loopback:
            return True
        if isinstance(one, IPv6Address):
            translated = one.ipv4_mapped or one.sixtofour or one.teredo or one in TRANSLATED or one.is_site_local
            if translated:
                return False
        return one.is_global and not one.is_multicast and not one.is_reserved


def _refused(why: str) -> InputError:
    sentence = f"The address of the webhook cannot be used: {why}."
    return InputError(Problem("webhook-url-refused", sentence, "Give a public https:// address.", "url"))
