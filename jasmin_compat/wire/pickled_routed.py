"""MO messages that have a route, as Jasmin pickles them: the PDU, and who is to have it.

contract/amqp-topology.md §3.5, §6.3; Jasmin: routing/content.py, routing/jasminApi.py. It writes
protocol 5 there; 2 has the same values, and every reader takes it.
"""

from collections.abc import Sequence
from typing import assert_never

from jasmin_compat.gateway.messages import (
    CallbackMethod,
    ConnectorId,
    EsmeReceiver,
    HttpReceiver,
    MoReceiver,
)
from jasmin_compat.smpp.pdus import DataSm, DeliverSm
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickled_pdus import read_received, write_received
from jasmin_compat.wire.pickles import RefusedPickle, unpickle

_METHODS: dict[object, CallbackMethod] = {"GET": "GET", "POST": "POST"}
_HTTP, _ESME = "HttpConnector", "SmppServerSystemIdConnector"


class BadReceivers(Exception):
    """A pickle that is refused, or no list of connectors."""


def write_pdu(pdu: DeliverSm | DataSm) -> bytes:
    return opcodes.PROTOCOL + write_received(pdu, None) + opcodes.STOP


def read_pdu(octets: bytes) -> DeliverSm | DataSm:
    """What we wrote, or a Jasmin.

    Raises:
        BadPdu: anything else.
    """
    return read_received(octets)


def write_receivers(receivers: Sequence[MoReceiver]) -> bytes:
    return opcodes.PROTOCOL + opcodes.list_of(map(_write, receivers)) + opcodes.STOP


def _write(receiver: MoReceiver) -> bytes:
    match receiver:
        case HttpReceiver(cid=cid, url=url, method=method):
            shown = f"{_HTTP}:\ncid = {cid}\nbaseurl = {url}\nmethod = {method}"
            short = f"<{_HTTP} (cid={cid}, baseurl={url}, method={method})>"
            attributes = {"cid": cid, "_str": shown, "_repr": short}
            return _object(_HTTP, attributes | {"baseurl": url, "method": method})
        case EsmeReceiver(system_id):
            attributes = {"cid": system_id, "_str": "smpps Connector"}
            more = {"_repr": "<smpps Connector>", "system_id": system_id}
            return _object(_ESME, attributes | more)
        case _:
            assert_never(receiver)


def _object(name: str, attributes: dict[str, str]) -> bytes:
    items = ((key, opcodes.text(value)) for key, value in attributes.items())
    return opcodes.instance(opcodes.name("jasmin.routing.jasminApi", name), items)


def read_receivers(octets: bytes) -> tuple[MoReceiver, ...]:
    """What we wrote, or a Jasmin: one at least.

    Raises:
        BadReceivers: anything else.
    """
    try:
        found = unpickle(octets)
    except RefusedPickle as error:
        raise BadReceivers(str(error)) from error
    if not isinstance(found, list) or not found:
        raise BadReceivers("not a list of connectors")
    return tuple(map(_read, found))


def _read(found: object) -> MoReceiver:
    name, state = (found.name, found.state) if isinstance(found, Instance) else ("", {})
    cid, url = state.get("cid"), state.get("baseurl")
    if name == _ESME and isinstance(cid, str):
        return EsmeReceiver(cid)
    if name != _HTTP or not isinstance(cid, str) or not isinstance(url, str):
        raise BadReceivers("neither an HTTP connector nor an ESME")
    written = state.get("method")
    method = _METHODS.get(written.upper()) if isinstance(written, str) else None
    if method is None:
        raise BadReceivers("method is not GET or POST")
    return HttpReceiver(cid=ConnectorId(cid), url=url, method=method)
