"""What a codec can complain of: our own mistakes when writing, a peer's when reading.

CannotEncode            ours: the value has no place on the wire
  FieldTooLong            more octets than the specification gives the field
  FieldOutOfRange         an integer that does not fit its octets
  FieldHoldsNul           a NUL inside a NUL-terminated field
BodyUnreadable          theirs: this PDU is bad, the stream goes on
FramingLost             theirs: nobody knows where the next PDU starts
"""


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
