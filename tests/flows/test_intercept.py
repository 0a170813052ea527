"""Interceptors before routing."""

from dataclasses import replace

import pytest

from jasmin_compat.flows.intercept import intercept_mt
from jasmin_compat.gateway.filters import DestinationAddrFilter
from jasmin_compat.gateway.interceptors import Interceptor, Statuses
from jasmin_compat.gateway.messages import MtRoutable
from jasmin_compat.gateway.refusals import (
    Intercepted,
    InterceptionFailed,
    InterceptorAway,
    InterceptorNotSet,
)
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import ScriptFailed, ScriptsAway
from tests import builders
from tests.builders import NOW
from tests.fakes import FakeScripts

DEFAULT = Interceptor(selection="default", code="default")
TO_1555 = Interceptor(selection="static", code="1555", filters=(DestinationAddrFilter("1555"),))
TO_44 = Interceptor(selection="static", code="44", filters=(DestinationAddrFilter("44"),))


def site(**interceptors: Interceptor) -> Site:
    rows = {int(key[1:]): made for key, made in interceptors.items()}
    return replace(builders.site(), mt_interceptors=dict(sorted(rows.items(), reverse=True)))


async def seen(known: Site, scripts: FakeScripts, *, is_enabled: bool = True) -> MtRoutable | None:
    return await intercept_mt(builders.routable(), known, scripts, is_enabled=is_enabled, at=NOW)


# covers: INT-14
async def test_the_highest_that_matches_sees_the_message_and_no_other() -> None:
    changed = builders.routable(tags=("9",))
    scripts = FakeScripts({"1555": changed})
    found = await seen(site(_0=DEFAULT, _5=TO_1555, _9=TO_44), scripts)
    assert found is changed
    assert scripts.run == ["1555"]


async def test_a_message_no_interceptor_is_for() -> None:
    scripts = FakeScripts()
    assert await seen(site(), scripts, is_enabled=False) is None
    assert await seen(site(_9=TO_44), scripts, is_enabled=False) is None
    assert scripts.run == []


# covers: INT-08 INT-09
@pytest.mark.parametrize(
    ("error", "refusal"),
    [(ScriptsAway("x"), InterceptorAway), (ScriptFailed("x"), InterceptionFailed)],
)
async def test_what_cannot_be_run(error: Exception, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await seen(site(_0=DEFAULT), FakeScripts({"default": error}))


async def test_where_scripts_are_not_run() -> None:
    with pytest.raises(InterceptorNotSet):
        await seen(site(_0=DEFAULT), FakeScripts(), is_enabled=False)


# covers: INT-02
async def test_a_script_that_refuses() -> None:
    statuses = Statuses(http_status=404, smpp_status=8)
    with pytest.raises(Intercepted) as refused:
        await seen(site(_0=DEFAULT), FakeScripts({"default": statuses}))
    assert refused.value.statuses == statuses
