"""PDUs as Jasmin pickles them for its queues, both ways (contract/amqp-topology.md §6.1).

What we wrote ourselves is read by its template, many times faster than by the machine of
wire/pickles.py. Whatever does not fit the template goes to the machine, which decides.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jasmin_compat.smpp.pdus import DataSm, DeliverSm, SubmitSm, Tlv
from jasmin_compat.smpp.statuses import status_name
from jasmin_compat.smpp.tlvs import MORE_MESSAGES_TO_SEND
from jasmin_compat.smpp.twins import quick_init
from jasmin_compat.wire import pdu_enums, pickled_tlvs
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickled_fields import BadField
from jasmin_compat.wire.pickled_layouts import (
    DATA,
    DELIVER,
    OBJECT_END,
    PARAMS_END,
    SUBMIT,
)
from jasmin_compat.wire.pickled_tlvs import BadTlv
from jasmin_compat.wire.pickles import MESSAGES, RefusedPickle, unpickle

MAX_PARTS: Final = 255


class BadPdu(Exception):
    """A pickle that is refused, or holds something else than the PDU it should."""


_BAD = (RefusedPickle, BadField, BadTlv)

# ---------------------------------------------------------------- submit_sm


@quick_init
@dataclass(frozen=True, slots=True)
class PickledSubmit:
    """A message in `submit.sm.<cid>`."""

    parts: tuple[SubmitSm, ...]
    source_addr_is_null: bool


_NEXT = opcodes.text("nextPdu")


def write_submit(submit: PickledSubmit, *, is_of_http: bool) -> bytes:
    """Each part is the `nextPdu` of the one before."""
    layout = SUBMIT[is_of_http, submit.source_addr_is_null]
    chain = _NEXT.join([layout.write(part) for part in submit.parts])
    return opcodes.PROTOCOL + chain + OBJECT_END * len(submit.parts) + opcodes.STOP


def read_submit(octets: bytes) -> PickledSubmit:
    """What we wrote, or a Jasmin.

    Raises:
        BadPdu: anything else.
    """
    try:
        return _recall_submit(octets)
    except (_NotOurs, *_BAD):
        pass
    try:
        return _read_submit(unpickle(octets))
    except _BAD as error:
        raise BadPdu(str(error)) from error


def _read_submit(found: object) -> PickledSubmit:
    parts: list[SubmitSm] = []
    is_null = _params(found).get("source_addr") is None
    while isinstance(found, Instance):
        if len(parts) == MAX_PARTS:
            raise BadField("more parts than a message can have")
        parts.append(_ANY_SUBMIT.read(found))
        found = found.state.get("nextPdu")
    return PickledSubmit(tuple(parts), is_null)


def _params(found: object) -> dict[str, object]:
    params = found.state.get("params") if isinstance(found, Instance) else None
    if not isinstance(params, dict):
        raise BadField("no params")
    return params


# ---------------------------------------------------------------- submit_sm, by its template

_ANY_SUBMIT = SUBMIT[True, False]
_FIRST = _ANY_SUBMIT.literals[0]
_FOLLOWING = [(literal, len(literal)) for literal in _ANY_SUBMIT.literals[1:]]
_RECALL = [field.recall for field in _ANY_SUBMIT.fields]
_SOURCE_ADDR = [field.name for field in _ANY_SUBMIT.fields].index("source_addr")
_BETWEEN = PARAMS_END + _NEXT
_USUAL_TLVS: dict[bytes, tuple[Tlv, ...]] = {b"": ()} | {
    pickled_tlvs.write_tlvs((tlv,), pickled_tlvs.SUBMIT_SM)[1]: (tlv,)
    for tlv in (Tlv(MORE_MESSAGES_TO_SEND, b"\0"), Tlv(MORE_MESSAGES_TO_SEND, b"\1"))
}


class _NotOurs(Exception):
    """The octets are not those `write_submit` would give."""


def _recall_submit(octets: bytes) -> PickledSubmit:
    if len(octets) > MESSAGES.max_octets:
        raise _NotOurs
    *others, last = octets.removeprefix(opcodes.PROTOCOL).split(_BETWEEN, MAX_PARTS)
    if len(others) == MAX_PARTS:
        raise _NotOurs
    end = PARAMS_END + OBJECT_END * (len(others) + 1) + opcodes.STOP
    if not octets.startswith(opcodes.PROTOCOL) or not last.endswith(end):
        raise _NotOurs
    found = [_find_values(part) for part in (*others, last.removesuffix(end))]
    source_addr = found[0][2 + _SOURCE_ADDR]
    return PickledSubmit(tuple(map(_recall_part, found)), source_addr == opcodes.NONE)


def _find_values(octets: bytes) -> list[bytes]:
    """Opcodes of sequence number, custom TLVs, each field, and further params. Where a message
    holds the literals themselves, they are cut wrongly, and do not make values."""
    found = []
    at = len(_FIRST)
    if not octets.startswith(_FIRST):
        raise _NotOurs
    for literal, length in _FOLLOWING:
        end = octets.find(literal, at)
        if end < 0:
            raise _NotOurs
        found.append(octets[at:end])
        at = end + length
    end = at + len(opcodes.integer(0))
    return [*found, octets[at:end], octets[end:]]


def _recall_part(found: list[bytes]) -> SubmitSm:
    sequence_number, custom, *written, among_params = found
    if sequence_number != opcodes.NONE:
        raise _NotOurs
    values = [recall(each) for recall, each in zip(_RECALL, written, strict=True)]
    if None in values:
        values = [
            field.read(_alone(each)) if value is None else value
            for field, each, value in zip(_ANY_SUBMIT.fields, written, values, strict=True)
        ]
    tlvs = _USUAL_TLVS.get(among_params) if custom == opcodes.EMPTY_LIST else None
    if tlvs is None:
        params = _alone(b"}(" + among_params + PARAMS_END)
        assert isinstance(params, dict)
        tlvs = pickled_tlvs.read_tlvs(params, _alone(custom), pickled_tlvs.SUBMIT_SM)
    return _ANY_SUBMIT.make(values, tlvs)


def _alone(opcodes_: bytes) -> object:
    """One value out of a pickle."""
    return unpickle(opcodes.PROTOCOL + opcodes_ + opcodes.STOP)


# ---------------------------------------------------------------- submit_sm_resp


def write_submit_resp(command_status: int, message_id: bytes, sequence_number: int | None) -> bytes:
    """What third parties find in `submit.sm.resp.<cid>`; a refusal has no message_id there. A
    status without a name is one of Jasmin's four RESERVEDSTATUS, its number is lost as there."""
    params = (("message_id", opcodes.octets(message_id)),) if command_status == 0 else ()
    number = opcodes.NONE if sequence_number is None else opcodes.integer(sequence_number)
    status = opcodes.named_member(pdu_enums.COMMAND_STATUS, status_name(command_status))
    attributes = (
        ("id", opcodes.named_member(pdu_enums.COMMAND_ID, "submit_sm_resp")),
        ("seqNum", number),
        ("status", status),
        ("custom_tlvs", opcodes.EMPTY_LIST),
        ("params", opcodes.dict_of(params)),
    )
    target = opcodes.name("smpp.pdu.operations", "SubmitSMResp")
    return opcodes.PROTOCOL + opcodes.instance(target, attributes) + opcodes.STOP


# ---------------------------------------------------------------- deliver_sm and data_sm


@dataclass(frozen=True, slots=True)
class PickledMo:
    """A message in `deliver.sm.<cid>`: Jasmin's RoutableDeliverSm."""

    pdu: DeliverSm | DataSm
    cid: str
    received_at: datetime
    """Naive local time."""


def write_mo(mo: PickledMo, sequence_number: int | None) -> bytes:
    """As the connector publishes it, before a script or a route has touched it."""
    connector = (
        ("cid", opcodes.text(mo.cid)),
        ("_str", opcodes.text("generic Connector")),
        ("_repr", opcodes.text("<generic Connector>")),
    )
    attributes = (
        ("_tags", opcodes.EMPTY_LIST),
        ("pdu", write_received(mo.pdu, sequence_number)),
        (
            "connector",
            opcodes.instance(opcodes.name("jasmin.routing.jasminApi", "Connector"), connector),
        ),
        ("datetime", opcodes.moment(mo.received_at)),
    )
    target = opcodes.name("jasmin.routing.Routables", "RoutableDeliverSm")
    return opcodes.PROTOCOL + opcodes.instance(target, attributes) + opcodes.STOP


def read_mo(octets: bytes) -> PickledMo:
    """What we wrote, or a Jasmin. Tags a script has put on it are not kept.

    Raises:
        BadPdu: anything else.
    """
    try:
        return _read_mo(unpickle(octets))
    except _BAD as error:
        raise BadPdu(str(error)) from error


def _read_mo(found: object) -> PickledMo:
    if not isinstance(found, Instance) or found.name != "RoutableDeliverSm":
        raise BadField("not a RoutableDeliverSm")
    pdu, connector = found.state.get("pdu"), found.state.get("connector")
    received_at = found.state.get("datetime")
    cid = connector.state.get("cid") if isinstance(connector, Instance) else None
    if not isinstance(cid, str) or not isinstance(received_at, datetime):
        raise BadField("no connector, or no time")
    return PickledMo(_read_received(pdu), cid, received_at)


def write_received(pdu: DeliverSm | DataSm, sequence_number: int | None) -> bytes:
    """Opcodes of the PDU alone; Jasmin looked whether it is a receipt, and it was none."""
    number = opcodes.NONE if sequence_number is None else opcodes.integer(sequence_number)
    written = DATA.write(pdu, number) if isinstance(pdu, DataSm) else DELIVER.write(pdu, number)
    return written + opcodes.text("dlr") + opcodes.NONE + OBJECT_END


def read_received(octets: bytes) -> DeliverSm | DataSm:
    """A pickle of the PDU alone, ours or Jasmin's.

    Raises:
        BadPdu: anything else.
    """
    try:
        return _read_received(unpickle(octets))
    except _BAD as error:
        raise BadPdu(str(error)) from error


def _read_received(pdu: object) -> DeliverSm | DataSm:
    is_data = isinstance(pdu, Instance) and pdu.name == DATA.class_name
    return DATA.read(pdu) if is_data else DELIVER.read(pdu)
