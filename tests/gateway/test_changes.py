"""What the operator's commands do to a site."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.gateway import changes
from jasmin_compat.gateway.changes import UserChanges
from jasmin_compat.gateway.credential_changes import read_change
from jasmin_compat.gateway.filters import FilterId, TagFilter, TransparentFilter
from jasmin_compat.gateway.http_connectors import HttpConnector
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Edit, Kind, Put, Site, apply
from jasmin_compat.gateway.unusable import Mistyped
from jasmin_compat.gateway.users import Group, GroupId, password_digest
from tests import builders
from tests.builders import CID

G1, G2 = GroupId("g1"), GroupId("g2")
ALICE = builders.user("alice", gid=G1)
BOB = builders.user("bob", gid=G2)


def site() -> Site:
    return builders.site(ALICE, BOB)


# covers: JCLI-07
def test_a_removed_group_takes_its_users_along() -> None:
    after = apply(site(), changes.remove_group(site(), "g1"))
    assert list(after.groups) == ["g2"]
    assert list(after.users) == ["bob"]
    assert after.user("alice") is None


def test_a_group_is_switched_and_its_users_stay() -> None:
    after = apply(site(), changes.enable_group(site(), "g1", enabled=False))
    assert not after.groups[G1].enabled
    assert apply(after, changes.enable_group(after, "g1", enabled=True)) == site()
    again = apply(after, changes.add_group(Group(gid=G1)))
    assert again.groups[G1].enabled
    assert list(again.groups) == ["g2", "g1"]
    assert again.users == site().users


# covers: JCLI-08
@pytest.mark.parametrize(
    ("added", "left"),
    [
        (builders.user("alice", gid=G2), ["bob", "alice"]),
        (builders.user("carol", gid=G2), ["alice", "bob", "carol"]),
    ],
    ids=["same uid", "new"],
)
def test_a_user_replaces_the_one_of_its_id(added: Any, left: list[str]) -> None:
    after = apply(site(), changes.add_user(site(), added))
    assert list(after.users) == left
    assert after.users[added.uid] is added


def test_a_user_replaces_the_one_of_its_username() -> None:
    other = replace(BOB, username="alice")
    after = apply(site(), changes.add_user(site(), other))
    assert list(after.users) == ["bob"]
    assert after.user("alice") is other


def test_changes_of_a_user_are_made_on_what_it_is_now() -> None:
    add = read_change("mt_messaging_cred", "quota balance +5", of_existing=True)
    no = read_change("smpps_cred", "authorization bind no")
    wanted = UserChanges(gid=G2, password_md5=password_digest("new"), mt=(add,), smpps=(no,))
    after = apply(site(), changes.update_user(site(), "alice", wanted)).users[ALICE.uid]
    assert (after.gid, after.mt.quotas.balance, after.smpps.bind) == ("g2", 5.0, False)
    assert after.password_md5 == password_digest("new")
    assert apply(site(), changes.update_user(site(), "alice", UserChanges())) == site()


def test_a_user_is_disabled_banned_removed() -> None:
    off = apply(site(), changes.enable_user(site(), "bob", enabled=False))
    assert not off.users[BOB.uid].enabled
    assert not apply(off, changes.ban_user(off, "bob")).users[BOB.uid].smpps.bind
    assert list(apply(off, changes.remove_user(off, "bob")).users) == ["alice"]


def test_a_connector_is_added_once_stopped_and_removed_with_its_start() -> None:
    with pytest.raises(Mistyped, match="Failed adding connector"):
        changes.add_connector(site(), builders.connector())
    new = builders.connector(ConnectorId("con2"))
    after = apply(site(), changes.add_connector(site(), new))
    assert after.started == {}
    after = apply(after, (Put(Kind.STARTED, "con2", item=True),))
    other = builders.connector(ConnectorId("con2"), port=1)
    assert apply(after, changes.update_connector(after, other)).connectors["con2"] == other  # type: ignore[index]
    after = apply(after, changes.remove_connector(after, "con2"))
    assert (list(after.connectors), after.started) == ([CID], {})


def test_filters_and_http_connectors_are_replaced_where_they_stand() -> None:
    one, two = FilterId("one"), FilterId("two")
    edits: list[Edit] = [
        changes.add_filter(one, TransparentFilter()),
        changes.add_filter(two, TransparentFilter()),
        changes.add_filter(one, TagFilter("9")),
        changes.add_http_connector(HttpConnector(cid=CID, url="http://a", method="GET")),
        changes.add_http_connector(HttpConnector(cid=CID, url="http://b", method="GET")),
    ]
    after = site()
    for edit in edits:
        after = apply(after, edit)
    assert list(after.filters.items()) == [(one, TagFilter("9")), (two, TransparentFilter())]
    assert after.http_connectors[CID].url == "http://b"
    after = apply(after, changes.remove_filter(after, "one"))
    after = apply(after, changes.remove_http_connector(after, CID))
    assert (list(after.filters), after.http_connectors) == ([two], {})


@pytest.mark.parametrize(
    ("decide", "text"),
    [
        (lambda s: changes.remove_group(s, "x"), "Unknown Group: x"),
        (lambda s: changes.enable_group(s, "x", enabled=True), "Unknown Group: x"),
        (
            lambda s: changes.group_of(s, "x"),
            "Unknown Group gid:x, you must first create the Group",
        ),
        (lambda s: changes.remove_user(s, "x"), "Unknown User: x"),
        (lambda s: changes.enable_user(s, "x", enabled=True), "Unknown User: x"),
        (lambda s: changes.ban_user(s, "x"), "Unknown User: x"),
        (lambda s: changes.update_user(s, "x", UserChanges()), "Unknown User: x"),
        (lambda s: changes.remove_filter(s, "x"), "Unknown Filter: x"),
        (lambda s: changes.remove_http_connector(s, "x"), "Unknown Httpcc: x"),
        (lambda s: changes.remove_connector(s, "x"), "Unknown connector: x"),
    ],
)
def test_what_is_not_there_is_named(decide: Callable[[Site], object], text: str) -> None:
    with pytest.raises(Mistyped) as wrong:
        decide(site())
    assert str(wrong.value) == text
