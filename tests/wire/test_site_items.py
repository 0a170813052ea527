"""Items as plain values: nothing is lost, and what is no item is told with its key."""

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.credentials import (
    GRANTED,
    MT_DEFAULT,
    SMPPS_DEFAULT,
    MtCredential,
    Quotas,
)
from jasmin_compat.gateway.filters import TagFilter
from jasmin_compat.gateway.site import Key, Kind, Site
from jasmin_compat.gateway.users import User
from jasmin_compat.wire.site_items import BadItem, read_item, write_item
from tests import builders
from tests.site_strategies import USERS, sites


# covers: PERS-05
@given(sites())
def test_every_item_of_any_site_comes_back_through_json(site: Site) -> None:
    for kind in Kind:
        table: dict[Key, Any] = getattr(site, kind.value)
        for item in table.values():
            text = json.dumps(write_item(kind, item), allow_nan=False)
            assert read_item(kind, json.loads(text)) == item


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from(Kind), JSON)
def test_garbage_is_told(kind: Kind, garbage: object) -> None:
    if not (kind is Kind.STARTED and isinstance(garbage, bool)):
        with pytest.raises(BadItem):
            read_item(kind, garbage)


@given(USERS, st.data())
def test_an_item_with_one_value_spoilt_is_told_or_is_another_item(
    user: User, data: st.DataObject
) -> None:
    plain: Any = write_item(Kind.USER, user)
    tables = [plain, plain["mt_messaging_cred"], plain["smpps_cred"]]
    table = data.draw(st.sampled_from([table for table in tables if table]))
    table[data.draw(st.sampled_from(sorted(table)))] = data.draw(JSON)
    with contextlib.suppress(BadItem):  # and nothing else
        read_item(Kind.USER, plain)


USER = builders.user()


def spoilt(path: str, value: object) -> object:
    plain: Any = write_item(Kind.USER, USER)
    *outer, last = path.split(".")
    table = plain
    for key in outer:
        table = table.setdefault(key, {})
    table[last] = value
    return plain


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("enabled", "yes", "users.enabled: must be true or false"),
        ("uid", 7, "users.uid: must be a text"),
        ("password_md5", "00", "users.password_md5: must be 32 hexadecimal digits"),
        ("colour", 1, "users.colour: is not known"),
        ("smpps_cred", [], "users.smpps_cred: must be a table"),
        ("smpps_cred.quota", None, "users.smpps_cred.quota: must be a table"),
        (
            "mt_messaging_cred.quota.sms_count",
            1.5,
            "users.mt_messaging_cred.quota.sms_count: must be a whole number",
        ),
        (
            "mt_messaging_cred.quota.balance",
            "nan",
            "users.mt_messaging_cred.quota.balance: must be a number",
        ),
        (
            "mt_messaging_cred.authorization.x",
            True,
            "users.mt_messaging_cred.authorization.x: is not known",
        ),
    ],
)
def test_what_is_wrong_has_its_key(path: str, value: object, text: str) -> None:
    with pytest.raises(BadItem) as wrong:
        read_item(Kind.USER, spoilt(path, value))
    assert str(wrong.value) == text


def test_a_missing_key_is_told_but_of_credentials() -> None:
    with pytest.raises(BadItem, match=r"^groups\.enabled: is missing$"):
        read_item(Kind.GROUP, {"gid": "g"})
    bare = {"mt_messaging_cred": {}, "smpps_cred": {"quota": {}}}
    plain: Any = write_item(Kind.USER, builders.user())
    user: Any = read_item(Kind.USER, plain | bare)
    assert (user.mt, user.smpps) == (MT_DEFAULT, SMPPS_DEFAULT)


def test_a_mistake_in_a_routes_filter_has_its_place() -> None:
    plain: Any = write_item(Kind.MT_ROUTE, builders.default_route())
    plain["filters"] = [write_item(Kind.FILTER, TagFilter("1")), {"type": "TagFilter"}]
    with pytest.raises(BadItem, match=r"^mt_routes\.filters\[1\]\.tag: is missing$"):
        read_item(Kind.MT_ROUTE, plain)


def test_code_that_no_longer_compiles_is_still_read() -> None:
    plain = {"type": "static", "script": "print 'x'", "filters": []}
    assert write_item(Kind.MO_INTERCEPTOR, read_item(Kind.MO_INTERCEPTOR, plain)) == plain


def test_a_credential_is_written_where_it_differs_from_the_default() -> None:
    credential = MtCredential(granted=GRANTED - {"http_send"}, quotas=Quotas(balance=5.0))
    plain: Any = write_item(Kind.USER, replace(USER, mt=credential))
    assert plain["mt_messaging_cred"] == {
        "authorization": {"http_send": False},
        "quota": {"balance": 5.0},
    }
    assert plain["smpps_cred"] == {}
