"""A connector's rules for custom TLVs, as they are typed and shown (contract/smpp-client.md §7)."""

import re
from dataclasses import dataclass

from typing_extensions import override

TYPES = ("Int1", "Int2", "Int4", "Int8", "OctetString", "COctetString")


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
