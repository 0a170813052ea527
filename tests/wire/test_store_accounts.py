"""Users and groups of Jasmin's store files."""

from typing import Any

import pytest

from jasmin_compat.gateway.credentials import GRANTED, SMPPS_DEFAULT, Quotas, ValueFilters
from jasmin_compat.gateway.users import User
from jasmin_compat.wire.pickles import unpickle
from jasmin_compat.wire.store_accounts import read_group, read_user
from jasmin_compat.wire.store_names import STORES
from jasmin_compat.wire.store_values import LeftOut
from tests.wire.jasmin_objects import group, made, mt_credential, pickled, user


def as_read(value: Any) -> Any:
    return unpickle(pickled(value, 2), STORES)


def read(**state: Any) -> tuple[User, list[str]]:
    found, _, lost = read_user(as_read(user(**state)))
    return found, lost


def smpps(authorizations: dict[str, object], quotas: dict[str, object]) -> Any:
    return made("SmppsCredential", authorizations=authorizations, quotas=quotas)


# covers: PERS-05
def test_a_user_of_0_11_is_read_with_defaults_for_what_it_has_not() -> None:
    """No ip, and authorizations that came later."""
    found, lost = read(username="name")
    assert lost == []
    assert (found.uid, found.username, found.gid) == ("u1", "name", "g1")
    assert found.password_md5 == bytes(range(16))
    assert found.mt.granted == GRANTED - {"set_priority"}
    assert found.mt.value_filters == ValueFilters(content="(?i)^a")
    assert found.mt.quotas == Quotas(balance=10.5, submit_sm_count=3, http_throughput=2)
    assert found.smpps == SMPPS_DEFAULT


def test_all_of_a_credential_is_read() -> None:
    found, lost = read(
        mt_credential=mt_credential(
            authorizations={"http_bulk": True}, defaults={"source_address": "abc"}
        ),
        smpps_credential=smpps({"bind": False, "ip": "10.0.0.0/8"}, {"max_bindings": 2}),
    )
    assert lost == []
    assert (found.mt.granted, found.mt.source_address) == (GRANTED | {"http_bulk"}, "abc")
    assert (found.smpps.bind, found.smpps.ip, found.smpps.max_bindings) == (False, "10.0.0.0/8", 2)


def test_what_is_not_known_is_named() -> None:
    _, lost = read(
        mt_credential=mt_credential(
            authorizations={"fly": True}, value_filters={"x": 1}, defaults={"y": 1}, quotas={"z": 1}
        )
    )
    assert lost == [
        "authorization 'fly' is not known here",
        "value filter 'x' is not known here",
        "quota 'z' is not known here",
        "default 'y' is not known here",
    ]


def test_a_limit_that_cannot_be_read_allows_nothing() -> None:
    found, lost = read(
        mt_credential=mt_credential(
            value_filters={"content": None},
            quotas={"balance": float("nan"), "submit_sm_count": "x"},
        ),
        smpps_credential=smpps({"bind": True, "ip": "everywhere"}, {"max_bindings": 2.0}),
    )
    assert len(lost) == 4
    assert found.mt.value_filters.content == "(?!)"
    assert (found.mt.quotas.balance, found.mt.quotas.submit_sm_count) == (0, 0)
    assert (found.smpps.bind, found.smpps.max_bindings) == (False, 2)


@pytest.mark.parametrize(
    "state",
    [
        {"uid": "no good"},
        {"username": None},
        {"password": "text"},
        {"password": b"short"},
        {"group": None},
        {"enabled": 1},
        {"mt_credential": None},
    ],
)
def test_what_is_no_user_is_left_out(state: dict[str, Any]) -> None:
    with pytest.raises(LeftOut):
        read_user(as_read(user(**state)))


def test_a_group_of_an_old_jasmin_is_enabled() -> None:
    old = group()
    del old.enabled
    assert read_group(as_read(old)).enabled
    assert not read_group(as_read(group(enabled=False))).enabled
