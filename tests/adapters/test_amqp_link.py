"""Connections to the broker: made, given up, made again, and what is said about it."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiormq
import pytest

from jasmin_compat.adapters.amqp_link import BrokerFailed, BrokerRefused, Link, Live, answered
from jasmin_compat.adapters.amqp_policy import AmqpCounts, AmqpPolicy
from jasmin_compat.ports import BrokerAway
from tests.services import RabbitMq, free_port
from tests.tcp_tap import tcp_tap
from tests.waiting import LONG_S, until

PEM = Path(__file__).parents[1] / "tls" / "localhost.pem"
"""A certificate of 127.0.0.1 and its key, signed by itself."""
QUICK = AmqpPolicy(connection_loss_retry_delay=0.01, connection_failure_retry_delay=0.01)


@dataclass
class User:
    """Remembers what it was told."""

    prepared: list[Live] = field(default_factory=list)
    fails: int = 0
    """How often preparing fails first."""
    blocked_by: list[str | None] = field(default_factory=list)

    async def prepare(self, live: Live) -> None:
        self.prepared.append(live)
        if len(self.prepared) <= self.fails:
            raise BrokerRefused(403, "ACCESS_REFUSED")

    def blocked(self, reason: str | None) -> None:
        self.blocked_by.append(reason)


@dataclass
class Running:
    link: Link
    user: User
    counts: AmqpCounts


@asynccontextmanager
async def running(policy: AmqpPolicy, *, fails: int = 0) -> AsyncIterator[Running]:
    user, counts = User(fails=fails), AmqpCounts()
    link = Link(policy, counts, user, purpose="testing", jitter=lambda: 0.5)
    async with asyncio.timeout(3 * LONG_S), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(link.run())
        yield Running(link, user, counts)
        task.cancel()


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == "jasmin-amqp-factory"]


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # as open_amqp_queues does
    caplog.set_level(logging.INFO, "jasmin-amqp-factory")


# covers: W-AMQP-01 W-AMQP-02
@pytest.mark.amqp
async def test_a_lost_connection_is_made_again(
    rabbitmq: RabbitMq, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        tcp_tap(rabbitmq.port) as tap,
        running(replace(QUICK, port=tap.port)) as up,
    ):
        first = await up.link.wait_up()
        assert up.counts.connected == 1
        tap.cut()
        await first.tap.lost
        await until(lambda: up.link.live is not first)
        second = await up.link.wait_up()
        assert second is not first
        assert up.user.prepared == [first, second]
        assert up.counts.reconnects == 1
    where = f"127.0.0.1:{tap.port}/ ... (testing)"
    assert said(caplog) == [
        f"Connecting to {where}",
        "The channel is open (testing)",
        "Connection lost. Reason: closed by the broker",
        "Reconnecting after 0.0 seconds ...",
        f"Connecting to {where}",
        "The channel is open (testing)",
    ]
    assert up.counts.connected == 0


@pytest.mark.amqp
async def test_the_broker_says_why_it_closes(
    rabbitmq: RabbitMq, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(replace(QUICK, port=rabbitmq.port)) as up:
        first = await up.link.wait_up()
        await asyncio.to_thread(rabbitmq.ctl, "close_all_connections", "enough for today")
        assert "enough for today" in await first.tap.lost
        await until(lambda: up.link.live is not None and up.link.live is not first)
    assert any("Connection lost. Reason: 320" in line for line in said(caplog))


# covers: W-CFG-14 W-AMQP-18
async def test_a_refused_connection_is_tried_again_later_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    policy = AmqpPolicy(port=free_port(), connection_failure_retry_delay=0.5)
    async with running(policy) as down:
        await until(lambda: down.counts.reconnects == 3)
    waits = [line for line in said(caplog) if line.startswith("Reconnecting")]
    assert waits[:3] == [f"Reconnecting after {s} seconds ..." for s in ("0.4", "0.5", "0.5")]
    assert any(line.startswith("Connection failed. Reason: ") for line in said(caplog))


@pytest.mark.parametrize("key", ["connection_failure_retry", "connection_loss_retry"])
@pytest.mark.amqp
async def test_the_policy_may_say_not_to_try_again(rabbitmq: RabbitMq, key: str) -> None:
    policy = replace(QUICK, **{key: False})
    user, counts = User(), AmqpCounts()
    async with asyncio.timeout(LONG_S), tcp_tap(rabbitmq.port) as tap:
        port = free_port() if key == "connection_failure_retry" else tap.port
        link = Link(replace(policy, port=port), counts, user, purpose="x", jitter=lambda: 0.5)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(ended(link))
            if key == "connection_loss_retry":
                await link.wait_up()
                tap.cut()
        assert isinstance(task.result(), BrokerAway)


async def ended(link: Link) -> Exception:
    try:
        await link.run()
    except BrokerAway as error:
        return error


# covers: W-AMQP-19 W-AMQP-17
@pytest.mark.amqp
async def test_a_wrong_password_is_said_without_saying_it(
    rabbitmq: RabbitMq, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    policy = replace(QUICK, port=rabbitmq.port, password="wrong-hunter2")
    async with running(policy) as down:
        await until(lambda: down.counts.reconnects == 1)
    assert any("ACCESS_REFUSED" in line for line in said(caplog))
    assert "hunter2" not in caplog.text


async def test_somebody_who_accepts_and_says_nothing_is_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    connected = asyncio.Event()
    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    policy = replace(QUICK, port=server.sockets[0].getsockname()[1], connect_timeout_s=0.05)
    async with running(policy) as down:
        await connected.wait()
        await until(lambda: down.counts.reconnects == 1)
    server.close()
    assert "Connection failed. Reason: no answer within 0.05 seconds" in said(caplog)


async def test_somebody_who_speaks_another_protocol_is_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    policy = replace(QUICK, port=server.sockets[0].getsockname()[1], connect_timeout_s=1)
    async with running(policy) as down:
        await until(lambda: down.counts.reconnects == 1)
    server.close()
    assert any(line.startswith("Connection failed.") for line in said(caplog))


# covers: W-AMQP-11
@pytest.mark.amqp
async def test_a_broker_that_vanished_is_noticed(
    rabbitmq: RabbitMq, caplog: pytest.LogCaptureFixture
) -> None:
    """The cable is pulled: nothing comes, and nobody says that the connection is gone."""
    async with (
        tcp_tap(rabbitmq.port) as tap,
        running(replace(QUICK, port=tap.port, heartbeat=1)) as up,
    ):
        first = await up.link.wait_up()
        tap.freeze()
        assert await first.tap.lost == "nothing heard for 2 seconds"
        tap.thaw()
        await until(lambda: up.link.live is not None and up.link.live is not first)


@pytest.mark.amqp
async def test_an_idle_connection_stays_up(rabbitmq: RabbitMq) -> None:
    async with running(replace(QUICK, port=rabbitmq.port, heartbeat=1)) as up:
        live = await up.link.wait_up()
        heard = live.tap.heard_at
        await until(lambda: live.tap.heard_at > heard + 2.5)
        assert up.link.live is live


@pytest.mark.amqp
async def test_a_connection_that_cannot_be_prepared_is_not_up(rabbitmq: RabbitMq) -> None:
    async with running(replace(QUICK, port=rabbitmq.port), fails=2) as up:
        live = await up.link.wait_up()
        assert up.user.prepared.index(live) == 2


@pytest.mark.amqp
async def test_any_virtual_host(rabbitmq: RabbitMq) -> None:
    """To a name the broker does not know it does not connect."""
    names = ("other", "with/slash", "/leading", "per%cent", "späce d")
    await asyncio.to_thread(rabbitmq.add_vhosts, *names)
    for vhost in names:
        async with running(replace(QUICK, port=rabbitmq.port, vhost=vhost)) as up:
            await up.link.wait_up()


@pytest.mark.amqp
async def test_a_virtual_host_that_does_not_exist(
    rabbitmq: RabbitMq, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(replace(QUICK, port=rabbitmq.port, vhost="nowhere")) as down:
        await until(lambda: down.counts.reconnects == 1)
    assert any("vhost nowhere not found" in line for line in said(caplog))


@pytest.mark.amqp
async def test_any_password(rabbitmq: RabbitMq) -> None:
    password = "p@ss/w:rd?#[]%späce d"
    await asyncio.to_thread(rabbitmq.add_user, "any", password)
    policy = replace(QUICK, port=rabbitmq.port, username="any", password=password)
    async with running(policy) as up:
        await up.link.wait_up()


# covers: W-AMQP-16
@pytest.mark.amqp
@pytest.mark.parametrize(
    ("tls", "works"),
    [
        ({"tls_ca": str(PEM)}, True),
        ({"tls_verify": False}, True),
        ({}, False),
    ],
    ids=["verified", "not verified", "unknown to the system"],
)
async def test_tls(
    rabbitmq: RabbitMq, tls: dict[str, object], works: bool, caplog: pytest.LogCaptureFixture
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(PEM)
    async with tcp_tap(rabbitmq.port, context=context) as tap:
        policy = replace(QUICK, port=tap.port, tls=True, **tls)  # type: ignore[arg-type]
        async with running(policy) as link:
            if works:
                live = await link.link.wait_up()
                channel = await live.open_channel()
                await live.close_channel(channel)
                assert bytes(tap.sent[:4]) == b"AMQP"
            else:
                await until(lambda: link.counts.reconnects > 0)
                assert "certificate verify failed" in caplog.text


@pytest.mark.amqp
async def test_an_answer_that_closes_the_channel_is_a_refusal(rabbitmq: RabbitMq) -> None:
    async with running(replace(QUICK, port=rabbitmq.port)) as up:
        live = await up.link.wait_up()
        channel = await live.open_channel()
        with pytest.raises(BrokerRefused) as refusal:
            await answered(channel.queue_declare("no such queue", passive=True), LONG_S)
        assert refusal.value.code == 404
        await live.close_channel(channel)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (aiormq.AMQPConnectionError("gone"), "gone"),
        (OSError("broken pipe"), "broken pipe"),
        (RuntimeError("<Connection amqp://guest@…> closed"), "closed meanwhile"),
        (asyncio.CancelledError(), "closed meanwhile"),
        (Exception(), "Exception"),
    ],
)
async def test_whatever_aiormq_raises_is_a_failure_of_the_broker(
    error: BaseException, text: str
) -> None:
    async def request() -> None:
        raise error

    with pytest.raises(BrokerFailed, match=text):
        await answered(request(), LONG_S)


async def test_a_cancellation_of_ours_is_not_swallowed_by_an_error_of_aiormqs() -> None:
    async def request() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise RuntimeError("closed") from None

    task = asyncio.get_running_loop().create_task(answered(request(), LONG_S))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
