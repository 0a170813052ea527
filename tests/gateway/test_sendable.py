"""What cannot be sent is refused before it is accepted (W-MT-05, W-MT-07)."""

from typing import Any

import pytest

from jasmin_compat.gateway.custom_tlvs import custom_tlv
from jasmin_compat.gateway.refusals import Unsendable
from jasmin_compat.gateway.sendable import sendable
from tests import builders

RULED = builders.connector(custom_tlvs="0x3000,Int2,2,required")


def test_what_can_be_sent_is_as_it_was() -> None:
    part = builders.submit_sm(source_addr=b"x" * 20, destination_addr=b"1" * 20)
    assert sendable(part, builders.connector()) is part


# covers: W-MT-07 HTTP-09
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"destination_addr": b"1" * 21}, "Destination address is longer than 20 octets."),
        ({"source_addr": b"x" * 21}, "Source address is longer than 20 octets."),
        ({"source_addr": b"a\0b"}, "Source address has a NUL octet."),
        (
            {"service_type": b"toolong"},
            "Message cannot be sent: service_type: 7 octets, at most 5 allowed.",
        ),
        ({"priority_flag": 256}, "Message cannot be sent: priority_flag: 256 is not between 0 and"),
        (
            {"short_message": bytes(256)},
            "Message cannot be sent: short_message: 256 octets, at most",
        ),
    ],
    ids=["to", "from", "NUL", "service_type", "priority", "content"],
)
def test_what_no_submit_sm_can_hold_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unsendable) as refused:
        sendable(builders.submit_sm(**fields), builders.connector())
    assert refused.value.reason.startswith(reason)


# covers: SMPPC-30G
def test_a_tlv_is_written_by_the_rule_of_the_connector() -> None:
    part = builders.submit_sm(tlvs=(custom_tlv(0x3000, 513),))
    assert [tlv.value for tlv in sendable(part, RULED).tlvs] == [b"\2\1"]
    assert [tlv.value for tlv in sendable(part, builders.connector()).tlvs] == [b"513"]


# covers: W-MT-05
def test_a_tlv_the_connector_requires_must_be_there() -> None:
    with pytest.raises(Unsendable) as refused:
        sendable(builders.submit_sm(), RULED)
    assert refused.value.reason == "missing required TLV 0x3000."
