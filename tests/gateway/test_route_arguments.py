"""Routes as the console makes them; the recorded dialogues are in test_table_rows."""

import pytest

from jasmin_compat.gateway.http_connectors import HttpConnector
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.route_arguments import (
    rate_from,
    route_from,
    target_from,
    targets_from,
)
from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.unusable import Mistyped, Unusable
from tests import builders

HTTP = HttpConnector(cid=ConnectorId("http_1"), url="http://localhost", method="GET")
SITE = builders.site(http_connectors={HTTP.cid: HTTP})
CON1 = Target("smppc", ConnectorId("con1"))
WEB, ESME = Target("http", HTTP.cid), Target("smpps", ConnectorId("user1"))


def test_targets_are_read_from_their_texts() -> None:
    assert target_from(SITE, "MT", "SMPPC(con1)") == CON1
    assert targets_from(SITE, "MO", "http(http_1);smpps(user1)") == (WEB, ESME)


@pytest.mark.parametrize("text", ["smppc(con1)x", "http(con1)", "smppc(co)", "con1", ""])
def test_an_mt_route_leads_to_smpp_clients_only(text: str) -> None:
    with pytest.raises(Mistyped, match=r"must be smppc\(some_id\)\.$"):
        target_from(SITE, "MT", text)


@pytest.mark.parametrize("text", ["x", "", "nan", "inf", "1,5"])
def test_a_rate_is_a_number(text: str) -> None:
    with pytest.raises(Mistyped) as wrong:
        rate_from(text)
    assert str(wrong.value) == f"Incorrect rate (must be float): {text}"


def test_a_rate_is_not_negative() -> None:
    assert rate_from("1.5") == 1.5
    with pytest.raises(Unusable, match="rate can not be a negative value"):
        route_from("MT", "static", (CON1,), rate=rate_from("-1"))


def test_a_failover_of_mo_has_one_kind_of_target() -> None:
    with pytest.raises(Unusable, match="FailoverMORoute cannot have mixed connector types"):
        route_from("MO", "failover", (WEB, ESME))
    assert route_from("MO", "random", (WEB, ESME)) == Route(selection="random", targets=(WEB, ESME))
