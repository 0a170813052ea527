"""The part that takes messages over HTTP."""

import asyncio
import random
from collections.abc import Callable

from jasmin_compat.daemons.connectors_part import Reach
from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.daemons.https import https
from jasmin_compat.daemons.parts import Part
from jasmin_compat.daemons.policies import http_policy, login_policy, send_policy
from jasmin_compat.flows.mt import MtPorts
from jasmin_compat.gateway.messages import ConnectorId, MsgId, MtRoutable
from jasmin_compat.gateway.routes import Outlook
from jasmin_compat.runtime.ids import RandomIds
from jasmin_compat.servers.http.app import HttpApi, Resources
from jasmin_compat.servers.http.balance import Balance
from jasmin_compat.servers.http.connections import listen
from jasmin_compat.servers.http.counts import HttpTally
from jasmin_compat.servers.http.login_delay import LoginDelay
from jasmin_compat.servers.http.metrics import Connectors, Metrics
from jasmin_compat.servers.http.rate import Rate
from jasmin_compat.servers.http.send import Send
from jasmin_compat.servers.measures import Measured


def make_resources(
    frame: Frame, reach: Reach, *, is_bound: Callable[[ConnectorId], bool]
) -> Resources:
    """For http_part to serve."""
    tally = HttpTally(unix=frame.clock.unix)

    def new_msgid(routable: MtRoutable, cid: ConnectorId) -> MsgId:
        return MsgId(reach.ids.of_submit(uid=routable.user.uid, source=routable.source, cid=cid))

    ports = MtPorts(
        store_away=frame.settings.dlr.store_away,
        site=reach.site,
        outlook=Outlook(is_bound=is_bound, pick=random.choice),
        queues=reach.queues,
        store=reach.store,
        quotas=reach.quotas,
        bills=frame.settings.http_api.billing_feature,
        scripts=reach.scripts,
        intercepts=reach.intercepts,
        note_intercepted=lambda: tally.count("interceptor_count"),
        monotonic=frame.clock.monotonic,
        new_msgid=new_msgid,
        local_now=frame.clock.local_now,
        new_bid=RandomIds(),
    )
    policy = send_policy(frame.settings)
    return Resources(
        send=Send(ports=ports, policy=policy, tally=tally),
        rate=Rate(ports=ports, policy=policy, tally=tally),
        balance=Balance(site=reach.site, quotas=reach.quotas, tally=tally),
        tally=tally,
        logins=LoginDelay(login_policy(frame.settings), frame.clock),
    )


def http_part(frame: Frame, resources: Resources, *, connectors: Connectors) -> Part:
    """Listens on [http-api] bind and port; `connectors` are for its page of metrics."""
    settings = frame.settings
    api = HttpApi(
        resources,
        metrics=Metrics(http=resources.tally.counts, connectors=connectors),
        policy=http_policy(settings),
        unix=frame.clock.unix,
        release=settings.jasmin_compat.release,
    )
    frame.sources.append(
        lambda: [
            Measured(prefix="httpapi", counts=resources.tally.counts),
            Measured(prefix="http", counts=api.server.counts),
            Measured(prefix="logins", counts=resources.logins.counts),
        ]
    )

    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        bind, port = settings.http_api.bind, settings.http_api.port
        tls = https(frame, settings.http_api, part="HTTPApi")
        try:
            listener = await listen(api.server, bind, port, tls=tls)
        except OSError as reason:
            raise CannotStart("HTTPApi", f"{bind}:{port}: {reason.strerror}") from reason
        started()
        try:
            await stop.wait()
        finally:
            await listener.close(settings.shutdown.drain_s)

    return Part("HTTPApi", run)
