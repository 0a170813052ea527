"""jasmind: HTTP API, connectors, console; REST API, lookups and callbacks too, if asked for."""

import argparse
from contextlib import AsyncExitStack
from dataclasses import dataclass

from jasmin_compat.adapters.script_workers import open_script_workers
from jasmin_compat.daemons.connectors_part import (
    BoundConnector,
    Reach,
    connectors_part,
    counted,
    make_fleet,
)
from jasmin_compat.daemons.console_stats import CountedStats
from jasmin_compat.daemons.dlr_parts import lookup_part, thrower_part
from jasmin_compat.daemons.frame import (
    EXIT_SETTINGS,
    JASMIND,
    Frame,
    Work,
    read_or_tell,
    run_daemon,
)
from jasmin_compat.daemons.http_part import http_part, make_resources
from jasmin_compat.daemons.jasmin_options import add_options
from jasmin_compat.daemons.jcli_part import jcli_part
from jasmin_compat.daemons.lookups import lookup_pid
from jasmin_compat.daemons.outside import open_calls, open_queues, open_store
from jasmin_compat.daemons.parts import Part, run_parts
from jasmin_compat.daemons.policies import script_workers_policy
from jasmin_compat.daemons.profiles import open_profiles
from jasmin_compat.daemons.rest_part import RestReach, rest_part
from jasmin_compat.daemons.router_part import router_part
from jasmin_compat.daemons.site_state import State, open_state
from jasmin_compat.flows.admin import Administration, AdminPorts
from jasmin_compat.flows.fleet import Fleet
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.ports import Profiles, Queues, Store
from jasmin_compat.runtime.ids import MsgIds, msgid_plugin
from jasmin_compat.servers.http.counts import HttpTally
from jasmin_compat.servers.measures import Measured
from jasmin_compat.smpp_io.client import ConnectorCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Which parts run in this process."""

    http: bool = True
    console: bool = True
    lookup: bool = False
    thrower: bool = False
    interceptors: bool = False
    """Where they are not run, a message one is for is refused, as Jasmin does."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_options(parser, "jasmind")


def run(args: argparse.Namespace) -> int:
    read = read_or_tell(JASMIND, args)
    if read is None:
        return EXIT_SETTINGS
    roles = Roles(
        http=not args.disable_http_api,
        console=not args.disable_jcli,
        lookup=args.enable_dlr_lookup,
        thrower=args.enable_dlr_thrower,
        interceptors=args.enable_interceptor_client,
    )
    unbuilt = {
        "enable_deliver_thrower": "MO messages stay in RouterPB_deliver_sm_all",
    }
    missing = [text for option, text in unbuilt.items() if getattr(args, option)]
    return run_daemon(JASMIND, read, work(roles, missing))


def work(roles: Roles, missing: list[str]) -> Work:
    """Over RabbitMQ and Redis."""

    async def over_broker(frame: Frame) -> None:
        for text in missing:
            frame.say.warning(f"Not there yet: {text}.")
        profiles = open_profiles(frame.read, clock=frame.clock)
        async with (
            open_state(frame, profiles) as state,
            open_store(frame) as store,
            open_queues(frame, name="jasmind") as queues,
        ):
            await run_gateway(frame, roles, Outside(state, queues, store, profiles))

    return over_broker


@dataclass(frozen=True, slots=True)
class Outside:
    """What a gateway reaches."""

    state: State
    queues: Queues
    store: Store
    profiles: Profiles


async def run_gateway(frame: Frame, roles: Roles, outside: Outside) -> None:
    """Every part of a gateway that `roles` names, until the stop."""
    current, quotas = outside.state.current, outside.state.quotas
    queues, store = outside.queues, outside.store
    ids = MsgIds(msgid_plugin())
    async with AsyncExitStack() as opened:
        parts = [router_part(frame, queues=queues, site=current, quotas=quotas)]
        calls = await opened.enter_async_context(open_calls(frame))
        scripts = await opened.enter_async_context(
            open_script_workers(script_workers_policy(frame.settings), left=quotas.left)
        )
        frame.sources.append(lambda: [Measured(prefix="scripts", counts=scripts.counts)])
        if roles.thrower:
            parts.append(thrower_part(frame, queues=queues, calls=calls))
        if roles.lookup:
            parts.append(lookup_part(frame, queues=queues, store=store))
        reach = Reach(
            site=current,
            queues=queues,
            store=store,
            quotas=quotas,
            scripts=scripts,
            intercepts=roles.interceptors,
            ids=ids,
            lookup_pid=lookup_pid(frame.read, is_here=roles.lookup),
        )
        fleet = make_fleet(frame, reach)
        parts.append(connectors_part(fleet, reach))
        resources = make_resources(
            frame, reach, is_bound=lambda cid: fleet.status(cid).session.startswith("BOUND_")
        )
        if roles.http:
            parts.append(http_part(frame, resources, connectors=lambda: counted(fleet, reach)))
        if frame.settings.rest_api.port:
            shared = RestReach(http=resources, reach=reach, calls=calls)
            parts.append(rest_part(frame, shared))
        tally = resources.tally if roles.http else None
        if roles.console:
            parts.append(_console(frame, outside, (reach, fleet, tally)))
        await run_parts(frame, parts)


def _console(
    frame: Frame, outside: Outside, parts: tuple[Reach, Fleet[BoundConnector], HttpTally | None]
) -> Part:
    """The console over the parts that do what it says and count what it shows."""
    reach, fleet, tally = parts

    def running(cid: ConnectorId) -> ConnectorCounts | None:
        connector = fleet.running_as(cid)
        return connector.counted() if connector is not None else None

    stats = CountedStats(reach, http=tally, running=running, unix=frame.clock.unix)
    admin = Administration(
        outside.state.current,
        AdminPorts(
            store=outside.state.store,
            profiles=outside.profiles,
            connectors=fleet,
            quotas=outside.state.quotas,
        ),
        follow=stats.follow,
    )
    return jcli_part(frame, admin=admin, stats=stats)
