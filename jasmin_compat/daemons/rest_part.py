"""The part that takes requests of the REST API, and sends its batches."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from jasmin_compat.daemons.connectors_part import Reach
from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.daemons.https import https
from jasmin_compat.daemons.parts import Part
from jasmin_compat.daemons.policies import (
    batch_limits,
    batch_policy,
    consume_policy,
    pace_policy,
    rest_http_policy,
)
from jasmin_compat.flows.batch import (
    BatchSender,
    ReportPorts,
    SendPorts,
    Workers,
    report_one,
)
from jasmin_compat.flows.consume import Source, consume
from jasmin_compat.gateway.messages import Verdict
from jasmin_compat.ports import HttpCalls
from jasmin_compat.runtime.ids import RandomIds
from jasmin_compat.servers.http.app import Resources as HttpResources
from jasmin_compat.servers.http.connections import listen
from jasmin_compat.servers.measures import Measured
from jasmin_compat.servers.rest.app import Resources, RestApi
from jasmin_compat.servers.rest.batch_sending import BatchSending
from jasmin_compat.servers.rest.sendbatch import BatchPorts, SendBatch
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import (
    BATCH_MESSAGES,
    BATCH_REPORTS,
    BATCH_REPORTS_TAG,
    BATCH_TAG,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestReach:
    """What the REST API shares with the rest of the gateway."""

    http: HttpResources
    reach: Reach
    calls: HttpCalls


def rest_part(frame: Frame, shared: RestReach) -> Part:
    """Listens on [rest-api] bind and port; consumes `jasmin_compat.batch` and its reports."""
    api, batches = _api(frame, shared), _Batches(frame, shared)
    frame.sources.append(lambda: [Measured(prefix="rest", counts=api.server.counts)])

    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        await shared.reach.queues.declare([BATCH_MESSAGES, BATCH_REPORTS])
        section = frame.settings.rest_api
        tls = https(frame, section, part="RestApi")
        try:
            listener = await listen(api.server, section.bind, section.port, tls=tls)
        except OSError as reason:
            where = f"{section.bind}:{section.port}"
            raise CannotStart("RestApi", f"{where}: {reason.strerror}") from reason
        started()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(batches.run(stop), name="batches")
            try:
                await stop.wait()
            finally:
                await listener.close(frame.settings.shutdown.drain_s)

    return Part("RestApi", run)


def _api(frame: Frame, shared: RestReach) -> RestApi:
    settings, http, reach = frame.settings, shared.http, shared.reach
    ports = BatchPorts(
        balance=http.balance.answer_arguments,
        site=reach.site,
        queues=reach.queues,
        unix=frame.clock.unix,
        local_now=frame.clock.local_now,
        new_batch_id=RandomIds(),
    )
    resources = Resources(
        send=http.send.answer_arguments,
        rate=http.rate.answer_arguments,
        balance=http.balance.answer_arguments,
        sendbatch=SendBatch(ports, batch_limits(settings)),
        logins=http.logins,
        log_privacy=settings.http_api.log_privacy,
    )
    shows = settings.rest_api.show_jasmin_version
    return RestApi(
        resources,
        policy=rest_http_policy(settings),
        unix=frame.clock.unix,
        powered_by=f"Jasmin {settings.jasmin_compat.release}" if shows else None,
    )


class _Batches:
    """The two consumers."""

    def __init__(self, frame: Frame, shared: RestReach) -> None:
        settings = frame.settings
        self._queues = shared.reach.queues
        self._policy = batch_policy(settings)
        self._consuming = consume_policy(settings)
        self._sender = BatchSender(
            SendPorts(
                send=BatchSending(shared.http.send, site=shared.reach.site),
                workers=Workers(
                    settings.rest_api.batch_workers, pace_policy(settings), frame.clock
                ),
                queues=self._queues,
                clock=frame.clock,
            ),
            policy=self._policy,
        )
        self._reporting = ReportPorts(calls=shared.calls, counts=self._sender.counts)
        log = logging.getLogger("jasmin-restapi")
        self._messages = Source(
            queue=BATCH_MESSAGES.queue,
            consumer_tag=BATCH_TAG,
            prefetch=settings.rest_api.batch_workers,
            log=log,
        )
        self._reports = Source(
            queue=BATCH_REPORTS.queue,
            consumer_tag=BATCH_REPORTS_TAG,
            prefetch=settings.rest_api.callback_prefetch,
            log=log,
        )
        frame.sources.append(self._measured)
        frame.queues.append(lambda: [self._messages.queue, self._reports.queue])

    def _measured(self) -> list[Measured]:
        return [
            Measured(prefix="batch", counts=self._sender.counts),
            *(
                Measured(prefix="consumer", counts=one.counts, labels={"queue": one.queue})
                for one in (self._messages, self._reports)
            ),
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Until the stop, drained."""
        async with asyncio.TaskGroup() as tasks:
            for source, handle in (
                (self._messages, self._sender.handle),
                (self._reports, self._report),
            ):
                tasks.create_task(
                    consume(self._queues, source, handle, stop=stop, policy=self._consuming),
                    name=source.queue,
                )

    async def _report(self, message: QueueMessage) -> Verdict:
        return await report_one(message, ports=self._reporting, policy=self._policy)
