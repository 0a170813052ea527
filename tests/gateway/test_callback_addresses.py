"""Which addresses callbacks may reach."""

import pytest

from jasmin_compat.gateway.callback_addresses import (
    AddressRules,
    BadRule,
    literal_address,
    read_rule,
    read_rules,
)
from jasmin_compat.settings.sections import Callbacks


def nobody(_host: str) -> bool:
    return False


# covers: W-HTTP-02
@pytest.mark.parametrize(
    ("host", "port", "denied"),
    [
        ("169.254.169.254", 80, True),
        ("::ffff:169.254.169.254", 80, True),
        ("fe80::1%eth0", 80, True),
        ("8.8.8.8", 80, False),
        ("10.1.2.3", 80, True),
        ("10.1.2.3", 8080, False),
        ("10.9.9.9", 80, False),
        ("192.168.7.7", 25, True),
        ("192.168.7.7", 80, False),
    ],
)
def test_allowed_wins_over_denied(host: str, port: int, denied: bool) -> None:
    rules = AddressRules(
        deny=read_rules([*Callbacks().deny, "10.0.0.0/8", "192.168.0.0/16:25"]),
        allow=read_rules(["10.1.2.3:8080", "10.9.0.0/16"]),
    )
    assert rules.deny_call(host, port, is_own=nobody) is denied


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "203.0.113.7"])
def test_our_own_ports_are_out_of_reach_on_every_address_of_ours(host: str) -> None:
    rules = AddressRules(own_ports=frozenset((8990,)))

    def ours(address: str) -> bool:
        return address == "203.0.113.7"

    assert rules.deny_call(host, 8990, is_own=ours)
    assert not rules.deny_call(host, 80, is_own=ours)
    assert not rules.deny_call("203.0.113.8", 8990, is_own=ours)


def test_an_own_port_can_be_allowed() -> None:
    rules = AddressRules(own_ports=frozenset((8990,)), allow=read_rules(["127.0.0.1:8990"]))
    assert not rules.deny_call("127.0.0.1", 8990, is_own=nobody)


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("10.1.2.3", ("10.1.2.3", 1)),
        ("fd00::/8", ("fd12::1", 1)),
        ("[fd00::1]:80", ("fd00::1", 80)),
        ("[fd00::1]", ("fd00::1", 1)),
        (" 10.0.0.0/8 ", ("10.255.0.1", 1)),
    ],
)
def test_rules_are_networks_or_addresses_with_a_port(text: str, covered: tuple[str, int]) -> None:
    rules = AddressRules(deny=(read_rule(text),))
    assert rules.deny_call(*covered, is_own=nobody)


@pytest.mark.parametrize("text", ["", "example.com", "10.0.0.1/8", "10.1.2.3:x", "[::1:80"])
def test_anything_else_is_no_rule(text: str) -> None:
    with pytest.raises(BadRule, match=r"does not appear|host bits|invalid literal"):
        read_rule(text)


@pytest.mark.parametrize(
    ("url", "literal"),
    [
        ("http://10.1.2.3/x?y=1", ("10.1.2.3", 80)),
        ("https://10.1.2.3", ("10.1.2.3", 443)),
        ("https://[FD00::1]:8443/", ("fd00::1", 8443)),
        ("http://[fe80::1%25eth0]/", ("fe80::1%25eth0", 80)),
        ("http://localhost:8990/", None),
        ("http://127.1/", None),
        ("http:///", None),
    ],
)
def test_a_literal_address_needs_no_lookup(url: str, literal: tuple[str, int] | None) -> None:
    assert literal_address(url) == literal
