"""Receivers of MO messages, as Jasmin has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.messages import ConnectorId, EsmeReceiver, HttpReceiver
from jasmin_compat.smpp.pdus import DataSm, DeliverSm
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickled_pdus import BadPdu
from jasmin_compat.wire.pickled_routed import (
    BadReceivers,
    read_pdu,
    read_receivers,
    write_pdu,
    write_receivers,
)
from jasmin_compat.wire.pickles import unpickle
from tests.smpp import bodies

HTTP = HttpReceiver(cid=ConnectorId("h1"), url="http://h/mo", method="GET")
RECEIVERS = st.lists(
    st.builds(
        HttpReceiver,
        cid=st.text().map(ConnectorId),
        url=st.text(),
        method=st.sampled_from(("GET", "POST")),
    )
    | st.builds(EsmeReceiver, st.text()),
    min_size=1,
)


@given(RECEIVERS.map(tuple))
def test_receivers_come_back(receivers: tuple[HttpReceiver | EsmeReceiver, ...]) -> None:
    octets = write_receivers(receivers)

    assert read_receivers(octets) == receivers
    with pytest.raises(UnicodeDecodeError):  # or Jasmin's AMQP library would make text of it
        octets.decode()


@given(bodies.values(DeliverSm) | bodies.values(DataSm))
def test_a_pdu_comes_back(pdu: DeliverSm | DataSm) -> None:
    assert sorted(map(repr, read_pdu(write_pdu(pdu)).tlvs)) == sorted(map(repr, pdu.tlvs))
    if not pdu.tlvs:
        assert read_pdu(write_pdu(pdu)) == pdu


def test_an_esme_has_its_system_id_twice() -> None:
    assert unpickle(write_receivers((EsmeReceiver("e"),))) == [
        Instance(
            "SmppServerSystemIdConnector",
            {
                "cid": "e",
                "_str": "smpps Connector",
                "_repr": "<smpps Connector>",
                "system_id": "e",
            },
        )
    ]


def test_a_method_written_small_is_read() -> None:
    """The console takes `get`, too."""
    small = write_receivers((HTTP,)).replace(b"X\x03\0\0\0GET", b"X\x03\0\0\0get")
    assert read_receivers(small) == (HTTP,)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x80\x02].",
        b"\x80\x02N.",
        b"\x80\x02](Ne.",
        write_pdu(DeliverSm()),
        b"\x80\x02](cjasmin.routing.jasminApi\nUser\n)\x81e.",
        b"\x80\x02](cjasmin.routing.jasminApi\nHttpConnector\n)\x81e.",
        b"\x80\x02](cjasmin.routing.jasminApi\nSmppServerSystemIdConnector\n)\x81e.",
        write_receivers((HTTP,)).replace(b"GET", b"PUT"),
        write_receivers((HTTP,)).replace(b"baseurl", b"BASEURL"),
        write_receivers((HTTP,))[:-1],
    ],
)
def test_anything_else_is_refused(octets: bytes) -> None:
    with pytest.raises(BadReceivers):
        read_receivers(octets)


def test_another_pdu_is_refused() -> None:
    with pytest.raises(BadPdu):
        read_pdu(write_receivers((HTTP,)))
