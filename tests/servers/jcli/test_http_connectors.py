"""`httpccm`: what one session makes, all see."""

from jasmin_compat.servers.jcli.http_connectors import httpccm_command
from tests.servers.jcli.offices import FakeOffice, Typist


# covers: JCLI-14 W-CFG-03
async def test_a_connector_is_seen_by_all_sessions_until_it_is_removed() -> None:
    fake = FakeOffice()
    typist, other = Typist(httpccm_command(fake.office())), Typist(httpccm_command(fake.office()))
    said = await typist.types("httpccm -a", "cid http_1", "url http://a.bc/", "ok", "method put")
    assert said.endswith("You must set these options before saving: cid, url, method\n> > ")
    assert await typist.types("ok") == (
        "Error: HttpConnector method syntax is invalid, must be GET or POST\n> "
    )
    assert await typist.types("method get", "ok") == (
        "> Successfully added Httpcc [HttpConnector] with cid:http_1\njcli : "
    )
    assert await other.types("httpccm -s http_1") == (
        "HttpConnector:\ncid = http_1\nbaseurl = http://a.bc/\nmethod = get\njcli : "
    )
    assert await other.types("httpccm -r http_1", "httpccm -r http_1") == (
        "Successfully removed Httpcc id:http_1\njcli : Unknown Httpcc: http_1\njcli : "
    )
    assert await typist.types("httpccm -l") == "Total Httpccs: 0\njcli : "
