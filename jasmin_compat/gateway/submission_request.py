"""From what a client asked for to a message that can be routed (contract/http-api.md §3.3-§6)."""

from binascii import unhexlify
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jasmin_compat.gateway.messages import NO_OVERRIDES, DlrWish, MtRoutable, Overrides
from jasmin_compat.gateway.refusals import BadHexContent, Malformed
from jasmin_compat.gateway.users import User
from jasmin_compat.smpp.pdus import SubmitSm, Tlv
from jasmin_compat.smpp.split import LongContent, count_segments, split
from jasmin_compat.smpp.text import encode_gsm
from jasmin_compat.smpp.twins import quick_init

STORE_AND_FORWARD: Final = 3
"""esm_class of a message that was not cut (SMPP 3.4 §5.2.12)."""
NATIONAL, INTERNATIONAL, ISDN = 2, 1, 1
"""TON and NPI before a connector's own are put in."""


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class SendArguments:
    """A `/send` whose arguments were read; what was not asked for is None."""

    to: bytes
    source_addr: bytes | None
    data_coding: int
    content: bytes
    """As it goes to the SMSC, not cut yet."""
    overrides: Overrides = NO_OVERRIDES
    wants_receipt: bool = False
    dlr: DlrWish | None = None
    tags: tuple[str, ...] = ()
    tlvs: tuple[Tlv, ...] = ()


def hex_octets(digits: bytes) -> bytes:
    """Read `hex-content`.

    Raises:
        BadHexContent: an odd digit, or no digit.
    """
    try:
        return unhexlify(digits)
    except ValueError as error:
        raise BadHexContent(repr(digits)) from error


def gsm_octets(content: bytes) -> bytes:
    """UTF-8 to GSM 03.38, what it lacks replaced: done for coding 0 only.

    Raises:
        Malformed: not UTF-8.
    """
    try:
        return encode_gsm(content.decode())
    except UnicodeDecodeError as error:
        raise Malformed(str(error)) from error


def build_mt(
    arguments: SendArguments,
    user: User,
    *,
    long_content: LongContent,
    next_reference: Callable[[], int],
) -> MtRoutable:
    """The message in its parts, with Jasmin's values for what a connector decides later.

    `next_reference` gives 1 to 255 and is asked only for a message in several parts.
    """
    whole = SubmitSm(
        source_addr_ton=NATIONAL,
        source_addr_npi=ISDN,
        source_addr=arguments.source_addr or b"",
        dest_addr_ton=INTERNATIONAL,
        dest_addr_npi=ISDN,
        destination_addr=arguments.to,
        esm_class=STORE_AND_FORWARD,
        registered_delivery=1 if arguments.wants_receipt else 0,
        data_coding=arguments.data_coding,
        short_message=arguments.content,
        tlvs=arguments.tlvs,
    )
    parts: tuple[SubmitSm, ...] = (whole,)
    if count_segments(len(arguments.content), arguments.data_coding) > 1:
        parts = split(whole, arguments.content, policy=long_content, reference=next_reference())
    return MtRoutable(
        user=user,
        parts=parts,
        source_addr_is_null=arguments.source_addr is None,
        source="httpapi",
        content=arguments.content,
        tags=arguments.tags,
        dlr=arguments.dlr,
        overrides=arguments.overrides,
    )
