"""Routes at the console: where they lead, and what they cost."""

from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.site import Kind, Put, Site, apply
from jasmin_compat.servers.jcli.routers import MO_ROUTER, MT_ROUTER
from jasmin_compat.servers.jcli.rows import rows_command
from tests.builders import CID, connector
from tests.servers.jcli.offices import FakeAdministration, FakeOffice, Typist


# covers: JCLI-15
async def test_a_rate_is_shown_with_five_digits_and_its_lack_catches_the_eye() -> None:
    targets = (Target("smppc", CID),)
    site = apply(
        Site(),
        (
            Put(Kind.CONNECTOR, CID, connector()),
            Put(Kind.MT_ROUTE, 0, Route(selection="default", targets=targets)),
            Put(Kind.MT_ROUTE, 9, Route(selection="static", targets=targets, rate=1.5)),
        ),
    )
    office = FakeOffice(FakeAdministration(site)).office()
    lines = (await Typist(rows_command(MT_ROUTER, office)).types("mtrouter -l")).splitlines()
    assert [line.split()[:4] for line in lines[1:3]] == [
        ["#9", "StaticMTRoute", "1.50000", "smppc(con1)"],
        ["#0", "DefaultRoute", "0", "(!)"],
    ]


async def test_an_mo_route_has_no_rate_and_its_connectors_one_kind_to_fail_over() -> None:
    typist = Typist(rows_command(MO_ROUTER, FakeOffice().office()))
    said = await typist.types("morouter -a", "type FailoverMORoute", "rate 1")
    assert said.endswith("arguments:\nfilters, connectors\n> Unknown Route key: rate\n> ")
    assert await typist.types("connectors smpps(abc);http(abc)") == "Unknown http cid: abc\n> "
