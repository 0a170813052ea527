"""What an error says is what somebody reads in a log."""

from jasmin_compat.smpp.errors import (
    BodyUnreadable,
    CannotEncode,
    FieldHoldsNul,
    FieldOutOfRange,
    FieldTooLong,
    FramingLost,
    NotAllowed,
    WindowFull,
)


def test_encode_errors_name_the_field_and_its_limit() -> None:
    said = {
        FieldTooLong("password", 9, 8): "password: 9 octets, at most 8 allowed",
        FieldOutOfRange("esm_class", 256, 255): "esm_class: 256 is not between 0 and 255",
        FieldHoldsNul("source_addr"): "source_addr: holds a NUL octet",
    }
    for error, text in said.items():
        assert isinstance(error, CannotEncode)
        assert str(error) == text


def test_send_errors_say_what_was_asked_of_the_session_and_why_not() -> None:
    assert str(NotAllowed(4, "BOUND_RX")) == "submit_sm in state BOUND_RX"
    assert str(WindowFull(10)) == "10 requests are without an answer"


def test_decode_errors_carry_what_to_answer() -> None:
    assert BodyUnreadable(1, "the body ends too early").status == 1
    assert str(FramingLost(15, 7)) == "command_length 15"
    assert FramingLost(15, 7).sequence_number == 7
