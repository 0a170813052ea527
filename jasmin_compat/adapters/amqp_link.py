"""A connection to the broker that is made again whenever it is lost."""

import asyncio
import itertools
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol, TypeVar

import aiormq
from aiormq.abc import AbstractChannel
from yarl import URL

from jasmin_compat.adapters.amqp_policy import AmqpCounts, AmqpPolicy
from jasmin_compat.adapters.amqp_transport import Tap
from jasmin_compat.adapters.secret_files import SecretUnreadable, read_secret
from jasmin_compat.ports import BrokerAway

log = logging.getLogger("jasmin-amqp-factory")

T = TypeVar("T")

_FIRST_RETRY_S = 0.2
_CLOSE_S = 3.0


class BrokerFailed(Exception):
    """The connection, or the way to the broker, failed or was too slow."""


class BrokerRefused(Exception):
    """The broker answered a request by closing the channel; the text is the broker's."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


_CODES = {
    aiormq.ChannelAccessRefused: 403,
    aiormq.ChannelNotFoundEntity: 404,
    aiormq.ChannelLockedResource: 405,
    aiormq.ChannelPreconditionFailed: 406,
}


async def answered(request: Awaitable[T], timeout_s: float) -> T:
    """The broker's answer to a request of aiormq.

    Raises:
        BrokerRefused: the channel was closed instead.
        BrokerFailed: anything else went wrong.
    """
    task = asyncio.current_task()
    assert task is not None
    cancels = task.cancelling()
    try:
        async with asyncio.timeout(timeout_s):
            answer = await request
    except (Exception, asyncio.CancelledError) as error:
        # aiormq rejects what waits with whatever closed it: a bare Exception, or a CancelledError
        # that nobody meant for us; and turns one that was meant for us into something else.
        if task.cancelling() > cancels:
            raise asyncio.CancelledError from error
        raise _translated(error, timeout_s) from error
    if task.cancelling() > cancels:  # or swallows it
        raise asyncio.CancelledError
    return answer


def _translated(error: BaseException, timeout_s: float) -> BrokerRefused | BrokerFailed:
    match error:
        case aiormq.ChannelClosed():
            return BrokerRefused(_CODES.get(type(error), 0), str(error))
        case TimeoutError():
            return BrokerFailed(f"no answer within {timeout_s} seconds")
        case asyncio.CancelledError() | RuntimeError():
            return BrokerFailed("closed meanwhile")
        case _:
            return BrokerFailed(str(error) or type(error).__name__)


def why_closed(closed: "asyncio.Future[None]") -> str:
    """What ended a channel, from its `closing`."""
    error = None if closed.cancelled() else closed.exception()
    return f"closed: {error}" if error else "closed"


@dataclass(frozen=True, slots=True)
class Live:
    """A connection that is up, or was."""

    connection: aiormq.Connection
    tap: Tap
    timeout_s: float
    """For each answer."""

    @property
    def frame_max(self) -> int:
        return int(self.connection.connection_tune.frame_max)

    @property
    def broker_version(self) -> str:
        return str(self.connection.server_properties.get("version", ""))

    async def open_channel(
        self, number: int | None = None, *, confirms: bool = False
    ) -> AbstractChannel:
        """Raises BrokerRefused, BrokerFailed."""
        opening = self.connection.channel(number, publisher_confirms=confirms)
        return await answered(opening, self.timeout_s)

    async def close_channel(self, channel: AbstractChannel) -> None:
        """Raises BrokerRefused, BrokerFailed."""
        self.tap.flush()  # what was settled, before the channel goes
        if not channel.is_closed:
            await answered(channel.close(), self.timeout_s)


class LinkUser(Protocol):
    """Whom a link serves."""

    async def prepare(self, live: Live) -> None:
        """Called on each new connection before anybody else gets it.

        May raise BrokerRefused, BrokerFailed.
        """
        ...

    def blocked(self, reason: str | None) -> None:
        """connection.blocked with its reason, or None: connection.unblocked."""
        ...


class Link:
    """One connection, up or down; `run` keeps it up."""

    def __init__(
        self,
        policy: AmqpPolicy,
        counts: AmqpCounts,
        user: LinkUser,
        *,
        purpose: str,
        jitter: Callable[[], float],
    ) -> None:
        self._live: Live | None = None
        self._policy = policy
        self._counts = counts
        self._user = user
        self._purpose = purpose
        self._jitter = jitter
        self._up = asyncio.Event()

    @property
    def live(self) -> Live | None:
        """The connection, while it is up."""
        if self._live is None or self._live.tap.lost.done():
            return None
        return self._live

    async def wait_up(self) -> Live:
        while (live := self.live) is None:
            self._up.clear()
            await self._up.wait()
        return live

    async def run(self) -> NoReturn:
        """Raises:
        BrokerAway: the connection failed or was lost, and the policy says not to try again.
        """
        attempt = failed = 0
        for host, port in itertools.cycle(self._policy.addresses()):
            where = f"{host}:{port}"
            began = asyncio.get_running_loop().time()
            try:
                reason = await self._one_connection(host, port)
            except (BrokerFailed, BrokerRefused) as error:
                reason = f"{where}: {error}"
                log.error("Connection failed. Reason: %s", reason)  # noqa: TRY400 - an outage
                self._counts.failed[where] += 1
                failed += 1
                if failed % len(self._policy.addresses()):
                    self._counts.reconnects += 1
                    continue  # to the next host at once
                again = self._policy.connection_failure_retry
                longest_s = self._policy.connection_failure_retry_delay
            else:
                log.error("Connection lost. Reason: %s", reason)
                failed = 0
                again = self._policy.connection_loss_retry
                longest_s = self._policy.connection_loss_retry_delay
            if not again:
                raise BrokerAway(reason)
            lasted_s = asyncio.get_running_loop().time() - began
            attempt = 0 if lasted_s > longest_s else attempt + 1
            await self._pause(attempt, longest_s)
        raise AssertionError("the cycle has no end")

    async def _pause(self, attempt: int, longest_s: float) -> None:
        """Twice as long each time, and not at the same moment as everybody else."""
        wait_s = min(longest_s, _FIRST_RETRY_S * 2 ** min(attempt, 20))
        wait_s *= 0.75 + 0.5 * self._jitter()
        log.info("Reconnecting after %.1f seconds ...", wait_s)
        await asyncio.sleep(wait_s)
        self._counts.reconnects += 1

    async def _one_connection(self, host: str, port: int) -> str:
        """From connecting to the loss, whose reason is returned.

        Raises BrokerRefused, BrokerFailed: it never was up.
        """
        policy = self._policy
        vhost = "/" + policy.vhost.lstrip("/")
        log.info("Connecting to %s:%d%s ... (%s)", host, port, vhost, self._purpose)
        tap = Tap(on_blocked=self._user.blocked)
        connection = aiormq.Connection(
            self._url(host, port), context=_ssl_context(policy), transport_factory=tap
        )
        try:
            await self._connect(connection, tap)
            live = Live(connection, tap, policy.rpc_timeout_s)
            await self._user.prepare(live)
            self._live = live
            self._up.set()
            self._count_up(f"{host}:{port}", 1)
            log.info("The channel is open (%s)", self._purpose)
            return await self._until_lost(tap)
        finally:
            if self._live is not None:
                self._count_up(f"{host}:{port}", -1)
            self._live = None
            tap.flush()
            await _close(connection, tap)

    def _count_up(self, where: str, change: int) -> None:
        self._counts.connected += change
        self._counts.connected_to[where] += change

    async def _connect(self, connection: aiormq.Connection, tap: Tap) -> None:
        """Raises BrokerRefused, BrokerFailed."""
        try:
            await answered(connection.connect(), self._policy.connect_timeout_s)
        except BrokerFailed as error:
            raise BrokerFailed(tap.close_reason or str(error)) from error

    async def _until_lost(self, tap: Tap) -> str:
        """The reason; a broker that has been silent for two heartbeats counts as lost."""
        loop = asyncio.get_running_loop()
        silence_s = 2 * self._policy.heartbeat
        while not tap.lost.done():
            await asyncio.wait([tap.lost], timeout=silence_s / 4 or None)
            if silence_s and loop.time() - tap.heard_at > silence_s:
                tap.abort(f"nothing heard for {silence_s} seconds")
        return tap.lost.result()

    def _url(self, host: str, port: int) -> URL:
        """Raises BrokerFailed: a secret cannot be read."""
        policy = self._policy
        try:
            user = read_secret(policy.username_file) if policy.username_file else policy.username
            password = (
                read_secret(policy.password_file) if policy.password_file else policy.password
            )
        except SecretUnreadable as error:
            raise BrokerFailed(str(error)) from error
        return URL.build(
            scheme="amqps" if policy.tls else "amqp",
            user=user,
            password=password,
            host=host,
            port=port,
            path="/" if policy.vhost == "/" else f"/{policy.vhost}",
            query={
                "heartbeat": str(policy.heartbeat),
                "name": f"{policy.connection_name} {self._purpose}",
            },
        )


async def _close(connection: aiormq.Connection, tap: Tap) -> None:
    """Say goodbye if the broker still listens; in any case the socket is closed afterwards."""
    try:
        await answered(connection.close(), _CLOSE_S)
    except (BrokerFailed, BrokerRefused) as error:
        log.debug("closing a connection: %s", error)
    finally:
        tap.abort("closed by us")


def _ssl_context(policy: AmqpPolicy) -> ssl.SSLContext | None:
    """Raises BrokerFailed: a file of it cannot be used (now: they may be replaced)."""
    if not policy.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=policy.tls_ca)
        if policy.tls_cert is not None:
            # A key that wants a password: none, instead of asking for it at the terminal.
            context.load_cert_chain(policy.tls_cert, policy.tls_key, password="")
    except OSError as error:  # ssl.SSLError is one
        raise BrokerFailed(f"tls_ca, tls_cert or tls_key: {error}") from error
    if not policy.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
