"""MO messages in `deliver.sm.<cid>` and `deliver_sm_thrower.*` (contract/amqp-topology.md §3.5)."""

from typing import Final

from jasmin_compat.gateway.messages import (
    ConnectorId,
    HttpReceiver,
    MoReceived,
    MoReceiver,
    MoRouted,
    MsgId,
)
from jasmin_compat.smpp import codec, commands
from jasmin_compat.smpp.pdus import DataSm, DeliverSm
from jasmin_compat.smpp.statuses import ESME_ROK
from jasmin_compat.wire import headers as header
from jasmin_compat.wire import pickled_pdus, pickled_routed
from jasmin_compat.wire.amqp_messages import HeaderValue, QueueMessage, Undecodable
from jasmin_compat.wire.amqp_names import MESSAGING, MO_THROWER_HTTP, MO_THROWER_SMPPS, mo_key
from jasmin_compat.wire.pickled_pdus import BadPdu, PickledMo
from jasmin_compat.wire.pickled_routed import BadReceivers


def write_mo(mo: MoReceived) -> QueueMessage:
    return QueueMessage(
        exchange=MESSAGING,
        routing_key=mo_key(mo.cid),
        body=pickled_pdus.write_mo(PickledMo(mo.pdu, mo.cid, mo.received_at), None),
        message_id=mo.msgid,
        headers={
            "try-count": 0,
            "connector-id": mo.cid,
            "concatenated": int(mo.concatenated),
            "will_be_concatenated": int(mo.will_be_concatenated),
            "created_at": str(mo.received_at),
        },
    )


def read_mo(message: QueueMessage) -> MoReceived:
    """What we wrote, or a Jasmin.

    Raises:
        Undecodable: anything else.
    """
    if not message.message_id:
        raise Undecodable("no message-id")
    try:
        pickled = pickled_pdus.read_mo(message.body)
    except BadPdu as error:
        raise Undecodable(str(error)) from error
    return MoReceived(
        msgid=MsgId(message.message_id),
        cid=ConnectorId(header.text(message.headers, "connector-id")),
        pdu=pickled.pdu,
        received_at=pickled.received_at,
        concatenated=header.flag(message.headers, "concatenated"),
        will_be_concatenated=header.flag(message.headers, "will_be_concatenated"),
    )


# ---------------------------------------------------------------- to the thrower

_SIMPLE: Final = "simple"
_FAILOVER: Final = "failover"


def write_routed(mo: MoRouted) -> QueueMessage:
    headers: dict[str, HeaderValue] = {
        "route-type": _FAILOVER if mo.is_failover else _SIMPLE,
        "src-connector-id": mo.cid,
        "dst-connectors": pickled_routed.write_receivers(mo.receivers),
        "try-count": 0,  # Jasmin never counts there
    }
    header.put_progress(headers, mo.tries, mo.first_tried_at)
    return QueueMessage(
        exchange=MESSAGING,
        routing_key=_thrower_key(mo.receivers[0]),
        body=pickled_routed.write_pdu(mo.pdu),
        message_id=mo.msgid,
        headers=headers,
    )


def _thrower_key(receiver: MoReceiver) -> str:
    return MO_THROWER_HTTP if isinstance(receiver, HttpReceiver) else MO_THROWER_SMPPS


def read_routed(message: QueueMessage) -> MoRouted:
    """What we wrote, or a Jasmin.

    Raises:
        Undecodable: anything else.
    """
    headers = message.headers
    route_type, pickled = header.text(headers, "route-type"), headers.get("dst-connectors")
    if not message.message_id or route_type not in {_SIMPLE, _FAILOVER}:
        raise Undecodable(f"no message-id, or route-type is {route_type!r}")
    if not isinstance(pickled, bytes):  # a pickle is never UTF-8
        raise Undecodable("dst-connectors is no pickle")
    try:
        receivers = pickled_routed.read_receivers(pickled)
        pdu = pickled_routed.read_pdu(message.body)
    except (BadPdu, BadReceivers) as error:
        raise Undecodable(str(error)) from error
    if message.routing_key != _thrower_key(receivers[0]):
        raise Undecodable(f"routing key is {message.routing_key!r} for {receivers[0]}")
    return MoRouted(
        msgid=MsgId(message.message_id),
        cid=ConnectorId(header.text(headers, "src-connector-id")),
        pdu=pdu,
        receivers=receivers,
        is_failover=route_type == _FAILOVER,
        tries=header.tries(headers),
        first_tried_at=header.first_tried_at(headers),
    )


# ---------------------------------------------------------------- segments in the store


def write_mo_part(pdu: DeliverSm | DataSm) -> bytes:
    """A segment as the SMSC sent it."""
    command_id = commands.DELIVER_SM if isinstance(pdu, DeliverSm) else commands.DATA_SM
    return codec.frame(command_id, ESME_ROK, 1, codec.encode_body(pdu))


def read_mo_part(octets: bytes) -> DeliverSm | DataSm:
    """What `write_mo_part` wrote."""
    body = codec.decode(octets).body
    assert isinstance(body, DeliverSm | DataSm)
    return body
