"""Records in Redis: Jasmin's hashes and our values (contract/redis-keys.md §2, §7).

What stands there is taken as text: Jasmin's reader turns texts that look like numbers into
numbers, so that `+336…` loses its plus and `0612` its zero (W-DLR-13).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, assert_never
from urllib.parse import parse_qsl, urlencode

from jasmin_compat.gateway.messages import (
    CallbackMethod,
    ConnectorId,
    DlrLevel,
    DlrRequest,
    HttpDlrRequest,
    MsgId,
    SmppDlrRequest,
    SmppMsgId,
    Source,
)
from jasmin_compat.gateway.submission import SegmentSent
from jasmin_compat.wire.pdu_enums import ADDR_NPI, ADDR_TON, REGISTERED_DELIVERY_RECEIPT

DLR = "dlr:"
QUEUE_MSGID = "queue-msgid:"

DEFAULT_EXPIRY_S = 86400

Fields = Mapping[bytes, bytes]

_LEVELS: dict[bytes, DlrLevel] = {b"1": 1, b"2": 2, b"3": 3}
_METHODS: dict[bytes, CallbackMethod] = {b"GET": "GET", b"POST": "POST"}
_MOST_FIELDS = 32
_RECEIPTS: dict[int, Literal[1, 2]] = {1: 1, 2: 2}


class BadRecord(ValueError):
    """The fields are not a record we know."""


def octets_of(key: str, fields: Fields) -> int:
    """What a record weighs in the budget: key, fields and values."""
    return len(key) + sum(len(name) + len(value) for name, value in fields.items())


# ---------------------------------------------------------------- dlr:<msgid>


def request_fields(request: DlrRequest) -> dict[bytes, bytes]:
    """In Jasmin's order; addresses octet for octet (Latin-1), other texts in UTF-8."""
    match request:
        case HttpDlrRequest():
            return {
                b"sc": b"httpapi",
                b"url": request.url.encode(),
                b"level": b"%d" % request.level,
                b"method": request.method.encode(),
                b"connector": request.cid.encode(),
                b"expiry": b"%d" % request.expiry_s,
            }
        case SmppDlrRequest():
            return {
                b"sc": b"smppsapi",
                b"system_id": request.system_id.encode(),
                b"source_addr_ton": ADDR_TON.to_text(request.source_addr_ton).encode(),
                b"source_addr_npi": ADDR_NPI.to_text(request.source_addr_npi).encode(),
                b"source_addr": request.source_addr.encode("latin-1"),
                b"dest_addr_ton": ADDR_TON.to_text(request.dest_addr_ton).encode(),
                b"dest_addr_npi": ADDR_NPI.to_text(request.dest_addr_npi).encode(),
                b"destination_addr": request.destination_addr.encode("latin-1"),
                b"sub_date": request.submitted_at.encode(),
                b"rd_receipt": REGISTERED_DELIVERY_RECEIPT.to_text(request.receipt).encode(),
                b"expiry": b"%d" % request.expiry_s,
            }
        case _:
            assert_never(request)


def read_request(msgid: MsgId, fields: Fields) -> DlrRequest:
    """Raises:
    BadRecord: a field is missing, or says what nobody here can act on.
    """
    try:
        if fields[b"sc"] == b"httpapi":
            return _read_http(msgid, fields)
        if fields[b"sc"] == b"smppsapi":
            return _read_smpp(msgid, fields)
    except (KeyError, UnicodeDecodeError) as error:
        raise BadRecord(f"dlr:{msgid}: {error!r}") from error
    raise BadRecord(f"dlr:{msgid}: sc {fields[b'sc']!r}")


def request_text(request: DlrRequest) -> str:
    """The same fields in ASCII, for a request that travels with its message."""
    return urlencode(request_fields(request))


def read_request_text(msgid: MsgId, text: str) -> DlrRequest:
    """Raises: BadRecord."""
    try:
        found = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=_MOST_FIELDS,
            encoding="latin-1",
        )
        fields = {name.encode("latin-1"): value.encode("latin-1") for name, value in found}
    except ValueError as error:  # UnicodeEncodeError is one
        raise BadRecord(f"dlr:{msgid}: {error}") from error
    return read_request(msgid, fields)


def _read_http(msgid: MsgId, fields: Fields) -> HttpDlrRequest:
    return HttpDlrRequest(
        msgid=msgid,
        url=fields[b"url"].decode(),
        level=_LEVELS[fields[b"level"]],
        method=_METHODS[fields[b"method"]],
        cid=ConnectorId(fields.get(b"connector", b"unknown").decode()),
        expiry_s=_expiry(fields),
    )


def _read_smpp(msgid: MsgId, fields: Fields) -> SmppDlrRequest:
    return SmppDlrRequest(
        msgid=msgid,
        system_id=fields[b"system_id"].decode(),
        source_addr=fields[b"source_addr"].decode("latin-1"),
        source_addr_ton=ADDR_TON.from_text(fields[b"source_addr_ton"].decode()),
        source_addr_npi=ADDR_NPI.from_text(fields[b"source_addr_npi"].decode()),
        destination_addr=fields[b"destination_addr"].decode("latin-1"),
        dest_addr_ton=ADDR_TON.from_text(fields[b"dest_addr_ton"].decode()),
        dest_addr_npi=ADDR_NPI.from_text(fields[b"dest_addr_npi"].decode()),
        submitted_at=fields[b"sub_date"].decode(),
        receipt=_RECEIPTS[REGISTERED_DELIVERY_RECEIPT.from_text(fields[b"rd_receipt"].decode())],
        expiry_s=_expiry(fields),
    )


def _expiry(fields: Fields) -> int:
    text = fields.get(b"expiry", b"")
    return int(text) if text.isdigit() and len(text) < 10 else DEFAULT_EXPIRY_S


# ---------------------------------------------------------------- queue-msgid:<smpp msgid>


def mapping_fields(msgid: MsgId, source: Source) -> dict[bytes, bytes]:
    """Exactly two fields: Jasmin's reader takes a third for an unknown record."""
    return {b"msgid": msgid.encode(), b"connector_type": source.encode()}


# ---------------------------------------------------------------- jc:sent:<msgid>, ours

_SEGMENT = re.compile(rb"([+.?-])(\d+)(?::(.*))?", re.DOTALL)


def segment_field(segment: SegmentSent) -> tuple[bytes, bytes]:
    """Index, and `+` (receipt awaited), `?` (asked for, cannot come) or `-` (not asked for), the
    status, and the SMSC's id: `+0:M13`. When the receipt has come, the `+` is made a `.`."""
    status = b"%d" % segment.command_status
    if segment.smpp_msgid is not None:
        status += b":" + segment.smpp_msgid.encode()
    return b"%d" % segment.index, _asked(segment) + status


def _asked(segment: SegmentSent) -> bytes:
    if not segment.wants_receipt:
        return b"-"
    return b"+" if segment.command_status == 0 and segment.smpp_msgid is not None else b"?"


def read_segments(fields: Fields) -> tuple[SegmentSent, ...]:
    """By index; what is no segment (see adapters/redis_lua/common.lua) is left out."""
    found = []
    for index, text in fields.items():
        match = _SEGMENT.fullmatch(text)
        if index.isdigit() and match is not None:
            asked, status, id_ = match.groups()
            found.append(
                SegmentSent(
                    index=int(index),
                    command_status=int(status),
                    smpp_msgid=None if id_ is None else SmppMsgId(id_.decode()),
                    wants_receipt=asked != b"-",
                )
            )
    return tuple(sorted(found, key=lambda segment: segment.index))


# ---------------------------------------------------------------- all


def source_of(request: DlrRequest) -> Source:
    return "httpapi" if isinstance(request, HttpDlrRequest) else "smppsapi"


def pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    """A hash as HGETALL answers it: field, value, field, value."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
