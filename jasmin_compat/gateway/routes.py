"""Routes, and what a chosen connector and the sender still put into a message.

contract/routing.md §3, contract/http-api.md §6.2-§6.3, §9.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.filters import Facts, Filter
from jasmin_compat.gateway.messages import ConnectorId, MtRoutable, Overrides
from jasmin_compat.gateway.refusals import Malformed, NoBoundConnector, NoConnector
from jasmin_compat.smpp.pdus import SubmitSm
from jasmin_compat.smpp.split import content_of
from jasmin_compat.smpp.times import BadTime, absolute_time, checked_time

Selection = Literal["default", "static", "random", "failover"]
TargetKind = Literal["smppc", "http", "smpps"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a route leads: an SMPP client connector, or for MO a URL or a bound SMPP client."""

    kind: TargetKind
    cid: ConnectorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of a routing table; its order is its key there, 0 of the default one."""

    selection: Selection
    targets: tuple[Target, ...]
    """One, but for random and failover."""
    filters: tuple[Filter, ...] = ()
    """All must match; the default route has none."""
    rate: float = 0.0
    """The price of a message (MT only)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What choosing a route and a connector asks of outside."""

    is_bound: Callable[[ConnectorId], bool]
    """In any mode: Jasmin takes a receiver too."""
    pick: Callable[[Sequence[Target]], Target]
    """Any of them, by chance."""


def mt_facts(routable: MtRoutable, *, at: datetime) -> Facts:
    """What filters look at in a message to a mobile."""
    first = routable.parts[0]
    return Facts(
        at=at,
        source_addr=None if routable.source_addr_is_null else first.source_addr,
        destination_addr=first.destination_addr,
        content=content_of(first),
        tags=routable.tags,
        uid=routable.user.uid,
        gid=routable.user.gid,
    )


def choose_connector(
    route: Route, connectors: Mapping[ConnectorId, SmppConnector], outlook: Outlook
) -> SmppConnector:
    """One of the route's. But for failover it need not be bound: messages wait for it.

    Raises:
        NoConnector: it was removed, or never existed.
        NoBoundConnector: of a failover route.
    """
    if route.selection == "failover":
        return _first_bound(route, connectors, outlook)
    target = outlook.pick(route.targets) if route.selection == "random" else route.targets[0]
    try:
        return connectors[target.cid]
    except KeyError:
        raise NoConnector(target.cid) from None


def _first_bound(
    route: Route, connectors: Mapping[ConnectorId, SmppConnector], outlook: Outlook
) -> SmppConnector:
    for target in route.targets:
        if target.cid in connectors and outlook.is_bound(target.cid):
            return connectors[target.cid]
    raise NoBoundConnector


def overlay(
    part: SubmitSm,
    connector: SmppConnector,
    overrides: Overrides,
    *,
    locks: frozenset[str] = frozenset(),
    now: datetime,
) -> SubmitSm:
    """What the connector decides, and over it what the sender asked for, but for what a script has
    locked; `now` is local, naive.

    Raises:
        Malformed: a time that does not exist; the texts are Jasmin's.
    """
    laid = SubmitSm(  # `replace` would cost three times as much, on every message
        service_type=connector.service_type.encode(),
        source_addr_ton=connector.source_addr_ton,
        source_addr_npi=connector.source_addr_npi,
        source_addr=part.source_addr,
        dest_addr_ton=connector.dest_addr_ton,
        dest_addr_npi=connector.dest_addr_npi,
        destination_addr=part.destination_addr,
        esm_class=part.esm_class,
        protocol_id=connector.protocol_id or 0,
        priority_flag=part.priority_flag if overrides.priority is None else overrides.priority,
        schedule_delivery_time=_schedule(part, overrides),
        validity_period=_validity(part, overrides, now),
        registered_delivery=part.registered_delivery,
        replace_if_present_flag=connector.replace_if_present_flag,
        data_coding=part.data_coding,
        sm_default_msg_id=connector.sm_default_msg_id,
        short_message=part.short_message,
        tlvs=part.tlvs,
    )
    kept = {name: getattr(part, name) for name in locks & _OVERLAID}
    return replace(laid, **kept) if kept else laid


_OVERLAID: Final = frozenset(
    (
        *("protocol_id", "replace_if_present_flag", "dest_addr_ton", "source_addr_npi"),
        *("dest_addr_npi", "service_type", "source_addr_ton", "sm_default_msg_id"),
        *("priority_flag", "schedule_delivery_time", "validity_period"),
    )
)
"""What a script can lock to an effect (contract/http-api.md §6.2, §6.3)."""


def _schedule(part: SubmitSm, overrides: Overrides) -> bytes:
    if overrides.schedule_delivery_time is None:
        return part.schedule_delivery_time
    try:
        return checked_time(overrides.schedule_delivery_time)
    except BadTime as error:
        raise Malformed(str(error)) from error


def _validity(part: SubmitSm, overrides: Overrides, now: datetime) -> bytes:
    if overrides.validity_minutes is None:
        return part.validity_period
    try:
        return absolute_time(now + timedelta(minutes=overrides.validity_minutes))
    except OverflowError as error:
        raise Malformed(str(error)) from error
