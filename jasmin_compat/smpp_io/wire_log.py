"""Each PDU that is sent as a line with its octets, as JASMIN_TLV_WIRE_LOG asks for (Jasmin 0.12).

Passwords of binds are not shown (Q172), nor what is private.
"""

import logging
import sys
from typing import Final

from typing_extensions import override

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.codec import UnreadablePdu, take_pdu
from jasmin_compat.smpp.operations import Role
from jasmin_compat.smpp.pdus import Bind, Pdu, SubmitSm
from jasmin_compat.smpp.session_policy import SessionPolicy
from jasmin_compat.smpp_io.link import Link, OnEvent
from jasmin_compat.wire.pickled_tlvs import is_custom

HEX_CHARS: Final = 600
log: Final = logging.getLogger("jasmin.tlv.wire")


class WireLoggedLink(Link):
    """A connector's link that logs what it sends."""

    def __init__(self, policy: SessionPolicy, on_event: OnEvent, *, log_privacy: bool) -> None:
        super().__init__(Role.ESME, policy, on_event)
        self._log_privacy = log_privacy

    @override
    def write(self, octets: bytes) -> None:
        for line in sent_lines(octets, log_privacy=self._log_privacy):
            log.info("%s", line)
        super().write(octets)


def log_to_stderr() -> None:
    """Jasmin's place and form for these lines."""
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False


def sent_lines(octets: bytes, *, log_privacy: bool) -> list[str]:
    """One for each of these PDUs, which are whole."""
    lines, left = [], bytearray(octets)
    while left:
        size = len(left)
        pdu = take_pdu(left)
        if pdu is None:
            break
        sent = octets[len(octets) - size : len(octets) - len(left)]
        lines.append(
            f"OUT pdu={commands.name_of(pdu.command_id)} seq={pdu.sequence_number} len={len(sent)} "
            f"tlvs={_tags(pdu)} hex={_shown(pdu, sent, log_privacy=log_privacy)}"
        )
    return lines


def _tags(pdu: Pdu | UnreadablePdu) -> str:
    """Of the TLVs Jasmin has no name for."""
    body = pdu.body if isinstance(pdu, Pdu) else None
    custom = [tlv for tlv in body.tlvs if is_custom(tlv)] if isinstance(body, SubmitSm) else []
    return ",".join(f"0x{tlv.tag:04X}" for tlv in custom) or "none"


def _shown(pdu: Pdu | UnreadablePdu, sent: bytes, *, log_privacy: bool) -> str:
    body = pdu.body if isinstance(pdu, Pdu) else None
    if isinstance(body, Bind) or (log_privacy and isinstance(body, SubmitSm)):
        return f"** {len(sent)} octets **"
    text = sent.hex()
    if len(text) <= HEX_CHARS:
        return text
    return f"{text[:HEX_CHARS]}...(+{(len(text) - HEX_CHARS) // 2} bytes)"
