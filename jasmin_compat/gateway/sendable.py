"""Whether a message can be put into PDUs for its connector, looked at before it is accepted.

What cannot, Jasmin accepts and loses in the connector (W-MT-05, W-MT-07): over-long addresses, a
TLV the connector requires and does not get, a value that does not fit its field.
"""

from dataclasses import replace
from typing import Final

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.custom_tlvs import TlvRefused
from jasmin_compat.gateway.refusals import Unsendable
from jasmin_compat.gateway.tlv_rules import by_rules, tlv_rules
from jasmin_compat.smpp.codec import check_limits, encode_body
from jasmin_compat.smpp.errors import CannotEncode
from jasmin_compat.smpp.pdus import SubmitSm

ADDRESS_OCTETS: Final = 20
"""SMPP 3.4 §5.2.8, §5.2.9, less the NUL. A link itself sends longer ones: a message that is
relayed is not ours to judge."""


def sendable(part: SubmitSm, connector: SmppConnector) -> SubmitSm:
    """The part with its TLVs as the connector's rules want them.

    Raises:
        Unsendable
    """
    _check_address("Destination", part.destination_addr)
    _check_address("Source", part.source_addr)
    try:
        part = with_rules(part, connector)
        check_limits(part)
        encode_body(part)
    except TlvRefused as refused:
        raise Unsendable(f"{refused}.") from refused
    except CannotEncode as error:
        raise Unsendable(f"Message cannot be sent: {error}.") from error
    return part


def _check_address(which: str, octets: bytes) -> None:
    if len(octets) > ADDRESS_OCTETS:
        raise Unsendable(f"{which} address is longer than {ADDRESS_OCTETS} octets.")
    if 0 in octets:
        raise Unsendable(f"{which} address has a NUL octet.")


def with_rules(part: SubmitSm, connector: SmppConnector) -> SubmitSm:
    """Raises: TlvRefused."""
    rules = tlv_rules(connector.custom_tlvs)
    return replace(part, tlvs=by_rules(part.tlvs, rules)) if rules else part
