"""The part that is the telnet console."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial

from jasmin_compat.adapters.scripts import ScriptSources
from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.daemons.parts import Part
from jasmin_compat.daemons.policies import (
    connector_defaults,
    console_policy,
    script_policy,
    tries_policy,
)
from jasmin_compat.gateway.users import UserId
from jasmin_compat.servers.jcli.commands import commands
from jasmin_compat.servers.jcli.console import MainDialogue
from jasmin_compat.servers.jcli.counted import Stats
from jasmin_compat.servers.jcli.login import Admin
from jasmin_compat.servers.jcli.office import Administration, Office
from jasmin_compat.servers.jcli.server import Console, console_server
from jasmin_compat.servers.measures import Measured


def jcli_part(frame: Frame, *, admin: Administration, stats: Stats) -> Part:
    """Listens on [jcli] bind and port."""
    settings = frame.settings.jcli
    sources = ScriptSources(script_policy(frame.settings), monotonic=frame.clock.monotonic)
    office = Office(
        admin=admin,
        stats=stats,
        read_file=sources.read_file,
        read_script=sources.read_script,
        unbind=_unbind,
        default_log_file=lambda cid: f"{frame.read.paths.log}/default-{cid}.log",
        new_connector=connector_defaults(frame.settings.smpp_client),
    )
    me = Admin(
        username=settings.admin_username, password_md5=bytes.fromhex(settings.admin_password)
    )
    console = Console(
        admin=me if settings.authentication else None,
        open_dialogue=partial(MainDialogue, commands(office)),
        clock=frame.clock,
        release=frame.settings.jasmin_compat.release,
        policy=console_policy(frame.settings),
        tries=tries_policy(frame.settings),
    )

    async def run(stop: asyncio.Event, started: Callable[[], None]) -> None:
        async with AsyncExitStack() as opened:
            try:
                served = await opened.enter_async_context(
                    console_server(console, bind=settings.bind, port=settings.port)
                )
            except OSError as reason:
                where = f"{settings.bind}:{settings.port}"
                raise CannotStart("jCli", f"{where}: {reason.strerror}") from reason
            frame.sources.append(lambda: [Measured(prefix="jcli", counts=served.counts)])
            started()
            await stop.wait()

    return Part("jCli", run)


async def _unbind(_uid: UserId) -> None:
    """Nobody can be bound: there is no SMPP server yet."""
