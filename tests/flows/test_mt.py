"""Accepting a message: what is written, in which order, and what stays after a failure."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.flows.mt import MtPorts, accept_mt
from jasmin_compat.gateway.charging import Left
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.filters import DestinationAddrFilter
from jasmin_compat.gateway.messages import (
    ConnectorId,
    HttpDlrRequest,
    MsgId,
    MtRoutable,
    Overrides,
    QueuedSubmit,
)
from jasmin_compat.gateway.refusals import (
    Malformed,
    NoConnector,
    NoRoute,
    NotCharged,
    NotQueued,
    NotRemembered,
    TooFast,
    Unsendable,
)
from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import User
from jasmin_compat.ports import BrokerAway, QueueFull, StoreAway, StoreCounts, Unroutable
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.pickled_bills import PickledBill, read_bill
from jasmin_compat.wire.submit_messages import read_submit
from tests import builders
from tests.builders import CID, MSGID, NOW
from tests.fakes import FakeScripts


@dataclass
class Outside:
    """Queues and Store that say what was done, in order, and fail when told."""

    done: list[str] = field(default_factory=list)
    requests: list[HttpDlrRequest] = field(default_factory=list)
    queued: list[QueuedSubmit] = field(default_factory=list)
    publish_fails: Exception | None = None
    store_fails: Exception | None = None
    counts: StoreCounts = field(default_factory=StoreCounts)

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None:
        assert mandatory
        self.done.append(f"publish {message.routing_key}")
        self.queued.append(read_submit(message))
        if self.publish_fails is not None:
            raise self.publish_fails

    async def remember(self, request: HttpDlrRequest) -> None:
        self.done.append(f"remember {request.msgid}")
        if self.store_fails is not None:
            raise self.store_fails
        self.requests.append(request)

    async def forget(self, msgid: MsgId) -> None:
        self.done.append(f"forget {msgid}")
        if self.store_fails is not None:
            raise self.store_fails


def ports(
    outside: Outside, site: Site | None = None, quotas: MemoryQuotas | None = None
) -> MtPorts:
    known = site or builders.site()
    return MtPorts(
        outlook=builders.outlook(),
        site=lambda: known,
        queues=outside,  # type: ignore[arg-type]
        store=outside,  # type: ignore[arg-type]
        quotas=quotas or MemoryQuotas(),
        scripts=FakeScripts(),
        monotonic=lambda: 0.0,
        new_msgid=lambda _routable, _cid: MSGID,
        local_now=lambda: NOW,
        new_bid=lambda: "bid-1",
    )


# covers: HTTP-01
async def test_a_message_is_queued_for_its_connector() -> None:
    outside = Outside()
    queued = await accept_mt(builders.routable(), ports(outside))
    assert outside.done == ["publish submit.sm.con1"]
    assert outside.queued == [queued]
    assert (queued.msgid, queued.cid, queued.source) == (MSGID, CID, "httpapi")
    assert queued.bill is not None
    assert read_bill(queued.bill) == PickledBill(bid="bid-1", uid="full")
    assert (queued.created_at, queued.priority, queued.source_addr_is_null) == (NOW, 0, True)


# covers: W-DLR-01
async def test_a_request_for_reports_is_written_before_the_message() -> None:
    outside = Outside()
    con1 = builders.connector(dlr_expiry_s=99)
    known = builders.site(connectors={CID: con1})
    await accept_mt(builders.routable(dlr=builders.wish(level=2)), ports(outside, known))
    assert outside.done == [f"remember {MSGID}", "publish submit.sm.con1"]
    assert outside.requests == [
        HttpDlrRequest(
            msgid=MSGID,
            url="http://127.0.0.1/dlr",
            level=2,
            method="POST",
            cid=CID,
            expiry_s=99,
        )
    ]


# covers: HTTP-33 W-AMQP-03 W-AMQP-04
@pytest.mark.parametrize("error", [BrokerAway("x"), Unroutable("x"), QueueFull("x")])
async def test_what_was_not_confirmed_is_refused_and_forgotten(error: Exception) -> None:
    outside = Outside(publish_fails=error)
    with pytest.raises(NotQueued) as refused:
        await accept_mt(builders.routable(dlr=builders.wish()), ports(outside))
    assert (refused.value.msgid, refused.value.cid) == (MSGID, CID)
    assert outside.done == [
        f"remember {MSGID}",
        "publish submit.sm.con1",
        f"forget {MSGID}",
    ]


async def test_without_a_request_nothing_is_forgotten() -> None:
    outside = Outside(publish_fails=BrokerAway("x"))
    with pytest.raises(NotQueued):
        await accept_mt(builders.routable(), ports(outside))
    assert outside.done == ["publish submit.sm.con1"]


# covers: W-MT-05 W-MT-07
async def test_what_cannot_be_sent_is_refused_before_anything_is_charged() -> None:
    outside, known = Outside(), builders.user(mt=MtCredential(quotas=Quotas(submit_sm_count=1)))
    quotas = MemoryQuotas()
    too_long = builders.routable(
        user=known, parts=(builders.submit_sm(destination_addr=b"1" * 21),)
    )
    with pytest.raises(Unsendable):
        await accept_mt(too_long, ports(outside, builders.site(known), quotas))
    assert (outside.done, quotas.left(known).submit_sm_count) == ([], 1)


async def test_broker_and_store_may_be_away_together() -> None:
    outside = Outside(publish_fails=BrokerAway("x"))

    async def forget(_msgid: MsgId) -> None:
        raise StoreAway

    outside.forget = forget  # type: ignore[method-assign]
    with pytest.raises(NotQueued):
        await accept_mt(builders.routable(dlr=builders.wish()), ports(outside))


# covers: W-DLR-02
async def test_a_request_that_cannot_be_kept_is_not_accepted() -> None:
    outside = Outside(store_fails=StoreAway("x"))
    with pytest.raises(NotRemembered):
        await accept_mt(builders.routable(dlr=builders.wish()), ports(outside))
    assert outside.done == [f"remember {MSGID}"]


async def test_its_request_may_travel_with_the_message_instead() -> None:
    """`[dlr] store_away wait`: refused by nobody, and not forgotten."""
    outside = Outside(store_fails=StoreAway("x"))
    waiting = replace(ports(outside), store_away="wait")
    queued = await accept_mt(builders.routable(dlr=builders.wish(level=3)), waiting)
    assert outside.done == [f"remember {MSGID}", "publish submit.sm.con1"]
    assert outside.queued == [queued]
    assert queued.request == builders.http_request(
        msgid=MSGID, url="http://127.0.0.1/dlr", level=3, method="POST", cid=CID, expiry_s=86400
    )
    assert outside.counts.carried == 1
    here = Outside()
    queued = await accept_mt(
        builders.routable(dlr=builders.wish()), replace(ports(here), store_away="wait")
    )
    assert (queued.request, here.counts.carried) == (None, 0)


async def test_a_message_without_a_request_needs_no_store() -> None:
    await accept_mt(builders.routable(), ports(Outside(store_fails=StoreAway("x"))))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda known: replace(known, mt_routes={}), NoRoute),
        (
            lambda known: replace(known, mt_routes={0: builders.default_route("gone")}),
            NoConnector,
        ),
    ],
    ids=["no route", "no connector"],
)
async def test_what_cannot_be_routed_leaves_no_trace(
    change: Callable[[Site], Site], refusal: type[Exception]
) -> None:
    outside = Outside()
    with pytest.raises(refusal):
        await accept_mt(
            builders.routable(dlr=builders.wish()), ports(outside, change(builders.site()))
        )
    assert outside.done == []


def bad_times(**fields: Any) -> MtRoutable:
    return builders.routable(overrides=Overrides(validity_minutes=10**12), **fields)


async def test_a_route_is_missed_before_a_time_is_read() -> None:
    with pytest.raises(NoRoute):
        await accept_mt(bad_times(), ports(Outside(), replace(builders.site(), mt_routes={})))
    outside = Outside()
    with pytest.raises(Malformed):
        await accept_mt(bad_times(dlr=builders.wish()), ports(outside))
    assert outside.done == []


async def test_connector_and_sender_decide_every_part() -> None:
    known = builders.site(connectors={CID: builders.connector(source_addr_ton=5)})
    asked = builders.routable(
        parts=(builders.submit_sm(), builders.submit_sm()), overrides=Overrides(priority=2)
    )
    queued = await accept_mt(asked, ports(Outside(), known))
    assert [(p.source_addr_ton, p.priority_flag) for p in queued.parts] == [(5, 2), (5, 2)]
    assert queued.priority == 2


# covers: W-MT-27
async def test_an_smpp_senders_fields_stay_as_they_are() -> None:
    part = builders.submit_sm(source_addr_ton=6, priority_flag=3)
    asked = builders.routable(source="smppsapi", parts=(part,))
    queued = await accept_mt(asked, ports(Outside()))
    assert (queued.parts, queued.priority) == (asked.parts, 3)


async def test_a_message_goes_on_with_the_configuration_it_started_with() -> None:
    """A swap while the store is asked changes neither route nor connector."""
    outside = Outside()
    known = [builders.site()]
    asked = replace(ports(outside), site=lambda: known[0])
    remember = outside.remember

    async def swapping(request: HttpDlrRequest) -> None:
        known[0] = Site()
        await remember(request)

    outside.remember = swapping  # type: ignore[method-assign]
    queued = await accept_mt(builders.routable(dlr=builders.wish()), asked)
    assert queued.cid == CID


# covers: ROUTE-13
async def test_routes_made_by_the_operator_are_taken() -> None:
    con2 = ConnectorId("con2")
    route = Route(
        selection="static",
        targets=(Target("smppc", con2),),
        filters=(DestinationAddrFilter("^1555"),),
    )
    known = builders.site(
        connectors={cid: builders.connector(cid) for cid in (CID, con2)},
        mt_routes={10: route, 0: builders.default_route()},
    )
    outside = Outside()
    await accept_mt(builders.routable(), ports(outside, known))
    elsewhere = (builders.submit_sm(destination_addr=b"44"),)
    await accept_mt(builders.routable(parts=elsewhere), ports(outside, known))
    assert outside.done == ["publish submit.sm.con2", "publish submit.sm.con1"]


def rated_site(quotas: Quotas) -> tuple[Site, User]:
    """A route at 1.5 a part, and a user with these quotas."""
    site = builders.site()
    user = replace(builders.user(), mt=MtCredential(quotas=quotas))
    route = replace(site.mt_routes[0], rate=1.5)
    return replace(site, mt_routes={0: route}), user


# covers: BILL-01
async def test_a_rated_message_is_charged_before_it_is_queued() -> None:
    site, user = rated_site(Quotas(balance=10.0, early_decrement_balance_percent=20.0))
    quotas, outside = MemoryQuotas(), Outside()
    queued = await accept_mt(builders.routable(user=user), ports(outside, site, quotas))
    assert quotas.left(user) == Left(balance=9.7, submit_sm_count=None)
    assert queued.bill is not None
    bill = read_bill(queued.bill)
    assert (bill.at_submit, bill.at_response, bill.counts) == (0.3, 1.2, False)


# covers: BILL-05
async def test_without_billing_nothing_is_charged_and_no_bill_travels() -> None:
    site, user = rated_site(Quotas(balance=10.0, submit_sm_count=1))
    quotas, outside = MemoryQuotas(), Outside()
    given = replace(ports(outside, site, quotas), bills=False)
    queued = await accept_mt(builders.routable(user=user), given)
    assert quotas.left(user) == Left(balance=10.0, submit_sm_count=1)
    assert (queued.bill, outside.queued) == (None, [queued])


# covers: HTTP-32
async def test_who_cannot_pay_is_refused_and_nothing_is_written() -> None:
    site, user = rated_site(Quotas(balance=1.4))
    quotas, outside = MemoryQuotas(), Outside()
    with pytest.raises(NotCharged):
        await accept_mt(builders.routable(user=user), ports(outside, site, quotas))
    assert (quotas.left(user).balance, outside.done) == (1.4, [])


# covers: W-BILL-01
@pytest.mark.parametrize(
    "fails", [{"publish_fails": BrokerAway("x")}, {"store_fails": StoreAway("x")}]
)
async def test_what_was_not_taken_over_is_refunded(fails: dict[str, Exception]) -> None:
    site, user = rated_site(Quotas(balance=10.0, submit_sm_count=4))
    quotas, outside = MemoryQuotas(), Outside(**fails)  # type: ignore[arg-type]
    with pytest.raises((NotQueued, NotRemembered)):
        await accept_mt(
            builders.routable(user=user, dlr=builders.wish()), ports(outside, site, quotas)
        )
    assert quotas.left(user) == Left(balance=10.0, submit_sm_count=4)
    assert quotas.counts.refunded == 1


# covers: HTTP-31 CRED-20
async def test_a_second_message_within_the_users_interval_is_refused() -> None:
    site, user = rated_site(Quotas(http_throughput=1.0))
    outside = Outside()
    given = ports(outside, site)
    await accept_mt(builders.routable(user=user), given)
    with pytest.raises(TooFast):
        await accept_mt(builders.routable(user=user), given)
    await accept_mt(builders.routable(user=user), replace(given, monotonic=lambda: 1.0))
    assert len(outside.queued) == 2
