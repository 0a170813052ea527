"""What a user may do (contract/http-api.md §7, jcli.md §5.3)."""

from dataclasses import fields

from jasmin_compat.gateway.credentials import (
    AUTHORIZATIONS,
    MT_DEFAULT,
    QUOTAS,
    SMPPS_DEFAULT,
    VALUE_FILTERS,
    Quotas,
    ValueFilters,
)


def test_a_new_user_may_do_everything_but_bulk() -> None:
    assert set(AUTHORIZATIONS) - MT_DEFAULT.granted == {"http_bulk"}
    assert SMPPS_DEFAULT.bind


def test_every_field_has_a_name_in_the_console() -> None:
    assert [f.name for f in fields(ValueFilters)] == list(VALUE_FILTERS)
    assert [f.name for f in fields(Quotas)] == list(QUOTAS)
