"""Interceptors: the operator's scripts, and the messages they see (contract/routing.md §6)."""

from dataclasses import dataclass
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
