"""Accept a message: route it, remember what its sender wants to know, queue it for its connector.

Every edge ends here. The order of checks is Jasmin's (contract/http-api.md §3.3); the order of
writing is not: Jasmin writes the request for reports after it has published (W-DLR-01).
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from jasmin_compat.flows.charge import charge_sender, refund_sender
from jasmin_compat.flows.intercept import intercept_mt
from jasmin_compat.flows.search import search_mt
from jasmin_compat.gateway.charging import Price, charge_of, price_of
from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import (
    ConnectorId,
    DlrWish,
    HttpDlrRequest,
    MsgId,
    MtRoutable,
    QueuedSubmit,
)
from jasmin_compat.gateway.refusals import NoRoute, NotQueued, NotRemembered, TooFast
from jasmin_compat.gateway.routes import (
    Outlook,
    Route,
    choose_connector,
    overlay,
)
from jasmin_compat.gateway.sendable import sendable
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import User
from jasmin_compat.ports import QueueError, Queues, Quotas, Scripts, Store, StoreAway
from jasmin_compat.wire.pickled_bills import PickledBill, write_bill
from jasmin_compat.wire.submit_messages import write_submit


@dataclass(frozen=True, slots=True, kw_only=True)
class MtPorts:
    """What accepting a message needs from outside."""

    site: Callable[[], Site]
    outlook: Outlook
    queues: Queues
    store: Store
    quotas: Quotas
    bills: bool = True
    """`billing_feature` of the edge: whether messages are charged."""
    scripts: Scripts
    intercepts: bool = True
    """Whether interceptors are run (`--enable-interceptor-client`); filters are in any case."""
    note_intercepted: Callable[[], None] = lambda: None
    """Told of each message a script let pass."""
    monotonic: Callable[[], float]
    new_msgid: Callable[[MtRoutable, ConnectorId], MsgId]
    local_now: Callable[[], datetime]
    """Naive local time, as Jasmin writes it."""
    new_bid: Callable[[], str]
    """Ids of bills."""
    store_away: Literal["refuse", "wait"] = "refuse"
    """What becomes of a message with a request for reports when the store does not take that:
    it is refused, or the request travels with it and is remembered before it is sent."""


async def price_mt(routable: MtRoutable, ports: MtPorts) -> Price:
    """What one part would cost; it goes no further. Whether a connector is bound does not matter.

    Raises:
        InterceptorNotSet, InterceptorAway, InterceptionFailed, Intercepted, Malformed, NoRoute.
    """
    routable, route = await _routed(routable, ports.site(), ports, at=ports.local_now())
    return price_of(route, routable.user)


async def accept_mt(routable: MtRoutable, ports: MtPorts) -> QueuedSubmit:
    """Take the message over. When this returns, the broker has it: Success may be said.

    Raises:
        InterceptorNotSet, InterceptorAway, InterceptionFailed, Intercepted: of its interceptor.
        NoRoute, NoConnector, NoBoundConnector, Malformed, Unsendable: it cannot be sent like this.
        TooFast, NotCharged: its sender may not send more, now or at all.
        NotRemembered, NotQueued: nobody confirmed that it was taken, and nothing is charged; its
            sender may try again.
    """
    site, now = ports.site(), ports.local_now()
    routable, route = await _routed(routable, site, ports, at=now)
    connector = choose_connector(route, site.connectors, ports.outlook)
    price = price_of(route, routable.user)
    bill = _bill(routable.user, price, ports)
    queued = _queued(routable, connector, ports, bill=bill, now=now)
    await _pass_throughput(routable, ports)
    parts = len(queued.parts)
    charge = charge_of(price, parts) if ports.bills else None
    if charge is not None:
        await charge_sender(routable.user, charge, bill, parts=parts, quotas=ports.quotas)
    try:
        return await _take_over(routable, queued, connector, ports)
    except (NotRemembered, NotQueued):
        if charge is not None:
            await refund_sender(routable.user, charge, quotas=ports.quotas)
        raise


async def _routed(
    routable: MtRoutable, site: Site, ports: MtPorts, *, at: datetime
) -> tuple[MtRoutable, Route]:
    """The message as its interceptor leaves it, and where that goes."""
    seen = await intercept_mt(routable, site, ports.scripts, is_enabled=ports.intercepts, at=at)
    if seen is not None:
        ports.note_intercepted()
        routable = seen
    route = await search_mt(site.mt_routes, routable, ports.scripts, at=at)
    if route is None:
        raise NoRoute
    return routable, route


def _queued(
    routable: MtRoutable,
    connector: SmppConnector,
    ports: MtPorts,
    *,
    bill: PickledBill,
    now: datetime,
) -> QueuedSubmit:
    parts = routable.parts
    if routable.source == "httpapi":  # an SMPP sender's own fields stay as they are
        parts = tuple(
            overlay(part, connector, routable.overrides, locks=routable.locks, now=now)
            for part in parts
        )
    parts = tuple(sendable(part, connector) for part in parts)
    return QueuedSubmit(
        msgid=ports.new_msgid(routable, connector.cid),
        cid=connector.cid,
        parts=parts,
        source_addr_is_null=routable.source_addr_is_null,
        source=routable.source,
        priority=_priority(routable),
        created_at=now,
        bill=write_bill(bill, routable.user) if ports.bills else None,
    )


def _priority(routable: MtRoutable) -> int:
    """Of its queue message; of an SMPP sender's, its priority_flag (W-MT-27)."""
    if routable.source == "httpapi":
        return routable.overrides.priority or 0
    return routable.parts[0].priority_flag


def _bill(user: User, price: Price, ports: MtPorts) -> PickledBill:
    return PickledBill(
        bid=ports.new_bid(),
        uid=user.uid,
        at_submit=price.at_submit,
        at_response=price.at_response,
        counts=price.counts,
    )


async def _pass_throughput(routable: MtRoutable, ports: MtPorts) -> None:
    quotas = routable.user.mt.quotas
    rate_per_s = quotas.http_throughput if routable.source == "httpapi" else quotas.smpps_throughput
    if not rate_per_s:
        return
    since_s = await ports.quotas.pass_throughput(
        routable.user.uid, routable.source, rate_per_s, now=ports.monotonic()
    )
    if since_s is not None:
        raise TooFast(routable.user.username, since_s=since_s, spacing_s=1 / rate_per_s)


async def _take_over(
    routable: MtRoutable, queued: QueuedSubmit, connector: SmppConnector, ports: MtPorts
) -> QueuedSubmit:
    """Remembered first: the SMSC may answer faster than we write."""
    if routable.dlr is not None:
        queued = await _remembered(routable.dlr, queued, connector, ports)
    try:
        await ports.queues.publish(write_submit(queued))
    except QueueError as error:
        if routable.dlr is not None:
            with contextlib.suppress(StoreAway):  # it expires by itself
                await ports.store.forget(queued.msgid)
        raise NotQueued(queued.msgid, queued.cid) from error
    return queued


async def _remembered(
    wish: DlrWish, queued: QueuedSubmit, connector: SmppConnector, ports: MtPorts
) -> QueuedSubmit:
    """The message; with its request when the store does not have that. Raises: NotRemembered."""
    request = HttpDlrRequest(
        msgid=queued.msgid,
        url=wish.url,
        level=wish.level,
        method=wish.method,
        cid=queued.cid,
        expiry_s=connector.dlr_expiry_s,
    )
    try:
        await ports.store.remember(request)
    except StoreAway as error:
        if ports.store_away == "refuse":
            raise NotRemembered(queued.msgid) from error
        ports.store.counts.carried += 1
        return replace(queued, request=request)
    return queued
