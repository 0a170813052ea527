"""SMPP 3.4 PDUs for the peers, on the codec of the recordings' tools: nobody's gateway."""

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TOOL = Path(__file__).parent.parent / "golden" / "tools" / "smppcodec.py"
_spec = importlib.util.spec_from_file_location("compat_golden_smppcodec", _TOOL)
assert _spec is not None
assert _spec.loader is not None
codec = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(codec)

HEADER_OCTETS = 16

USER_MESSAGE_REFERENCE = 0x0204
SAR_MSG_REF_NUM = 0x020C
SAR_TOTAL_SEGMENTS = 0x020E
SAR_SEGMENT_SEQNUM = 0x020F
MESSAGE_PAYLOAD = 0x0424
MORE_MESSAGES_TO_SEND = 0x0426
MESSAGE_STATE = 0x0427
RECEIPTED_MESSAGE_ID = 0x001E


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU as it came: `fields` by their name in the specification, TLVs by tag."""

    name: str
    status: int
    seq: int
    fields: dict[str, Any]
    tlvs: dict[int, bytes]
    raw: bytes = field(repr=False)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


def parse(raw: bytes) -> Pdu:
    """A whole PDU.

    Raises:
        ValueError: it is none.
    """
    decoded = codec.decode(raw)
    if "decode_error" in decoded or "trailing_hex" in decoded:
        raise ValueError(f"the gateway sent a PDU that does not parse: {raw.hex()}")
    fields = dict(decoded["params"])
    if "short_message_hex" in fields:
        fields["short_message"] = bytes.fromhex(fields.pop("short_message_hex"))
        del fields["short_message_latin1"]
    return Pdu(
        name=decoded["command_id"],
        status=int.from_bytes(raw[8:12], "big"),
        seq=decoded["sequence_number"],
        fields=fields,
        tlvs={int(t["tag"], 16): bytes.fromhex(t["value_hex"]) for t in decoded["tlvs"]},
        raw=raw,
    )


def build(
    name: str,
    seq: int,
    status: int = 0,
    fields: dict[str, Any] | None = None,
    tlvs: list[tuple[int, bytes]] | None = None,
) -> bytes:
    """The octets of a PDU; fields left out are empty or zero. An error response has no body."""
    if status and name.endswith("_resp") and fields is None:
        return bytes(codec.encode(name, seq, status, raw_body=b""))
    return bytes(codec.encode(name, seq, status, fields, tlvs))
