"""The four tables of routes and interceptors have one dialogue."""

import pytest

from jasmin_compat.gateway.site import Kind, Put, Site, apply
from jasmin_compat.servers.jcli.routers import MT_ROUTER
from jasmin_compat.servers.jcli.rows import rows_command
from tests.builders import connector
from tests.servers.jcli.offices import FakeAdministration, FakeOffice, Typist


def _at_work() -> tuple[FakeOffice, Typist]:
    site = apply(Site(), (Put(Kind.CONNECTOR, "con1", connector("con1")),))
    fake = FakeOffice(FakeAdministration(site))
    return fake, Typist(rows_command(MT_ROUTER, fake.office()))


# covers: JCLI-15
async def test_a_default_route_has_order_0_whatever_is_typed() -> None:
    fake, typist = _at_work()
    await typist.types("mtrouter -a", "order 7", "type DefaultRoute")
    assert await typist.types("order 5") == (
        "Route order forced to 0 since it is a DefaultRoute\n> "
    )
    assert await typist.types("connector smppc(con1)", "rate 1", "ok") == (
        "> > Successfully added MTRoute [DefaultRoute] with order:0\njcli : "
    )
    assert list(fake.admin.site.mt_routes) == [0]


# covers: JCLI-15
async def test_a_table_is_flushed_and_its_rows_are_counted() -> None:
    fake, typist = _at_work()
    await typist.types("mtrouter -a", "type DefaultRoute", "connector smppc(con1)", "rate 1", "ok")
    assert await typist.types("mtrouter -f") == (
        "Successfully flushed MT Route table (1 flushed entries)\njcli : "
    )
    assert fake.admin.site.mt_routes == {}


@pytest.mark.parametrize("flag", ["-r", "-s"])
async def test_a_row_is_named_by_an_order_that_is_there(flag: str) -> None:
    _, typist = _at_work()
    assert await typist.types(f"mtrouter {flag} x", f"mtrouter {flag} 9") == (
        "MT Route order must be a positive integer\njcli : Unknown MT Route: 9\njcli : "
    )


async def test_a_route_that_is_not_saved_is_said_in_jasmins_words() -> None:
    fake, typist = _at_work()
    await typist.types("mtrouter -a", "type DefaultRoute", "connector smppc(con1)", "rate 1")
    fake.admin.disk_is_full = True
    assert await typist.types("ok") == (
        "Failed adding MTRoute, check log for details\nNo space left on device\n> "
    )
