"""Filters of Jasmin's store files: one by one."""

import re
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given

from jasmin_compat.gateway.filters import Filter, TagFilter, UserFilter
from jasmin_compat.gateway.site import Site
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickles import unpickle
from jasmin_compat.wire.store_filters import read_filter, write_filter
from jasmin_compat.wire.store_names import STORES
from jasmin_compat.wire.store_values import LeftOut
from tests import builders
from tests.site_strategies import FILTERS
from tests.wire.jasmin_objects import made, pickled


def written(made_of: Filter, site: Site) -> Any:
    octets = opcodes.PROTOCOL + write_filter(made_of, site) + opcodes.STOP
    return unpickle(octets, STORES)


# covers: PERS-01
@given(FILTERS)
def test_every_filter_is_read_back(asked: Filter) -> None:
    assert read_filter(written(asked, Site())) == asked


def test_a_filter_holds_what_jasmins_does() -> None:
    state = written(TagFilter("7"), Site()).state
    assert state.pop("tag") == "7"
    assert (state.pop("_repr"), state.pop("_str")) == ("<TG (tag=7)>", "TagFilter:\nhas tag = 7")
    assert set(state) == {
        *("connector", "user", "group", "source_addr", "short_message"),
        *("dateInterval", "timeInterval"),
    }
    assert set(state.values()) == {None}


# covers: W-BILL-08
def test_a_user_in_a_filter_goes_without_the_digest_of_its_password() -> None:
    site = builders.site(builders.user("full"))
    held = written(UserFilter(builders.user("full").uid), site).state["user"]
    assert isinstance(held, Instance)
    assert (held.state["uid"], held.state["password"]) == ("full", bytes(16))


@pytest.mark.parametrize(
    "found",
    [
        made("TagFilter", tag=None),
        made("EvalPyFilter", pyCode=b"pass"),
        made("UserFilter", user=None),
        made("UserFilter", user=made("Group", gid="g1")),
        made("SourceAddrFilter", source_addr="1"),
        made("DestinationAddrFilter"),
        made("SourceAddrFilter", source_addr=re.compile(b"\xff")),
        made("DateIntervalFilter", dateInterval=[date(2026, 1, 1)]),
        made("DateIntervalFilter", dateInterval=[datetime(2026, 1, 1), datetime(2026, 1, 2)]),
        made("DateIntervalFilter", dateInterval=[time(1), time(2)]),
        made("TimeIntervalFilter", timeInterval=[date(2026, 1, 1), date(2026, 1, 2)]),
        made("DefaultRoute"),
    ],
)
def test_what_is_no_filter_is_left_out(found: Any) -> None:
    with pytest.raises(LeftOut):
        read_filter(unpickle(pickled(found, 2), STORES))


def test_a_tag_of_an_old_jasmin_is_a_number() -> None:
    assert read_filter(Instance("TagFilter", {"tag": 7})) == TagFilter("7")
