"""Routes, and what a chosen connector and the sender still put into a message.

contract/routing.md §3, contract/http-api.md §6.2-§6.3, §9.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.filters import Filter
from jasmin_compat.gateway.messages import ConnectorId, Overrides
from jasmin_compat.gateway.refusals import Malformed, NoConnector, NoRoute
from jasmin_compat.smpp.pdus import SubmitSm
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


def find_route(routes: Mapping[int, Route]) -> Route:
    """The first route that takes the message; a default route takes every one.

    Raises:
        NoRoute: none does.
    """
    for route in routes.values():
        if not route.filters:
            return route
    raise NoRoute


def choose_connector(
    route: Route, connectors: Mapping[ConnectorId, SmppConnector]
) -> SmppConnector:
    """The route's connector, whether it is bound or not: messages wait for it.

    Raises:
        NoConnector: it was removed, or never existed.
    """
    cid = route.targets[0].cid
    try:
        return connectors[cid]
    except KeyError:
        raise NoConnector(cid) from None


def overlay(
    part: SubmitSm, connector: SmppConnector, overrides: Overrides, *, now: datetime
) -> SubmitSm:
    """What the connector decides, and over it what the sender asked for; `now` is local, naive.

    Raises:
        Malformed: a time that does not exist; the texts are Jasmin's.
    """
    return SubmitSm(  # `replace` would cost three times as much, on every message
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
