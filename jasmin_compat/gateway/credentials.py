"""What a user may do, and within which limits (contract/jcli.md §5.3, http-api.md §7).

Inner names are Jasmin's; `AUTHORIZATIONS`, `VALUE_FILTERS` and `QUOTAS` give the console's name of
each, in the order the console shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

AUTHORIZATIONS: Mapping[str, str] = MappingProxyType(
    {
        "http_send": "http_send",
        "http_balance": "http_balance",
        "http_rate": "http_rate",
        "http_bulk": "http_bulk",
        "smpps_send": "smpps_send",
        "http_long_content": "http_long_content",
        "set_dlr_level": "dlr_level",
        "http_set_dlr_method": "http_dlr_method",
        "set_source_address": "src_addr",
        "set_priority": "priority",
        "set_validity_period": "validity_period",
        "set_schedule_delivery_time": "schedule_delivery_time",
        "set_hex_content": "hex_content",
    }
)
"""The console's name by Jasmin's."""
GRANTED: frozenset[str] = frozenset(AUTHORIZATIONS) - {"http_bulk"}
"""To a user of whom nothing else was said."""
VALUE_FILTERS: Mapping[str, str] = MappingProxyType(
    {
        "destination_address": "dst_addr",
        "source_address": "src_addr",
        "priority": "priority",
        "validity_period": "validity_period",
        "content": "content",
    }
)
QUOTAS: Mapping[str, str] = MappingProxyType(
    {
        "balance": "balance",
        "early_decrement_balance_percent": "early_percent",
        "submit_sm_count": "sms_count",
        "http_throughput": "http_throughput",
        "smpps_throughput": "smpps_throughput",
    }
)
ANY_ADDRESS = "0.0.0.0/0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What is left, and how fast; None is unlimited. Fields have Jasmin's names."""

    balance: float | None = None
    early_decrement_balance_percent: float | None = None
    """Of the rate, charged when a message is accepted; the rest with the SMSC's answer."""
    submit_sm_count: int | None = None
    http_throughput: float | None = None
    """Messages a second."""
    smpps_throughput: float | None = None


NO_QUOTAS = Quotas()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFilters:
    """Regular expressions a message's values must match, from their start. Jasmin's names."""

    destination_address: str = ".*"
    source_address: str = ".*"
    priority: str = "^[0-3]$"
    validity_period: str = r"^\d+$"
    content: str = ".*"


ANY_VALUE = ValueFilters()


@dataclass(frozen=True, slots=True, kw_only=True)
class MtCredential:
    """Of messages to mobiles, over HTTP and over SMPP."""

    granted: frozenset[str] = GRANTED
    """Names of AUTHORIZATIONS."""
    value_filters: ValueFilters = ANY_VALUE
    source_address: str | None = None
    """Of messages that bring none."""
    quotas: Quotas = NO_QUOTAS


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppsCredential:
    """Of binds to our SMPP server."""

    bind: bool = True
    ip: str = ANY_ADDRESS
    """Addresses and networks a bind may come from, as they were written, separated by commas."""
    max_bindings: int | None = None


MT_DEFAULT = MtCredential()
SMPPS_DEFAULT = SmppsCredential()
