"""Shows each PDU of a link as a line: for the simulator's `-v`."""

from collections.abc import Callable
from datetime import datetime

from typing_extensions import override

from jasmin_compat.smpp import commands, tlvs
from jasmin_compat.smpp.codec import UnreadablePdu, message_id_of, take_pdu
from jasmin_compat.smpp.errors import FramingLost
from jasmin_compat.smpp.operations import Role
from jasmin_compat.smpp.pdus import Bind, DataSm, DeliverSm, Pdu, SubmitSm
from jasmin_compat.smpp.session_policy import SessionPolicy
from jasmin_compat.smpp.split import content_of
from jasmin_compat.smpp.statuses import ESME_ROK, status_name
from jasmin_compat.smpp_io.link import Link, OnEvent


class TracedLink(Link):
    """A link that prints what goes in (`<`) and out (`>`)."""

    def __init__(
        self,
        policy: SessionPolicy,
        on_event: OnEvent,
        *,
        show: Callable[[str], None],
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(Role.SMSC, policy, on_event)
        self._show = show
        self._now = now
        self._read = bytearray()

    @override
    def data_received(self, data: bytes) -> None:
        self._read += data
        self._show_all("<", self._read)
        super().data_received(data)

    @override
    def write(self, octets: bytes) -> None:
        self._show_all(">", bytearray(octets))
        super().write(octets)

    def _show_all(self, way: str, octets: bytearray) -> None:
        try:
            while (pdu := take_pdu(octets)) is not None:
                port = self.peer[1]
                self._show(f"{self._now():%H:%M:%S.%f} {way} {port} {describe(pdu)}")
        except FramingLost as lost:
            self._show(f"{self._now():%H:%M:%S.%f} {way} {lost}")
            octets.clear()


def describe(pdu: Pdu | UnreadablePdu) -> str:
    """Name, sequence number, status, and the fields one looks for first."""
    words = [f"{commands.name_of(pdu.command_id):<24}", f"[seq:{pdu.sequence_number}]"]
    if commands.is_response(pdu.command_id) or pdu.command_status != ESME_ROK:
        words.append(f"[status:{status_name(pdu.command_status)}]")
    if isinstance(pdu, UnreadablePdu):
        return " ".join([*words, f"unreadable: {pdu.reason}: {pdu.octets.hex()}"])
    words += _fields(pdu)
    return " ".join(words)


def _fields(pdu: Pdu) -> list[str]:
    body = pdu.body
    if isinstance(body, Bind):
        return [f"[system_id:{body.system_id!r}]"]
    if isinstance(body, SubmitSm | DeliverSm | DataSm):
        parameters = ",".join(tlvs.name_of(tlv.tag) for tlv in body.tlvs) or "none"
        return [
            f"[from:{body.source_addr!r}] [to:{body.destination_addr!r}]",
            f"[esm_class:0x{body.esm_class:02x}] [coding:{body.data_coding}]",
            f"[receipt:{body.registered_delivery & 0b11}] [content:{content_of(body)!r}]",
            f"[tlvs:{parameters}]",
        ]
    message_id = message_id_of(body)
    return [f"[id:{message_id!r}]"] if message_id else []
