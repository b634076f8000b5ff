"""Where messages may go: not into the machine or the network behind the server, unless the site says so."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from qa_pipeline.errors import N_, InputError

URL_CHARACTERS_MAX = 2000
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_PORTS = {"https": 443, "http": 80}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds tell a machine its own passwords, outside the link-local range: Alibaba, Oracle, Azure, AWS by IPv6.
_METADATA = frozenset(
    ipaddress.ip_address(each) for each in ("100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def check_url(url: str, *, private_hosts: bool) -> SplitResult:
    """Return the parts of an address that messages may be sent to.

    Parameters
    ----------
    url : str
    private_hosts : bool
        Whether programs in the site's own network may be told, and these by http too.

    Raises
    ------
    InputError
        It is no such address.
    """
    try:
        parts = urlsplit(url)
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_good = SplitResult("", "", "", "", ""), False
    if (
        not port_is_good
        or not _VISIBLE.fullmatch(url)
        or len(url) > URL_CHARACTERS_MAX
        or parts.scheme not in _PORTS
        or not parts.hostname
        or parts.username is not None
        or "#" in url
    ):
        raise InputError(
            N_("This is no address that messages can be sent to."),
            hint=N_("Write one such as https://example.com/callqa, in ASCII, without a user name and without #."),
            field="url",
        )
    if parts.scheme == "http" and not private_hosts:
        raise InputError(
            N_("Messages go by https only."),
            hint=N_("For programs in your own network an administrator can set service.webhook_private_hosts."),
            field="url",
        )
    literal = _literal(parts.hostname)
    if literal is not None and not is_allowed(literal, scheme=parts.scheme, private_hosts=private_hosts):
        raise InputError(
            N_("Messages may not be sent to the address {address}."),
            hint=N_("For programs in your own network an administrator can set service.webhook_private_hosts."),
            field="url",
            address=literal,
        )
    return parts


def resolve(parts: SplitResult, *, private_hosts: bool) -> Sequence[tuple[str, int]]:
    """Return the addresses and the port behind a URL, to be connected to as they are; empty when one is not allowed.

    A name may stand for another address at every look-up, so what was checked must be what is connected to.

    Raises
    ------
    OSError
        The name cannot be resolved.
    """
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for address in addresses:
        parsed = ipaddress.ip_address(address)
        if not is_allowed(parsed, scheme=parts.scheme, private_hosts=private_hosts):
            return []
    return [(address, port) for address in addresses]


def is_allowed(address: Address, *, scheme: str, private_hosts: bool) -> bool:
    """Whether messages may go there: public addresses by https; private ones where the site says so.

    Link-local, multicast, unspecified and reserved addresses never, and none of the services that tell a machine of a
    cloud its own secrets.
    """
    plain = _unwrapped(address)
    if plain in _METADATA or plain.is_link_local or plain.is_multicast or plain.is_unspecified:
        return False
    if plain.is_global:
        return scheme == "https"
    return private_hosts and (plain.is_private or plain.is_loopback)


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address leads to, where it does."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        # What a resolver would read as an address too: 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1.
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
