"""A connector's life: connect, bind, carry messages both ways, come back (smpp-client.md §3)."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.ports import (
    Answered,
    Clock,
    InboundMessages,
    PartOutcome,
)
from jasmin_compat.smpp import commands, events
from jasmin_compat.smpp.errors import CannotEncode
from jasmin_compat.smpp.operations import Role, SessionState
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, Pdu, SubmitSm
from jasmin_compat.smpp.session_policy import SessionPolicy
from jasmin_compat.smpp.statuses import (
    ESME_ROK,
    ESME_RSYSERR,
    ESME_RTHROTTLED,
)
from jasmin_compat.smpp_io.dialing import BIND_COMMANDS, bind_body, session_policy, tls_context
from jasmin_compat.smpp_io.link import Link, LinkEvent, OnEvent, Reply
from jasmin_compat.smpp_io.segments import outcome_of, put_on_wire
from jasmin_compat.smpp_io.session_log import log_event

MakeLink = Callable[[SessionPolicy, OnEvent], Link]


def plain_link(policy: SessionPolicy, on_event: OnEvent) -> Link:
    return Link(Role.ESME, policy, on_event)


CONNECT_S = 30.0
"""Twisted's default, which Jasmin uses."""
STOP_S = 10.0
"""For the answer to our unbind when we stop; `bind_to`, if shorter, ends it before."""
LEAST_DELAY_S = 0.05
"""Between two connections, however small con_loss_delay and con_fail_delay are."""
JITTER = 0.1
"""Reconnect delays are up to a tenth longer than configured, so that connectors that lost the same
SMSC do not come back in one instant."""


@dataclass(slots=True)
class ConnectorCounts:
    """As Jasmin counts (contract/smpp-client.md §10): since start, over all sessions."""

    created_at: float = 0.0
    """Unix seconds, like all times here, since when the connector is known; 0 for none."""

    connected_count: int = 0
    """Connections made."""
    disconnected_count: int = 0
    """Connections ended."""
    bound_count: int = 0
    """Binds accepted."""
    submit_sm_request_count: int = 0
    """submit_sm PDUs sent, segments and repeats each."""
    submit_sm_count: int = 0
    """submit_sm answered with ESME_ROK."""
    throttling_error_count: int = 0
    """submit_sm answered with ESME_RTHROTTLED."""
    other_submit_error_count: int = 0
    """submit_sm answered with another error."""
    deliver_sm_count: int = 0
    """deliver_sm received, receipts and messages."""
    data_sm_count: int = 0
    """data_sm received, receipts and messages."""
    interceptor_count: int = 0
    """Messages that a script let pass; none before scripts are run on them."""
    interceptor_error_count: int = 0
    """Messages whose script refused or broke."""
    elink_count: int = 0
    """enquire_link sent."""
    connected_at: float = 0.0
    """Of the last connection."""
    bound_at: float = 0.0
    """Of the last accepted bind."""
    disconnected_at: float = 0.0
    """Of the last connection's end."""
    last_received_pdu_at: float = 0.0
    """Of the last PDU that came."""
    last_sent_pdu_at: float = 0.0
    """Of the last PDU sent."""
    last_sent_elink_at: float = 0.0
    """Of the last enquire_link sent."""
    last_request_at: float = 0.0
    """Of the last request sent, whichever."""
    last_sequence_number: int = 0
    """Of that request, as of now."""

    def count(self, command_status: int) -> None:
        """One more answer to a submit_sm."""
        if command_status == ESME_ROK:
            self.submit_sm_count += 1
        elif command_status == ESME_RTHROTTLED:
            self.throttling_error_count += 1
        else:
            self.other_submit_error_count += 1


class SmppClient:
    """The SMSC of one connector, as flows see it (ports.SmppLink)."""

    def __init__(
        self,
        connector: Callable[[], SmppConnector],
        inbound: InboundMessages,
        *,
        clock: Clock,
        random: Callable[[], float],
        make_link: MakeLink = plain_link,
    ) -> None:
        """`connector` is asked for its keys whenever they are used; `random` gives 0 to 1."""
        self.counts = ConnectorCounts()
        self.cid: ConnectorId = connector().cid
        self._connector = connector
        self._inbound = inbound
        self._clock = clock
        self._random = random
        self._make_link = make_link
        self.log = logging.getLogger(f"smpp.client.{self.cid}")
        self._link: Link | None = None
        self._turn = asyncio.Lock()
        """Keeps the segments of a message together, and messages in the order they came."""
        self._may_submit = asyncio.Event()
        self._may_not_submit = asyncio.Event()
        self._may_not_submit.set()
        self._answered_at = 0.0
        self._elinks_counted = 0
        """Of the open session."""
        self._tasks: asyncio.TaskGroup

    # ------------------------------------------------------------ ports.SmppLink

    @property
    def session_state(self) -> SessionState:
        return self._link.session.state if self._link is not None else SessionState.NONE

    def counted(self) -> ConnectorCounts:
        """`counts`, the open session included."""
        if self._link is not None:
            self._count(self._link)
        return self.counts

    def _count(self, link: Link) -> None:
        """Add what the session has counted since the last time."""
        counts, seen = self.counts, link.session.counts
        counts.elink_count += seen.enquire_links_sent - self._elinks_counted
        self._elinks_counted = seen.enquire_links_sent
        to_unix = self._clock.unix() - asyncio.get_running_loop().time()
        if seen.pdus_received:
            counts.last_received_pdu_at = seen.received_at + to_unix
        if seen.enquire_links_sent:
            counts.last_sent_elink_at = seen.enquired_at + to_unix
        if seen.pdus_sent:
            counts.last_sent_pdu_at = seen.sent_at + to_unix
        if seen.sequence_number:
            counts.last_request_at = seen.requested_at + to_unix
            counts.last_sequence_number = seen.sequence_number

    def can_submit(self) -> bool:
        link = self._link
        return link is not None and link.session.may_send(commands.SUBMIT_SM)

    def is_connected(self) -> bool:
        return self._link is not None

    async def wait_until_can_submit(self) -> None:
        await self._may_submit.wait()

    async def wait_until_cannot_submit(self) -> None:
        await self._may_not_submit.wait()

    async def submit(self, parts: Sequence[SubmitSm]) -> tuple[PartOutcome, ...]:
        async with self._turn:
            sent = await put_on_wire(self._link, parts)
        replies = [one for one in sent if isinstance(one, asyncio.Future)]
        self.counts.submit_sm_request_count += len(replies)
        if len(replies) < len(parts):
            self._mark()
        try:
            return tuple(
                [self._outcome(await s) if isinstance(s, asyncio.Future) else s for s in sent]
            )
        finally:
            for reply in replies:
                reply.cancel()

    def _outcome(self, reply: Reply) -> PartOutcome:
        outcome = outcome_of(reply)
        if isinstance(outcome, Answered):
            self._answered_at = asyncio.get_running_loop().time()
            self.counts.count(outcome.command_status)
        return outcome

    def use_connector(self) -> None:
        """Its keys have changed: the open session goes on with the new bounds and timers."""
        if self._link is not None:
            self._link.use(session_policy(self._connector()))

    # ------------------------------------------------------------ life

    async def run(self, stop: asyncio.Event) -> None:
        """Keep the connector bound until `stop` is set; then unbind and return."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            life = tasks.create_task(self._live(stop), name=f"smpp client {self.cid}")
            await stop.wait()
            await self._leave()
            life.cancel()

    async def _live(self, stop: asyncio.Event) -> None:
        while True:
            connector = self._connector()
            try:
                link = await self._connect(connector)
            except OSError as error:
                reason = str(error) or type(error).__name__
                self.log.error("Connection failed. Reason: %s", reason)  # noqa: TRY400
                again, delay_s = connector.reconnect_on_failure, connector.reconnect_on_failure_s
            else:
                await self._stay(link, connector)
                connector = self._connector()
                again, delay_s = connector.reconnect_on_loss, connector.reconnect_on_loss_s
            if stop.is_set():
                return
            if not again:
                self.log.info("Exiting.")
                return
            delay_s = max(delay_s, LEAST_DELAY_S) * (1 + JITTER * self._random())
            self.log.info("Reconnecting after %.1f seconds ...", delay_s)
            await asyncio.sleep(delay_s)

    async def _connect(self, connector: SmppConnector) -> Link:
        """Raises OSError, TimeoutError among them."""
        tls = tls_context(connector)
        policy = session_policy(connector)
        async with asyncio.timeout(CONNECT_S):
            _, link = await asyncio.get_running_loop().create_connection(
                lambda: self._make_link(policy, self._on_event),
                connector.host,
                connector.port,
                ssl=tls,
            )
        return link

    async def _stay(self, link: Link, connector: SmppConnector) -> None:
        """Bind, and return when the session is over."""
        self._link = link
        self.counts.connected_count += 1
        self.counts.connected_at = self._clock.unix()
        self.log.info("SMPP connection established from %s to port %s", *link.peer)
        try:
            self._bind(link, connector)
            await link.wait_closed()
        finally:
            link.close()
            self._link = None
            self._mark()
            self._count(link)
            self._elinks_counted = 0
            self.counts.disconnected_count += 1
            self.counts.disconnected_at = self._clock.unix()

    def _bind(self, link: Link, connector: SmppConnector) -> None:
        self.log.info("Requesting bind as %s", connector.bind_operation)
        try:
            link.bind(BIND_COMMANDS[connector.bind_operation], bind_body(connector))
        except CannotEncode as error:
            self.log.error("Bind failed [%s]. Disconnecting...", error)  # noqa: TRY400
            link.close()

    async def _leave(self) -> None:
        link = self._link
        if link is not None:
            link.unbind()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await link.wait_closed()
            link.abort()

    # ------------------------------------------------------------ in

    def _on_event(self, link: Link, event: LinkEvent) -> None:
        log_event(self.log, link.session.state, event)
        match event:
            case events.Requested(request):
                self._tasks.create_task(self._receive(link, request), name=f"inbound {self.cid}")
                return
            case events.Bound():
                self.counts.bound_count += 1
                self.counts.bound_at = self._clock.unix()
            case events.BindRefused():
                link.close()
            case events.TimedOut(request) if self._answered_at < request.sent_at:
                link.unbind()  # nothing was answered for as long as this request waited
            case _:
                pass
        self._mark()

    async def _receive(self, link: Link, request: Pdu) -> None:
        body = request.body
        assert isinstance(body, DeliverSm | DataSm)  # the session lets nothing else through
        if isinstance(body, DeliverSm):
            self.counts.deliver_sm_count += 1
        else:
            self.counts.data_sm_count += 1
        try:
            status = await self._inbound.receive(self.cid, body)
        except Exception:
            self.log.exception("%s not taken", commands.name_of(request.command_id))
            status = ESME_RSYSERR
        link.respond(request, status)

    def _mark(self) -> None:
        """Wake those who wait for a change of `can_submit`."""
        if self.can_submit():
            self._may_not_submit.clear()
            self._may_submit.set()
        else:
            self._may_submit.clear()
            self._may_not_submit.set()
