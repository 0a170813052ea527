"""Accounts as Jasmin pickles them."""

import pytest

from jasmin_compat.gateway.users import Group, GroupId
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import Instance, Pattern
from jasmin_compat.wire.pickled_accounts import NO_PASSWORD, Accounts, pattern
from jasmin_compat.wire.pickles import unpickle
from tests import builders

GROUP = Group(gid=GroupId("gmain"))


@pytest.mark.parametrize("shares", [True, False])
def test_an_account_is_jasmins(shares: bool) -> None:
    accounts = Accounts(shares=shares)
    written = accounts.user(builders.user("full", "pwd"), GROUP)
    user = unpickle(opcodes.PROTOCOL + accounts.head + written + opcodes.STOP)
    assert isinstance(user, Instance)
    assert list(user.state) == [
        *("uid", "group", "enabled", "username", "password"),
        *("mt_credential", "smpps_credential"),
    ]
    assert user.state["group"] == Instance("Group", {"gid": "gmain", "enabled": True})
    assert user.state["password"] == builders.user("full", "pwd").password_md5
    mt = user.state["mt_credential"]
    assert isinstance(mt, Instance)
    assert list(mt.state) == ["authorizations", "value_filters", "defaults", "quotas"]


def test_accounts_share_nothing_that_can_change() -> None:
    accounts = Accounts(shares=True)
    users = (accounts.user(builders.user(name), GROUP) for name in ("u1", "u2"))
    written = accounts.head + opcodes.list_of(users)
    one, other = unpickle(opcodes.PROTOCOL + written + opcodes.STOP)  # type: ignore[misc]
    for name in ("mt_credential", "smpps_credential"):
        assert one.state[name] == other.state[name]
        for of in ("authorizations", "quotas"):
            assert one.state[name].state[of] is not other.state[name].state[of]


def test_a_digest_may_stay_out() -> None:
    written = Accounts(shares=False).user(builders.user(), GROUP, digest=NO_PASSWORD)
    user = unpickle(opcodes.PROTOCOL + written + opcodes.STOP)
    assert isinstance(user, Instance)
    assert user.state["password"] == bytes(16)


def test_patterns_are_of_octets_only_where_nobody_set_them() -> None:
    def read(text: str, default: str) -> object:
        return unpickle(opcodes.PROTOCOL + pattern(text, default=default) + opcodes.STOP)

    assert read(".*", ".*") == Pattern(b".*", 0)
    assert read("^1", ".*") == Pattern("^1", 32)
    assert read("(?a)1", ".*") == Pattern("(?a)1", 256)
    assert read("(", ".*") == Pattern("(", 32)
