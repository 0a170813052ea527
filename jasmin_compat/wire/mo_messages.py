"""Messages in `deliver.sm.<cid>`: what a connector received (contract/amqp-topology.md §3.5)."""

from jasmin_compat.gateway.messages import ConnectorId, MoReceived, MsgId
from jasmin_compat.smpp import codec, commands
from jasmin_compat.smpp.pdus import DataSm, DeliverSm
from jasmin_compat.smpp.statuses import ESME_ROK
from jasmin_compat.wire import headers as header
from jasmin_compat.wire import pickled_pdus
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.amqp_names import MESSAGING, mo_key
from jasmin_compat.wire.pickled_pdus import BadPdu, PickledMo


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
