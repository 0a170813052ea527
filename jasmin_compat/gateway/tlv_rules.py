"""A connector's rules for TLVs: as they are typed and shown, and what they do to a message.

contract/smpp-client.md §7.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import override

from jasmin_compat.gateway.custom_tlvs import TYPES, CustomTlv, TlvRefused
from jasmin_compat.smpp.pdus import Tlv


@dataclass(frozen=True, slots=True)
class TlvRule:
    """What a connector asks of the TLVs of one tag."""

    tag: int
    type: str
    """One of TYPES: how a value is written whose sender did not say."""
    max_octets: int | None
    is_required: bool

    @override
    def __str__(self) -> str:
        most = "-" if self.max_octets is None else self.max_octets
        return f"0x{self.tag:04X},{self.type},{most},{_NEED[self.is_required]}"


_NEED = {False: "optional", True: "required"}


class TlvMissing(TlvRefused):
    """A rule requires it."""


class TlvTooLong(TlvRefused):
    """More octets than a rule allows."""


def by_rules(tlvs: tuple[Tlv, ...], rules: Sequence[TlvRule]) -> tuple[Tlv, ...]:
    """The TLVs of a part as the connector wants them: what their sender left open is decided.

    Those without a rule are sent as they are. The texts of errors are Jasmin's.

    Raises:
        TlvMissing, TlvTooLong, TlvUnwritable
    """
    if not rules:
        return tlvs
    by_tag = {rule.tag: rule for rule in rules}
    typed = tuple(_typed(tlv, by_tag.get(tlv.tag)) for tlv in tlvs)
    present = {tlv.tag for tlv in typed}
    for rule in rules:
        if rule.is_required and rule.tag not in present:
            raise TlvMissing(f"missing required TLV 0x{rule.tag:04X}")
    return typed


def type_by_rules(tlv: Tlv, rules: Sequence[TlvRule]) -> str:
    """How its value is written."""
    if not isinstance(tlv, CustomTlv):
        return "OctetString"
    of_rule = {rule.tag: rule.type for rule in rules}
    return tlv.type or of_rule.get(tlv.tag, "OctetString")


def _typed(tlv: Tlv, rule: TlvRule | None) -> Tlv:
    if rule is None:
        return tlv
    if isinstance(tlv, CustomTlv) and tlv.type is None:
        tlv = tlv.typed(rule.type)
    if rule.max_octets is not None and len(tlv.value) > rule.max_octets:
        raise TlvTooLong(
            f"TLV 0x{tlv.tag:04X} value length {len(tlv.value)}"
            f" exceeds configured max {rule.max_octets}"
        )
    return tlv


@functools.lru_cache(maxsize=1_000)  # a connector's text is read for each of its messages
def tlv_rules(text: str) -> tuple[TlvRule, ...]:
    """Of `tag,type,max_length[,required|optional]`, more of them after `;`; `none` is no rule.

    Raises:
        ValueError: the text is not that.
    """
    if text.lower() in {"", "none"}:
        return ()
    return tuple(_rule(entry) for entry in text.split(";"))


def tlv_rules_text(rules: tuple[TlvRule, ...]) -> str:
    """As the console shows them."""
    return ";".join(map(str, rules)) or "none"


def _rule(entry: str) -> TlvRule:
    tag, kind, most, *more = (part.strip() for part in entry.split(","))
    need = more or ["optional"]
    if kind not in TYPES or need not in [["optional"], ["required"]]:
        raise ValueError(entry)
    return TlvRule(
        tag=_number(tag, 0, 0xFFFF),
        type=kind,
        max_octets=None if most in {"", "-"} else _number(most, 1, 0xFFFF),
        is_required=need == ["required"],
    )


def _number(text: str, least: int, most: int) -> int:
    if not re.fullmatch("0[xX][0-9a-fA-F]{1,8}|[0-9]{1,9}", text):
        raise ValueError(text)
    number = int(text, 16 if text[:2].lower() == "0x" else 10)
    if not least <= number <= most:
        raise ValueError(text)
    return number
