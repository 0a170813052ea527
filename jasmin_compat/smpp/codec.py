"""PDUs to octets and back, without loss (SMPP 3.4 §3.2).

Reading is lenient, because what cannot be read is a lost receipt: any status, data_coding or
enumeration value, any TLV, a response without its body or its NUL, stray octets at the end. A
request that cannot be read is answered and the stream goes on; an impossible command_length ends
it.
"""

import struct
from dataclasses import dataclass
from typing import Final

from jasmin_compat.smpp import commands, statuses
from jasmin_compat.smpp.compiled import (
    UnknownFlag,
    compile_check,
    compile_reader,
    compile_writer,
    write_tlvs,
)
from jasmin_compat.smpp.errors import BodyUnreadable, FieldOutOfRange, FramingLost
from jasmin_compat.smpp.layout import BODIES, LAYOUT, PARTS
from jasmin_compat.smpp.pdus import Body, Empty, Opaque, Pdu
from jasmin_compat.smpp.twins import constructor

HEADER_OCTETS: Final = 16
MAX_OCTETS: Final = 128 * 1024
"""Default bound on a PDU: the longest message_payload (64 KiB) and room for other parameters."""

_HEADER = struct.Struct(">IIII")
_CUT = (ValueError, IndexError)
"""What reading on behind the last octet raises: no NUL any more, no octet any more."""
_PART_READERS = {cls: compile_reader(cls, rows, {}) for cls, rows in PARTS.items()}
_PART_WRITERS = {cls: compile_writer(cls, rows, {}) for cls, rows in PARTS.items()}
_READERS = {cls: compile_reader(cls, rows, _PART_READERS) for cls, rows in LAYOUT.items()}
_WRITERS = {cls: compile_writer(cls, rows, _PART_WRITERS) for cls, rows in LAYOUT.items()}
_CHECKS = {cls: compile_check(rows) for cls, rows in (LAYOUT | PARTS).items()}
_READER_OF = {command_id: _READERS[cls] for command_id, cls in BODIES.items()}
_new_pdu = constructor(Pdu)


@dataclass(frozen=True, slots=True)
class UnreadablePdu:
    """A whole request whose body does not parse: to be answered with `answer_status`."""

    command_id: int
    command_status: int
    sequence_number: int
    octets: bytes
    """All of it, header included."""
    answer_status: int
    reason: str


def encode(pdu: Pdu) -> bytes:
    """The octets of a PDU, exactly: what was decoded comes out as it went in.

    Holds a value only against what the wire can carry; `check_limits` against the specification.

    Raises:
        CannotEncode: a value has no place on the wire; the error names the field.
    """
    body = encode_body(pdu.body) + pdu.trailing
    return frame(pdu.command_id, pdu.command_status, pdu.sequence_number, body)


def encode_body(body: Body) -> bytes:
    """What stands behind the header.

    Raises:
        CannotEncode: as `encode`.
    """
    if isinstance(body, Opaque):
        return body.octets
    octets = _WRITERS[type(body)](body)
    return octets + write_tlvs(body.tlvs) if body.tlvs else octets


def frame(command_id: int, command_status: int, sequence_number: int, body: bytes) -> bytes:
    """A header, and the octets of a body behind it.

    Raises:
        FieldOutOfRange: a field of the header does not fit.
    """
    length = HEADER_OCTETS + len(body)
    try:
        return _HEADER.pack(length, command_id, command_status, sequence_number) + body
    except struct.error as error:
        raise _out_of_range(command_id, command_status, sequence_number) from error


def _out_of_range(command_id: int, command_status: int, sequence_number: int) -> FieldOutOfRange:
    header = {
        "command_id": command_id,
        "command_status": command_status,
        "sequence_number": sequence_number,
    }
    name = next(name for name, value in header.items() if not 0 <= value <= 0xFFFFFFFF)
    return FieldOutOfRange(name, header[name], 0xFFFFFFFF)


def check_limits(body: Body) -> None:
    """Hold a body we are about to originate against the limits of the specification.

    Raises:
        FieldTooLong: naming the field and its limit.
    """
    if not isinstance(body, Opaque):
        _CHECKS[type(body)](body)


def decode(octets: bytes) -> Pdu:
    """Read exactly one PDU.

    Raises:
        BodyUnreadable: a request whose body ends too early or holds an impossible value.
        FramingLost: `octets` is not as long as its command_length says.
    """
    if len(octets) < HEADER_OCTETS:
        raise FramingLost(len(octets), 0)
    length, command_id, command_status, sequence_number = _HEADER.unpack_from(octets)
    if length != len(octets):
        raise FramingLost(length, sequence_number)
    body, trailing = _read_body(command_id, octets)
    pdu: Pdu = _new_pdu(command_id, sequence_number, body, command_status, trailing)
    return pdu


def take_pdu(buffer: bytearray, max_octets: int = MAX_OCTETS) -> Pdu | UnreadablePdu | None:
    """Take the first PDU off the buffer; None while it is not whole.

    Raises:
        FramingLost: command_length is below 16 or above `max_octets`; the buffer is useless now.
    """
    if len(buffer) < HEADER_OCTETS:
        return None
    length, command_id, command_status, sequence_number = _HEADER.unpack_from(buffer)
    if not HEADER_OCTETS <= length <= max_octets:
        raise FramingLost(length, sequence_number)
    if len(buffer) < length:
        return None
    octets = bytes(buffer[:length])
    del buffer[:length]
    try:
        body, trailing = _read_body(command_id, octets)
    except BodyUnreadable as error:
        return UnreadablePdu(
            command_id, command_status, sequence_number, octets, error.status, error.reason
        )
    pdu: Pdu = _new_pdu(command_id, sequence_number, body, command_status, trailing)
    return pdu


def message_id_of(body: Body) -> bytes:
    """The message_id of a response as its sender meant it, also where the NUL or all is missing."""
    message_id = getattr(body, "message_id", None)
    if isinstance(message_id, bytes):
        return message_id
    return body.octets.partition(b"\0")[0] if isinstance(body, Opaque) else b""


def _read_body(command_id: int, octets: bytes) -> tuple[Body, bytes]:
    reader = _READER_OF.get(command_id)
    if reader is None:
        return Opaque(octets[HEADER_OCTETS:]), b""
    try:
        body, at = reader(octets, HEADER_OCTETS)
    except _CUT as error:
        if command_id & commands.RESPONSE_BIT:
            # Its status and sequence number are what matters: the outcome of a request.
            return Opaque(octets[HEADER_OCTETS:]), b""
        raise BodyUnreadable(statuses.ESME_RINVMSGLEN, "the body ends too early") from error
    except UnknownFlag as error:
        raise BodyUnreadable(statuses.ESME_RINVDESTFLAG, str(error)) from error
    left = len(octets) - at
    if not left:
        return body, b""
    if left >= 4 and not command_id & commands.RESPONSE_BIT and not isinstance(body, Empty):
        # Could be the message itself (message_payload, or a wrong sm_length): not to be guessed.
        raise BodyUnreadable(statuses.ESME_RINVOPTPARSTREAM, "a parameter ends too early")
    return body, octets[at:]
