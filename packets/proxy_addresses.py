"""Addresses of the proxies that may say for whom they ask, as a setting names them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

UNIX = "unix"
"""Whoever can reach the socket of `esm serve --socket`."""
NOBODY = frozenset({"", "false", "no", "off", "0"})
ANYBODY = frozenset({"true", "yes", "on", "1", "*"})
EXAMPLE = "for example 127.0.0.1 or 10.20.0.0/16"

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def parse_proxies(text: str) -> frozenset[Network | str]:
    """Read the networks of proxies, separated by commas or spaces; the word `unix` stands for a socket.

    Raises:
        ValueError: with what is wrong, as the end of a sentence.
    """
    if text.strip().lower() in NOBODY:
        return frozenset()
    if text.strip().lower() in ANYBODY:
        message = f"it would let anybody claim any address; write the addresses of your proxies, {EXAMPLE}"
        raise ValueError(message)
    return frozenset(_parse_proxy(word) for word in text.replace(",", " ").split())


def _parse_proxy(word: str) -> Network | str:
    if word.lower() == UNIX:
        return UNIX
    try:
        network = ip_network(word)
    except ValueError:
        message = f"{word[:60]!r} is not an address or a network of addresses; write {EXAMPLE}"
        raise ValueError(message) from None
    if network.prefixlen == 0:
        message = f"{word} is everybody; write the addresses of your proxies, {EXAMPLE}"
        raise ValueError(message)
    return network


def parse_address(text: str) -> Address | None:
    """Read an address as a proxy writes it, perhaps with a port; None where it is not one.

    An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
    """
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_among(peer: str, proxies: frozenset[Network | str]) -> bool:
    """Tell whether whoever is connected is one of the proxies."""
    address = parse_address(peer)
    if address is None:
        return peer == UNIX and UNIX in proxies
    return any(not isinstance(proxy, str) and address in proxy for proxy in proxies)
