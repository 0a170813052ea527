"""Interceptors: the operator's scripts, and the messages they see (contract/routing.md §6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from jasmin_compat.gateway.filters import Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Interceptor:
    """One row of an interception table; its order is its key there, 0 of the default one."""

    selection: Literal["default", "static"]
    code: str
    """Python source, read once from its file or URL; the file may change later."""
    filters: tuple[Filter, ...] = ()
    """All must match; the default one has none."""


UNKNOWN_TO_SMPP: Final = 255
UNKNOWN_TO_HTTP: Final = 520
"""Answered where a script says only what the other protocol is to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """What a script refuses a message with, as routing.md §6.2 completes it."""

    http_status: int | None
    """None where the script set only the other, and of the wrong type."""
    smpp_status: int
    extra: Mapping[str, object] = field(default_factory=dict)
    """`message_id` is read where 0 is answered to an SMPP sender."""


def statuses_of(
    smpp_status: object, http_status: object, extra: Mapping[str, object]
) -> Statuses | None:
    """What a script left in them; None where it set neither. Jasmin corrects only one of them."""
    if smpp_status is None and http_status is None:
        return None
    http = http_status if isinstance(http_status, int) else None
    if not isinstance(smpp_status, int):
        return Statuses(http_status=http, smpp_status=UNKNOWN_TO_SMPP, extra=extra)
    if http is None:
        http = UNKNOWN_TO_HTTP
    return Statuses(http_status=http, smpp_status=smpp_status, extra=extra)
