"""A site whose process meets a fault at one of its steps: any call it makes to the outside.

Broker, store, SMSC and callback receiver are in memory and outlive it, so that the next process
finds what the one before has left. What happens, happens in the same order each time.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qs

from jasmin_compat.adapters.memory_queues import MemoryDelivery, MemoryQueues
from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.flows.connector_queue import ConnectorQueue
from jasmin_compat.flows.consume import ConsumePolicy, Source, consume, in_turn
from jasmin_compat.flows.dlr import look_up
from jasmin_compat.flows.late_bills import charge_late_bill
from jasmin_compat.flows.mo import Inbound, InboundPorts
from jasmin_compat.flows.mt import MtPorts, accept_mt
from jasmin_compat.flows.submit import SubmitPorts, Submits
from jasmin_compat.flows.throw import ThrowPorts, throw
from jasmin_compat.gateway.callbacks import CallbackPolicy, HttpCall, HttpReply
from jasmin_compat.gateway.charging import Charge
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.messages import Ack, Dead, Delay, MsgId, Requeue, Verdict
from jasmin_compat.gateway.refusals import Refused
from jasmin_compat.gateway.submission import SubmitPolicy
from jasmin_compat.gateway.users import User
from jasmin_compat.ports import (
    Answered,
    BrokerAway,
    CallFailed,
    Delivery,
    DeliveryLost,
    NotSent,
    PartOutcome,
    QuotasAway,
    StoreAway,
    Unanswered,
)
from jasmin_compat.smpp.pdus import DeliverSm, SubmitSm
from jasmin_compat.smpp.statuses import ESME_ROK
from jasmin_compat.wire import amqp_names
from jasmin_compat.wire.amqp_messages import QueueMessage
from tests import builders
from tests.builders import CID
from tests.fakes import FakeClock, FakeScripts
from tests.flows.submitting import CREATED, NOW

T = TypeVar("T")

Kind = Literal[
    "killed before", "killed after", "stopped before", "stopped after", "refused", "answer lost"
]
"""Of a step: the process is killed (and nothing it does has an effect any more) or told to stop at
once, before or after the step is done; or the step fails, not done or done."""
KINDS: tuple[Kind, ...] = (
    "killed before",
    "killed after",
    "stopped before",
    "stopped after",
    "refused",
    "answer lost",
)

BALANCE = 1000.0

QUEUES = {
    amqp_names.submit_key(CID): "submits",
    "DLRLookup-main": "lookups",
    "dlr_thrower": "callbacks",
    amqp_names.ROUTER_BILLS.queue: "bills",
}


class Steps:
    """What one process does, step by step, and at which step which fault comes."""

    def __init__(self, faults: Mapping[int, Kind]) -> None:
        self.names: list[str] = []
        self.met: list[str] = []
        """The steps that met a fault."""
        self.given: list[MemoryDelivery] = []
        self.stop = asyncio.Event()
        self.killed = asyncio.Event()
        self._faults = faults

    def close_connection(self) -> None:
        """What is not settled comes again."""
        for delivery in self.given:
            if not (delivery._settled or delivery._lost):
                delivery.lose()

    async def take(
        self, name: str, do: Callable[[], Awaitable[T]], failing: Callable[[bool], Awaitable[T]]
    ) -> T:
        """`failing` is told whether the step was done, and returns or raises what is heard then."""
        await asyncio.sleep(0)  # others may come between
        if self.killed.is_set():
            await asyncio.Event().wait()  # until it is cancelled: nobody hears anything
        kind = self._faults.get(len(self.names))
        self.names.append(name)
        if kind is None or (kind.startswith("stopped") and self.stop.is_set()):
            return await do()
        self.met.append(name)
        if kind == "refused":
            return await failing(False)
        if kind == "answer lost":
            await do()
            return await failing(True)
        if kind.endswith("after"):
            await do()
        (self.killed if kind.startswith("killed") else self.stop).set()
        await asyncio.Event().wait()
        raise AssertionError


def raising(error: Exception) -> Callable[[bool], Awaitable[Any]]:
    async def fail(_: bool) -> Any:
        raise error

    return fail


class Broker:
    """ports.Queues as a process sees them."""

    def __init__(self, queues: MemoryQueues, steps: Steps) -> None:
        self._queues = queues
        self._steps = steps

    async def publish(self, message: QueueMessage, *, mandatory: bool = True) -> None:
        await self._steps.take(
            f"publish {message.routing_key}",
            lambda: self._queues.publish(message, mandatory=mandatory),
            raising(BrokerAway("no confirm")),
        )

    @asynccontextmanager
    async def consume(
        self, queue: str, *, consumer_tag: str, prefetch: int
    ) -> AsyncIterator[AsyncIterator[Delivery]]:
        consuming = self._queues.consume(queue, consumer_tag=consumer_tag, prefetch=prefetch)
        async with consuming as deliveries:
            yield (Settled(delivery, self._steps) async for delivery in deliveries)


class Settled:
    """ports.Delivery as a process sees it."""

    def __init__(self, delivery: Delivery, steps: Steps) -> None:
        assert isinstance(delivery, MemoryDelivery)
        steps.given.append(delivery)
        self._delivery = delivery
        self._steps = steps
        self.queue = delivery.queue
        self.message = delivery.message
        self.redelivered = delivery.redelivered

    async def settle(self, verdict: Verdict) -> None:
        if self._steps.killed.is_set():
            raise DeliveryLost
        name = f"settle {QUEUES[self.queue]} with {type(verdict).__name__}"
        try:
            await self._steps.take(
                name, lambda: self._delivery.settle(verdict), self._lose(verdict)
            )
        except asyncio.CancelledError:
            self._requeue()
            raise

    def _requeue(self) -> None:
        """As adapters/amqp_delivery.py does when the settling is cancelled."""
        delivery = self._delivery
        if not (delivery._settled or delivery._lost or self._steps.killed.is_set()):
            delivery.lose()

    def _lose(self, verdict: Verdict) -> Callable[[bool], Awaitable[Any]]:
        """The channel dies: without the copy of a delayed or dead message, or after it."""
        delivery = self._delivery

        async def lose(done: bool) -> None:
            match verdict:
                case Ack() | Requeue() if done:
                    return  # neither is answered
                case Delay() if done:
                    delivery._from.put_back(delivery._waiting)
                case Dead() if done:
                    delivery._from.put_back(delivery._waiting)
                case _:
                    delivery.lose()
            raise DeliveryLost

        return lose


class Stepped:
    """Another port as a process sees it: each of its coroutines is a step."""

    def __init__(self, inner: object, steps: Steps, failing: Callable[[bool], Awaitable[Any]]):
        self._inner = inner
        self._steps = steps
        self._failing = failing

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)
        if not asyncio.iscoroutinefunction(call):
            return call

        async def stepped(*args: Any, **keys: Any) -> Any:
            return await self._steps.take(name, lambda: call(*args, **keys), self._failing)

        return stepped


class Till:
    """ports.Quotas as a process sees them: what fails is not taken."""

    def __init__(self, quotas: MemoryQuotas, steps: Steps) -> None:
        self._quotas = quotas
        self._steps = steps

    async def charge(self, user: User, charge: Charge) -> None:
        async def failing(done: bool) -> None:
            if not done:
                raise QuotasAway

        await self._steps.take("charge", lambda: self._quotas.charge(user, charge), failing)

    async def charge_late(self, user: User, amount: float, bid: str) -> bool:
        async def failing(done: bool) -> bool:
            if not done:
                raise QuotasAway
            return True

        def do() -> Awaitable[bool]:
            return self._quotas.charge_late(user, amount, bid)

        return await self._steps.take("charge late", do, failing)

    async def refund(self, user: User, charge: Charge) -> None:
        await self._quotas.refund(user, charge)


Answer = Callable[[int], PartOutcome | None]
"""To a segment that comes for the nth time, from 0 on; None: accepted."""


@dataclass
class Smsc:
    """Takes segments, whose texts are `<msgid>/<index>`, and has receipts for them."""

    store: MemoryStore
    answer: Answer
    came: Counter[str] = field(default_factory=Counter)
    """Segments on the wire."""
    accepted: dict[str, str] = field(default_factory=dict)
    """Receipts to be delivered: SMSC id to segment."""

    async def submit(self, parts: Iterable[SubmitSm]) -> tuple[PartOutcome, ...]:
        return tuple([await self._take(part) for part in parts])

    async def _take(self, part: SubmitSm) -> PartOutcome:
        segment = part.short_message.decode()
        msgid, _, index = segment.partition("/")
        recorded = {sent.index for sent in await self.store.sent(MsgId(msgid))}
        assert int(index) not in recorded, f"{segment} was recorded and is sent again"
        outcome = self.answer(self.came[segment])
        self.came[segment] += 1
        if outcome is not None:
            return outcome
        smpp_msgid = f"{segment.replace('/', 'X')}X{self.came[segment]}"
        if part.registered_delivery:
            self.accepted[smpp_msgid] = segment
        return Answered(ESME_ROK, smpp_msgid.encode())


class Link:
    """ports.SmppLink, always bound."""

    cid = CID

    def __init__(self, smsc: Smsc, steps: Steps) -> None:
        self._smsc = smsc
        self._steps = steps

    def can_submit(self) -> bool:
        return True

    def is_connected(self) -> bool:
        return True

    async def wait_until_can_submit(self) -> None: ...

    async def wait_until_cannot_submit(self) -> None:
        await asyncio.Event().wait()

    async def submit(self, parts: tuple[SubmitSm, ...]) -> tuple[PartOutcome, ...]:
        async def failing(done: bool) -> tuple[PartOutcome, ...]:
            return (Unanswered("connection lost") if done else NotSent(),) * len(parts)

        return await self._steps.take("submit", lambda: self._smsc.submit(parts), failing)


@dataclass
class Receiver:
    """Where callbacks go."""

    refuses_first: bool = False
    """The first attempt of each is answered 500."""
    attempts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By msgid and level."""
    acked: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)

    async def call(self, call: HttpCall) -> HttpReply:
        form = {name: values[0] for name, values in parse_qs((call.body or b"").decode()).items()}
        which = form["id"], form["level"]
        self.attempts[which] += 1
        if self.refuses_first and self.attempts[which] == 1:
            return HttpReply(500, "later")
        self.acked[which] += 1
        self.statuses[which] = form["message_status"]
        return HttpReply(200, "ACK/Jasmin")


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message a client sends."""

    name: str
    parts: int = 1
    level: int = 3
    """Of its reports; 0: none."""


class World:
    """Everything outside the process, and what clients were told."""

    def __init__(
        self,
        messages: Iterable[Sent],
        *,
        answer: Answer,
        refuses_first: bool = False,
        store_away: Literal["refuse", "wait"] = "refuse",
    ) -> None:
        self.store_away: Literal["refuse", "wait"] = store_away
        self.clock = FakeClock(NOW)
        self.queues = MemoryQueues(clock=self.clock)
        self.store = MemoryStore(policy=DlrPolicy(), clock=self.clock)
        self.smsc = Smsc(self.store, answer)
        self.receiver = Receiver(refuses_first=refuses_first)
        self.quotas = MemoryQuotas()
        quotas = Quotas(balance=BALANCE, early_decrement_balance_percent=50.0)
        self.user = builders.user(mt=MtCredential(quotas=quotas))
        route = replace(builders.default_route(), rate=1.0)
        self.site = builders.site(self.user, mt_routes={0: route})
        self.to_send = list(messages)
        self.accepted: list[Sent] = []
        self.lives: list[Steps] = []
        self.replies: Counter[str] = Counter()
        """Final outcomes published, by msgid."""

    async def live(self, *lives: Mapping[int, Kind]) -> None:
        """One process after the other, each with its faults; the last one ends when all is done."""
        bindings = [
            amqp_names.submit_binding(CID),
            amqp_names.lookup_binding("main"),
            amqp_names.DLR_THROWER,
            amqp_names.ROUTER_BILLS,
        ]
        await self.queues.declare(bindings)
        self._note_replies()
        for faults in (*lives, {}):
            steps = Steps(faults)
            self.lives.append(steps)
            await self._until_over(steps)

    def met(self) -> list[str]:
        """The steps that met a fault, of all processes."""
        return [name for steps in self.lives for name in steps.met]

    def paid(self) -> float:
        """A part costs 1, half of it when the SMSC has taken the message."""
        return BALANCE - (self.quotas.left(self.user).balance or 0.0)

    def is_quiet(self) -> bool:
        waits = any(len(self.queues._queue(name)) for name in QUEUES)
        return not (self.to_send or self.smsc.accepted or waits)

    def _note_replies(self) -> None:
        publish = self.queues.publish

        async def noting(message: QueueMessage, *, mandatory: bool = True) -> None:
            await publish(message, mandatory=mandatory)
            if message.routing_key == amqp_names.DLR_SUBMIT_SM_RESP:
                self.replies[message.message_id] += 1

        self.queues.publish = noting  # type: ignore[method-assign]

    async def _until_over(self, steps: Steps) -> None:
        process = asyncio.create_task(self._process(steps))
        for _ in range(1000):
            before = len(steps.names)
            for _ in range(25):
                await asyncio.sleep(0)
            if process.done():
                break
            self._go_on(process, steps, is_idle=len(steps.names) == before)
        assert process.done(), f"never over: {steps.names[-20:]}"
        await asyncio.wait([process])
        if not process.cancelled():
            process.result()
        steps.close_connection()

    def _go_on(self, process: "asyncio.Task[None]", steps: Steps, *, is_idle: bool) -> None:
        if steps.killed.is_set():
            process.cancel()
        elif self.is_quiet():
            steps.stop.set()
        elif is_idle:
            self.clock.advance_to_next()

    async def _process(self, steps: Steps) -> None:
        """The whole gateway."""
        queues: Any = Broker(self.queues, steps)
        store: Any = Stepped(self.store, steps, raising(StoreAway()))
        calls: Any = Stepped(self.receiver, steps, raising(CallFailed("hung up")))
        till: Any = Till(self.quotas, steps)
        policy = ConsumePolicy(drain_s=0, broker_pause_s=0)
        connector = builders.connector(submit_throughput=0, requeue_delay_s=5)
        submit_ports = SubmitPorts(
            link=Link(self.smsc, steps),
            connector=lambda: connector,
            queues=queues,
            store=store,
            clock=self.clock,
            local_now=lambda: CREATED,
        )
        submit_policy = SubmitPolicy()
        submits = Submits(submit_ports, submit_policy)
        connector_queue = ConnectorQueue(
            submits, submit_ports, submit_policy, consume_policy=policy
        )
        inbound = Inbound(
            InboundPorts(
                connector=lambda: connector,
                queues=queues,
                store=store,
                new_msgid=lambda _: MsgId("mo"),
                local_now=lambda: CREATED,
            ),
            log_privacy=False,
        )

        async def look_up_one(message: QueueMessage) -> Verdict:
            return await look_up(
                message, store=store, queues=queues, clock=self.clock, policy=DlrPolicy()
            )

        async def throw_one(message: QueueMessage) -> Verdict:
            ports = ThrowPorts(calls=calls, clock=self.clock, queues=queues)
            return await throw(message, ports=ports, policy=CallbackPolicy())

        async def charge_one(message: QueueMessage) -> Verdict:
            return await charge_late_bill(message, site=lambda: self.site, quotas=till)

        async def consumed(
            queue: str, handle: Callable[[QueueMessage], Awaitable[Verdict]]
        ) -> None:
            source = Source(queue=queue, consumer_tag=queue, prefetch=10)
            await consume(queues, source, handle, stop=steps.stop, policy=policy)

        async with asyncio.TaskGroup() as tasks:
            edges = [
                tasks.create_task(self._send_all(queues, store, till), name="clients"),
                tasks.create_task(self._deliver_receipts(inbound), name="SMSC"),
            ]
            tasks.create_task(connector_queue.run(steps.stop), name="submits")
            tasks.create_task(consumed("DLRLookup-main", in_turn(look_up_one)), name="lookups")
            tasks.create_task(consumed("dlr_thrower", throw_one), name="callbacks")
            bills = amqp_names.ROUTER_BILLS.queue
            tasks.create_task(consumed(bills, charge_one), name="bills")
            await steps.stop.wait()
            for edge in edges:
                edge.cancel()

    async def _send_all(self, queues: Any, store: Any, till: Any) -> None:
        while self.to_send:
            sent = self.to_send.pop(0)
            ports = MtPorts(
                site=lambda: self.site,
                outlook=builders.outlook(),
                queues=queues,
                store=store,
                store_away=self.store_away,
                quotas=till,
                scripts=FakeScripts(),
                monotonic=self.clock.monotonic,
                new_msgid=lambda _routable, _cid, sent=sent: MsgId(sent.name),  # type: ignore[misc]
                local_now=lambda: CREATED,
                new_bid=lambda sent=sent: f"bid {sent.name}",  # type: ignore[misc]
            )
            texts = [f"{sent.name}/{index}".encode() for index in range(sent.parts)]
            parts = [
                builders.submit_sm(short_message=text, registered_delivery=0) for text in texts
            ]
            if sent.level:
                parts[-1] = builders.submit_sm(short_message=texts[-1], registered_delivery=1)
            wish = builders.wish(level=sent.level) if sent.level else None
            try:
                await accept_mt(
                    builders.routable(user=self.user, parts=tuple(parts), dlr=wish), ports
                )
            except Refused:
                continue
            self.accepted.append(sent)

    async def _deliver_receipts(self, inbound: Inbound) -> None:
        while True:
            for smpp_msgid in list(self.smsc.accepted):
                text = (
                    f"id:{smpp_msgid} sub:001 dlvrd:001 submit date:2611231200 "
                    "done date:2611231201 stat:DELIVRD err:000 text:x"
                )
                pdu = DeliverSm(short_message=text.encode(), esm_class=4)
                if await inbound.receive(CID, pdu) == ESME_ROK:
                    self.smsc.accepted.pop(smpp_msgid, None)
            await self.clock.sleep(1)
