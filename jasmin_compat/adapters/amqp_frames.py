"""AMQP 0-9-1 frames of the hot path, packed and read by hand: publish, deliver, return, ack.

All other frames are left to pamqp, which needs ten times as long, because it walks over the fields
of each frame. Layout: AMQP 0-9-1 §4.2.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from jasmin_compat.smpp.twins import quick_init
from jasmin_compat.wire.amqp_messages import HeaderValue, QueueMessage
from jasmin_compat.wire.field_tables import UnencodableTable, encode_table

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
END = 0xCE
FRAME_HEAD = struct.Struct("!BHI")
"""Kind, channel, size of the payload; an END octet follows the payload."""
HEARTBEAT_FRAME = bytes((HEARTBEAT, 0, 0, 0, 0, 0, 0, END))

# class and method id in one number, as the first four octets of a method frame hold them
CONNECTION_CLOSE = 10 << 16 | 50
CONNECTION_BLOCKED = 10 << 16 | 60
CONNECTION_UNBLOCKED = 10 << 16 | 61
BASIC_PUBLISH = 60 << 16 | 40
BASIC_RETURN = 60 << 16 | 50
BASIC_DELIVER = 60 << 16 | 60
BASIC_ACK = 60 << 16 | 80
BASIC_NACK = 60 << 16 | 120

_ULONG = struct.Struct("!I")
_USHORT = struct.Struct("!H")
_TAG_AND_BITS = struct.Struct("!QB")
_CONTENT = struct.Struct("!HHQH")
"""Class, weight, body size, property flags."""
_SETTLE = struct.Struct("!BHIIQBB")
_BODY_OVERHEAD = 8
_MAX_SHORT = 255

# property flags, in the order in which the properties follow
_CONTENT_TYPE, _CONTENT_ENCODING, _HEADERS = 0x8000, 0x4000, 0x2000
_DELIVERY_MODE, _PRIORITY, _CORRELATION_ID = 0x1000, 0x0800, 0x0400
_REPLY_TO, _EXPIRATION, _MESSAGE_ID = 0x0200, 0x0100, 0x0080
_PERSISTENT = b"\x02"

_BROKERS_OWN = {"x-delivery-count", "x-acquired-count"}
"""Headers that a quorum queue puts in: nobody published them, and Jasmin could not read them."""


class BrokenFrame(Exception):
    """The peer sent what AMQP 0-9-1 does not allow: the stream is lost."""


class Unwritable(Exception):
    """A message, or its address, does not fit into AMQP 0-9-1."""


# ---------------------------------------------------------------- out


def frame(kind: int, channel: int, payload: bytes) -> bytes:
    return FRAME_HEAD.pack(kind, channel, len(payload)) + payload + b"\xce"


def short_string(text: str) -> bytes:
    """Raises Unwritable beyond 255 octets."""
    octets = text.encode()
    if len(octets) > _MAX_SHORT:
        raise Unwritable(f"{len(octets)} octets where 255 are allowed: {text[:40]!r}...")
    return bytes((len(octets),)) + octets


def publish_method(channel: int, exchange: str, routing_key: str, mandatory: bool) -> bytes:
    """The basic.publish frame; the same for every message on its way to the same place.

    Raises: Unwritable.
    """
    payload = (
        _ULONG.pack(BASIC_PUBLISH)
        + b"\x00\x00"
        + short_string(exchange)
        + short_string(routing_key)
        + (b"\x01" if mandatory else b"\x00")
    )
    return frame(METHOD, channel, payload)


def content_header(message: QueueMessage, persistent: bool) -> bytes:
    """The payload of the header frame: properties as Jasmin writes them, and delivery_mode.

    Raises: Unwritable.
    """
    flags = 0
    properties = b""
    if message.headers:
        flags |= _HEADERS
        properties += _table(message.headers)
    if persistent:
        flags |= _DELIVERY_MODE
        properties += _PERSISTENT
    if message.priority is not None:
        flags |= _PRIORITY
        properties += bytes((message.priority,))
    if message.reply_to is not None:
        flags |= _REPLY_TO
        properties += short_string(message.reply_to)
    if message.message_id:
        flags |= _MESSAGE_ID
        properties += short_string(message.message_id)
    return _CONTENT.pack(60, 0, len(message.body), flags) + properties


def content(channel: int, header: bytes, body: bytes, frame_max: int) -> bytes:
    """Header frame and body frames."""
    head = frame(HEADER, channel, header)
    size = frame_max - _BODY_OVERHEAD
    if 0 < len(body) <= size:
        return head + FRAME_HEAD.pack(BODY, channel, len(body)) + body + b"\xce"
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return head + b"".join(frame(BODY, channel, part) for part in parts)


def fits(header: bytes, frame_max: int) -> bool:
    """A header is one frame, whatever its length; bodies are cut."""
    return len(header) <= frame_max - _BODY_OVERHEAD


def ack(channel: int, tag: int, *, multiple: bool) -> bytes:
    return _SETTLE.pack(METHOD, channel, 13, BASIC_ACK, tag, multiple, END)


def nack(channel: int, tag: int) -> bytes:
    """Requeue one delivery."""
    return _SETTLE.pack(METHOD, channel, 13, BASIC_NACK, tag, 0b10, END)


def _table(headers: Mapping[str, HeaderValue]) -> bytes:
    try:
        return encode_table(headers)
    except UnencodableTable:  # a copy of somebody else's message
        return _table_of_others(headers)


def _table_of_others(headers: Mapping[str, HeaderValue]) -> bytes:
    writable = dict(_writable(name, headers[name]) for name in headers if name.isascii())
    try:
        return encode_table(writable)
    except UnencodableTable as error:
        raise Unwritable(str(error)) from error


def _writable(name: str, value: HeaderValue) -> tuple[str, HeaderValue]:
    """The same octets on the wire for text; text for a number that is too large."""
    if isinstance(value, int) and not 0 <= value <= 0x7FFF_FFFF:
        return name, str(value)
    return name, value.encode() if isinstance(value, str) else value


# ---------------------------------------------------------------- in


@quick_init
@dataclass(frozen=True, slots=True)
class Delivered:
    """basic.deliver."""

    tag: int
    redelivered: bool
    exchange: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Returned:
    """basic.return."""

    reply_code: int
    reply_text: str
    exchange: str
    routing_key: str


def read_method_id(data: bytes, at: int) -> int:
    """Class and method of a method frame's payload."""
    return int(_ULONG.unpack_from(data, at)[0])


def read_tag(data: bytes, at: int) -> tuple[int, int]:
    """Delivery tag and bits of basic.ack and basic.nack; `at` is where the payload starts."""
    tag, bits = _TAG_AND_BITS.unpack_from(data, at + 4)
    return tag, bits


def read_deliver(data: bytes, at: int) -> Delivered:
    at += 4
    at += 1 + data[at]  # the consumer tag: each consumer has a channel of its own
    tag, redelivered = _TAG_AND_BITS.unpack_from(data, at)
    exchange, at = _read_short_string(data, at + 9)
    routing_key, at = _read_short_string(data, at)
    return Delivered(tag, bool(redelivered), exchange, routing_key)


def read_return(data: bytes, at: int) -> Returned:
    code = _USHORT.unpack_from(data, at + 4)[0]
    text, at = _read_short_string(data, at + 6)
    exchange, at = _read_short_string(data, at)
    routing_key, at = _read_short_string(data, at)
    return Returned(code, text, exchange, routing_key)


def read_close(data: bytes, at: int) -> str:
    """Code and text of connection.close."""
    code = _USHORT.unpack_from(data, at + 4)[0]
    return f"{code} {_read_short_string(data, at + 6)[0]}"


def read_reason(data: bytes, at: int) -> str:
    """The text of connection.blocked."""
    return _read_short_string(data, at + 4)[0]


def read_body_size(header: bytes) -> int:
    return int(_CONTENT.unpack_from(header)[2])


def read_message(exchange: str, routing_key: str, header: bytes, body: bytes) -> QueueMessage:
    """The message as we hold it; properties that Jasmin's messages do not have are left out.

    Raises:
        BrokenFrame: the properties do not fit the frame.
    """
    try:
        return _read_message(exchange, routing_key, header, body)
    except (struct.error, IndexError) as error:
        raise BrokenFrame(f"properties: {error}") from error


def _read_message(exchange: str, routing_key: str, header: bytes, body: bytes) -> QueueMessage:
    flags = _CONTENT.unpack_from(header)[3]
    at = _skip(header, _CONTENT.size, flags, _CONTENT_TYPE | _CONTENT_ENCODING)
    headers: dict[str, HeaderValue] = {}
    reply_to = priority = None
    message_id = ""
    if flags & _HEADERS:
        headers, at = read_table(header, at)
        for name in _BROKERS_OWN & headers.keys():
            del headers[name]
    if flags & _DELIVERY_MODE:
        at += 1
    if flags & _PRIORITY:
        priority, at = header[at], at + 1
    at = _skip(header, at, flags, _CORRELATION_ID)
    if flags & _REPLY_TO:
        reply_to, at = _read_short_string(header, at)
    at = _skip(header, at, flags, _EXPIRATION)
    if flags & _MESSAGE_ID:
        message_id, at = _read_short_string(header, at)
    return QueueMessage(
        exchange=exchange,
        routing_key=routing_key,
        body=body,
        message_id=message_id,
        headers=headers,
        reply_to=reply_to,
        priority=priority,
    )


def _skip(header: bytes, at: int, flags: int, which: int) -> int:
    """Where it goes on after the short strings that are there of `which`."""
    for _ in range((flags & which).bit_count()):
        at += 1 + header[at]
    return at


def _read_short_string(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + data[at]
    return data[at + 1 : end].decode(errors="replace"), end


_FIXED = {
    ord("t"): struct.Struct("!?"),
    ord("b"): struct.Struct("!b"),
    ord("B"): struct.Struct("!B"),
    ord("s"): struct.Struct("!h"),
    ord("u"): struct.Struct("!H"),
    ord("U"): struct.Struct("!h"),
    ord("I"): struct.Struct("!I"),  # Jasmin writes and reads it unsigned
    ord("i"): struct.Struct("!I"),
    ord("l"): struct.Struct("!q"),
    ord("L"): struct.Struct("!q"),
}
_SKIPPED = {ord("V"): 0, ord("f"): 4, ord("d"): 8, ord("T"): 8, ord("D"): 5}
"""Octets of the types that have no place among our header values."""
_LONG_STRING = ord("S")
_OCTETS = ord("x")


def read_table(data: bytes, at: int) -> tuple[dict[str, HeaderValue], int]:
    """A field table's text, numbers and octets, and where it ends; other types are left out.

    `S` is text where it is UTF-8, else octets, as Jasmin reads it.
    """
    end = at + 4 + int(_ULONG.unpack_from(data, at)[0])
    at += 4
    fields: dict[str, HeaderValue] = {}
    while at < end:
        name, at = _read_short_string(data, at)
        kind, at = data[at], at + 1
        if kind == _LONG_STRING:
            fields[name], at = _read_long_string(data, at)
        elif kind in _FIXED:
            fields[name] = int(_FIXED[kind].unpack_from(data, at)[0])
            at += _FIXED[kind].size
        elif kind == _OCTETS:
            fields[name], at = _read_octets(data, at)
        elif kind in _SKIPPED:
            at += _SKIPPED[kind]
        elif kind in b"FA":
            at += 4 + int(_ULONG.unpack_from(data, at)[0])
        else:
            raise BrokenFrame(f"field {name!r} is of unknown type {chr(kind)!r}")
    if at != end:
        raise BrokenFrame("a field table longer than it says")
    return fields, end


def _read_octets(data: bytes, at: int) -> tuple[bytes, int]:
    start = at + 4
    end = start + int(_ULONG.unpack_from(data, at)[0])
    if end > len(data):
        raise BrokenFrame("a field longer than its frame")
    return data[start:end], end


def _read_long_string(data: bytes, at: int) -> tuple[str | bytes, int]:
    octets, end = _read_octets(data, at)
    try:
        return octets.decode(), end
    except UnicodeDecodeError:
        return octets, end


# ---------------------------------------------------------------- copied


def copied_header(header: bytes, delivery_mode: int | None) -> bytes:
    """A header payload, octet by octet as it came but for its delivery mode, None being none, and
    for what the broker put in.

    Raises:
        BrokenFrame: the properties do not fit the frame.
    """
    try:
        return _copied_header(header, delivery_mode)
    except (struct.error, IndexError) as error:
        raise BrokenFrame(f"properties: {error}") from error


def _copied_header(header: bytes, delivery_mode: int | None) -> bytes:
    kind, weight, size, flags = _CONTENT.unpack_from(header)
    at = _skip(header, _CONTENT.size, flags, _CONTENT_TYPE | _CONTENT_ENCODING)
    before, table = header[_CONTENT.size : at], b""
    if flags & _HEADERS:
        table, at = _copied_table(header, at)
    if flags & _DELIVERY_MODE:
        at += 1
    mode = b"" if delivery_mode is None else bytes((delivery_mode,))
    flags = flags | _DELIVERY_MODE if mode else flags & ~_DELIVERY_MODE
    return _CONTENT.pack(kind, weight, size, flags) + before + table + mode + header[at:]


def _copied_table(data: bytes, at: int) -> tuple[bytes, int]:
    """The table without the broker's own fields, and where it ends."""
    end = at + 4 + int(_ULONG.unpack_from(data, at)[0])
    at += 4
    kept = b""
    while at < end:
        start = at
        name, at = _read_short_string(data, at)
        at = _value_end(data, at)
        if name not in _BROKERS_OWN:
            kept += data[start:at]
    if at != end:
        raise BrokenFrame("a field table longer than it says")
    return _ULONG.pack(len(kept)) + kept, end


def _value_end(data: bytes, at: int) -> int:
    """Where a field value ends that begins with its type."""
    kind, at = data[at], at + 1
    if kind in _FIXED:
        return at + _FIXED[kind].size
    if kind in _SKIPPED:
        return at + _SKIPPED[kind]
    if kind in b"SxFA":
        return at + 4 + int(_ULONG.unpack_from(data, at)[0])
    raise BrokenFrame(f"a field of unknown type {chr(kind)!r}")
