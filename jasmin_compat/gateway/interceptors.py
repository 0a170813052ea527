"""Interceptors: the operator's scripts, and the messages they see (contract/routing.md §6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jasmin_compat.gateway.filters import Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Interceptor:
    """One row of an interception table; its order is its key there, 0 of the default one."""

    selection: Literal["default", "static"]
    code: str
    """Python source, read once from its file or URL; the file may change later."""
    filters: tuple[Filter, ...] = ()
    """All must match; the default one has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """What a script refuses a message with, as routing.md §6.2 completes it."""

    http_status: int | None
    """None where the script set only the other, and of the wrong type."""
    smpp_status: int
    extra: Mapping[str, object] = field(default_factory=dict)
    """`message_id` is read where 0 is answered to an SMPP sender."""
