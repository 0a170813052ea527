"""Which addresses callbacks may reach: clients choose the URLs (W-HTTP-02, design D11)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class AddressRule:
    """A network, all its ports or one."""

    network: Network
    port: int | None = None

    def covers(self, address: Address, port: int) -> bool:
        return self.port in (None, port) and address in self.network


class BadRule(Exception):
    """Not a network, nor an address with a port; names do not do, they resolve to anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRules:
    """`allow` wins over `deny` and over `own_ports`."""

    deny: tuple[AddressRule, ...] = ()
    allow: tuple[AddressRule, ...] = ()
    own_ports: frozenset[int] = frozenset()
    """Of our console, broker, store, …: out of reach on any address of this machine."""

    def deny_call(self, host: str, port: int, *, is_own: Callable[[str], bool]) -> bool:
        """`host` is a resolved address; `is_own` tells whether it is one of this machine's."""
        address = _canonical(host)
        if any(rule.covers(address, port) for rule in self.allow):
            return False
        if any(rule.covers(address, port) for rule in self.deny):
            return True
        return port in self.own_ports and (address.is_loopback or is_own(host))


def literal_address(url: str) -> tuple[str, int] | None:
    """Address and port, where the URL names no host that would have to be looked up."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return None
    return host, parts.port or (443 if parts.scheme == "https" else 80)


def read_rule(text: str) -> AddressRule:
    """`10.0.0.0/8`, `10.1.2.3`, `10.1.2.3:8080`, `[fd00::1]:8080`, `fd00::/8`.

    Raises:
        BadRule: anything else.
    """
    network, port = _without_port(text.strip())
    try:
        return AddressRule(ip_network(network), None if port is None else int(port))
    except ValueError as error:
        raise BadRule(f"{text}: {error}") from error


def _without_port(text: str) -> tuple[str, str | None]:
    if text.startswith("[") and "]" in text:
        network, _, port = text[1:].partition("]")
        return network, port.removeprefix(":") or None
    if text.count(":") == 1:
        network, _, port = text.partition(":")
        return network, port
    return text, None


def read_rules(texts: Iterable[str]) -> tuple[AddressRule, ...]:
    """Raises: BadRule."""
    return tuple(read_rule(text) for text in texts)


def _canonical(host: str) -> Address:
    """One form for each address: IPv4 written as IPv6 is IPv4, and `0.0.0.0` is this machine."""
    address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_unspecified:
        return IPv4Address("127.0.0.1") if address.version == 4 else IPv6Address("::1")
    return address
