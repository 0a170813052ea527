"""What can go wrong between octets and PDUs, and with a request that is to be sent.

CannotEncode            ours: the value has no place on the wire
  FieldTooLong            more octets than the specification gives the field
  FieldOutOfRange         an integer that does not fit its octets
  FieldHoldsNul           a NUL inside a NUL-terminated field
CannotSend              ours: not in this state of the session
  NotAllowed              the operation matrix has no place for it
  WindowFull              as many requests as may be are on the wire
BodyUnreadable          theirs: this PDU is bad, the stream goes on
FramingLost             theirs: nobody knows where the next PDU starts
"""

from jasmin_compat.smpp import commands


class CannotEncode(Exception):
    """A field's value does not fit its place in SMPP: it can never be sent."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


class FieldTooLong(CannotEncode):
    """More octets than the field may hold."""

    def __init__(self, field: str, octets: int, limit: int) -> None:
        super().__init__(field, f"{octets} octets, at most {limit} allowed")
        self.octets = octets
        self.limit = limit


class FieldOutOfRange(CannotEncode):
    """An integer that does not fit the octets of its field."""

    def __init__(self, field: str, value: int, limit: int) -> None:
        super().__init__(field, f"{value} is not between 0 and {limit}")
        self.value = value
        self.limit = limit


class FieldHoldsNul(CannotEncode):
    """A NUL-terminated field cannot carry a NUL octet."""

    def __init__(self, field: str) -> None:
        super().__init__(field, "holds a NUL octet")


class CannotSend(Exception):
    """Nothing was sent, and nothing has changed."""


class NotAllowed(CannotSend):
    """The session's state does not allow the command (SMPP 3.4 §2.3)."""

    def __init__(self, command_id: int, state: str) -> None:
        super().__init__(f"{commands.name_of(command_id)} in state {state}")
        self.command_id = command_id
        self.state = state


class WindowFull(CannotSend):
    """As many requests as the window allows are without an answer."""

    def __init__(self, window: int) -> None:
        super().__init__(f"{window} requests are without an answer")
        self.window = window


class BodyUnreadable(Exception):
    """The body of a request does not parse; `status` is what to answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class FramingLost(Exception):
    """command_length is impossible, so every octet behind it is lost (§3.2.1)."""

    def __init__(self, command_length: int, sequence_number: int) -> None:
        super().__init__(f"command_length {command_length}")
        self.command_length = command_length
        self.sequence_number = sequence_number
