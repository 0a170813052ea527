"""A site is one value; an edit makes the next."""

from dataclasses import replace
from random import Random

import pytest

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.site import Clear, Drop, Kind, Put, Site, Step, apply, edit_over, edit_to
from jasmin_compat.gateway.users import UserId
from tests import builders
from tests.builders import CID

USER = builders.user()


def test_an_empty_site_knows_nobody() -> None:
    assert Site().user("full") is None


def test_a_site_does_not_change() -> None:
    with pytest.raises(AttributeError):
        builders.site().mt_routes = {}  # type: ignore[misc]


def test_an_edit_gives_a_new_site_and_leaves_the_old_one() -> None:
    before = builders.site(USER)
    after = apply(before, (Drop(Kind.USER, USER.uid),))
    assert before.user("full") is USER
    assert (after.users, after.user("full")) == ({}, None)
    assert after.connectors is before.connectors


def test_a_user_is_found_by_the_name_it_has_now() -> None:
    renamed = replace(USER, username="other")
    after = apply(builders.site(USER), (Put(Kind.USER, USER.uid, renamed),))
    assert (after.user("other"), after.user("full")) == (renamed, None)


def test_names_are_those_of_the_accounts_after_any_edit() -> None:
    draw = Random(5)
    site = builders.site()
    for _ in range(300):
        steps = [_any_step(draw) for _ in range(draw.randrange(1, 6))]
        site = apply(site, (*steps, Put(Kind.USER, "full", USER)))
        names = {user.username for user in site.users.values()}
        assert site.uids.keys() <= names
        assert all(site.users[uid].username == name for name, uid in site.uids.items())
        assert site.user("full") is USER


def _any_step(draw: Random) -> Step:
    uid = f"u{draw.randrange(4)}"
    user = replace(builders.user(uid), username=f"{uid}-{draw.randrange(3)}")
    steps = (Put(Kind.USER, uid, user), Drop(Kind.USER, uid), Clear(Kind.USER))
    return draw.choices(steps, (6, 3, 1))[0]


def test_routes_stand_with_the_highest_order_first() -> None:
    static = Route(selection="static", targets=(Target("smppc", ConnectorId("con2")),))
    site = builders.site()
    for order in (5, 20, 10):
        site = apply(site, (Put(Kind.MT_ROUTE, order, static),))
    assert list(site.mt_routes) == [20, 10, 5, 0]


def test_the_steps_of_an_edit_happen_in_order() -> None:
    edit = (Clear(Kind.USER), Put(Kind.USER, USER.uid, USER), Drop(Kind.USER, UserId("nobody")))
    after = apply(builders.site(builders.user("old")), edit)
    assert list(after.users) == ["full"]


def test_any_site_can_become_any_other() -> None:
    other = builders.site(builders.user("other"), started={builders.CID: True})
    assert apply(builders.site(), edit_to(other)) == other


def test_a_site_is_put_over_another_and_what_only_that_has_stays() -> None:
    theirs = builders.site(builders.user("kept"), builders.user("full", "old"), started={CID: True})
    over = builders.site(builders.user("full", "new"), builders.user("more"))
    after = apply(theirs, edit_over(theirs, over))
    assert list(after.users) == ["kept", "full", "more"]
    assert after.users[UserId("full")] == over.users[UserId("full")]
    assert after.started == {}
    assert edit_over(after, over) == ()


def test_an_account_gives_way_to_one_of_the_site_file_with_its_name() -> None:
    namesake = replace(builders.user("other"), username="full")
    site = builders.site(namesake)
    after = apply(site, edit_over(site, builders.site(USER)))
    assert (list(after.users), after.user("full")) == (["full"], USER)


def test_what_the_site_file_starts_is_started() -> None:
    site = builders.site()
    assert edit_over(site, builders.site(started={CID: True})) == (
        Put(Kind.STARTED, CID, item=True),
    )
