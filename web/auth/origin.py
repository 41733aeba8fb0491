"""From where somebody comes, and how they proved who they are. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

LONGEST_AGENT = 120
NETWORK_BITS = 64
"""An IPv6 customer has a whole network of this prefix: its addresses count as one."""


class Method(StrEnum):
    """How a person proved who they are; recorded with sessions and with each step-up."""

    PASSWORD = "password"  # noqa: S105  the name of a method
    CODE = "code"
    RECOVERY_CODE = "recovery-code"
    PASSKEY = "passkey"
    SINGLE_SIGN_ON = "single-sign-on"
    PASSWORD_AND_CODE = "password+code"  # noqa: S105  the name of a method
    PASSWORD_AND_RECOVERY_CODE = "password+recovery-code"  # noqa: S105  the name of a method
    PASSWORD_AND_PASSKEY = "password+passkey"  # noqa: S105  the name of a method


TOGETHER = {
    Method.CODE: Method.PASSWORD_AND_CODE,
    Method.RECOVERY_CODE: Method.PASSWORD_AND_RECOVERY_CODE,
    Method.PASSKEY: Method.PASSWORD_AND_PASSKEY,
}
"""A second factor after the password."""


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a request comes.

    Attributes:
        address: of the network.
        agent: what the browser calls itself.
        browser: the secret of a browser in which somebody has signed in before; empty for others.
    """

    address: str = ""
    agent: str = ""
    browser: str = ""

    @property
    def network(self) -> str:
        """The address as limits count it; what is no address counts as it is."""
        try:
            address = ip_address(self.address.partition("%")[0])
        except ValueError:
            return self.address
        whole = address if isinstance(address, IPv6Address) else None
        return str(ip_network((whole, NETWORK_BITS), strict=False)) if whole else str(address)

    @property
    def shown_agent(self) -> str:
        """What the browser calls itself, as a page may show it."""
        return "".join(one for one in self.agent if one.isprintable())[:LONGEST_AGENT]


def digest_of_secret(secret: str) -> str:
    """How a random secret is kept: whoever reads the database cannot use it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
