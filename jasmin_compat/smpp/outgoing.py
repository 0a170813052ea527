"""What a session puts on the wire: requests under numbers of their own, and answers."""

from jasmin_compat.smpp import commands, statuses
from jasmin_compat.smpp.codec import UnreadablePdu, encode_body, frame
from jasmin_compat.smpp.layout import BODIES
from jasmin_compat.smpp.pdus import Body, Opaque, Pdu
from jasmin_compat.smpp.session_policy import SessionCounts
from jasmin_compat.smpp.timers import Timers
from jasmin_compat.smpp.window import Window


class Outgoing:
    """Frames PDUs and keeps them until they are taken; requests go into the window.

    Every method raises CannotEncode, and has done nothing then.
    """

    def __init__(self, window: Window, timers: Timers, counts: SessionCounts) -> None:
        self._window = window
        self._timers = timers
        self._counts = counts
        self._frames: list[bytes] = []

    def take(self) -> bytes:
        """What was put here since the last call."""
        octets = b"".join(self._frames)
        self._frames.clear()
        return octets

    def request(self, command_id: int, body: Body, now: float) -> int:
        """A request of the owner; the result is its sequence number."""
        octets = encode_body(body)
        number = self._window.next_number()
        self._write(command_id, 0, number, octets, now)
        self._number(number, now)
        if command_id not in commands.UNANSWERED:
            self._window.sent(number, command_id, now)
        return number

    def own_request(self, command_id: int, body: Body, now: float) -> None:
        """A request of the session itself: bind, unbind, enquire_link."""
        octets = encode_body(body)
        number = self._window.next_number()
        self._write(command_id, 0, number, octets, now)
        self._number(number, now)
        self._window.sent_own(number, command_id)

    def answer(
        self, request: Pdu | UnreadablePdu, status: int, body: Body | None, now: float
    ) -> None:
        """None is the shortest body that is right."""
        command_id = commands.response_to(request.command_id)
        octets = encode_body(body if body is not None else shortest_body(command_id, status))
        self._write(command_id, status, request.sequence_number, octets, now)

    def nack(self, status: int, sequence_number: int, now: float) -> None:
        self._write(commands.GENERIC_NACK, status, sequence_number, b"", now)

    def _write(self, command_id: int, status: int, number: int, octets: bytes, now: float) -> None:
        self._frames.append(frame(command_id, status, number, octets))
        self._timers.active_at = now
        self._counts.pdus_sent += 1
        self._counts.sent_at = now

    def _number(self, number: int, now: float) -> None:
        self._counts.sequence_number = number
        self._counts.requested_at = now


def shortest_body(command_id: int, status: int) -> Body:
    """The body of a response that has nothing to say.

    An error has none, but for deliver_sm_resp and data_sm_resp, as Jasmin sends them.
    """
    if status != statuses.ESME_ROK and command_id not in _ALWAYS_WITH_BODY:
        return Opaque()
    body: Body = BODIES[command_id]()
    return body


_ALWAYS_WITH_BODY = {commands.DELIVER_SM_RESP, commands.DATA_SM_RESP}
