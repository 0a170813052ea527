"""Connections to the broker: made, given up, made again, and what is said about it."""

import asyncio
import logging
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
OTHER_PEM = PEM.with_name("other.pem")
CLIENT_PEM = PEM.with_name("client.pem")
"""Signed by OTHER_PEM: RabbitMQ wants no client that signed its certificate itself."""
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
    reason = f"127.0.0.1:{policy.port}: no answer within 0.05 seconds"
    assert f"Connection failed. Reason: {reason}" in said(caplog)


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


# -- several hosts


LOCAL = "127.0.0.1"


@pytest.mark.amqp
async def test_of_several_hosts_each_has_its_turn(
    rabbitmq: RabbitMq, caplog: pytest.LogCaptureFixture
) -> None:
    """The one before is lost, or does not answer: after that at once."""
    dead = free_port()
    async with tcp_tap(rabbitmq.port) as one, tcp_tap(rabbitmq.port) as other:
        ports = (dead, one.port, other.port)
        policy = replace(
            QUICK, hosts=tuple((LOCAL, port) for port in ports), connection_failure_retry_delay=60
        )
        async with running(policy) as up:
            live = await up.link.wait_up()
            assert up.counts.connected_to == {f"{LOCAL}:{one.port}": 1}
            one.cut()
            await live.tap.lost
            await until(lambda: up.link.live is not None and up.link.live is not live)
            live = await up.link.wait_up()
            assert up.counts.connected_to == {f"{LOCAL}:{one.port}": 0, f"{LOCAL}:{other.port}": 1}
            other.cut()
            await live.tap.lost
            await until(lambda: up.link.live is not None and up.link.live is not live)
        assert (one.accepted, other.accepted) == (2, 1)
    assert up.counts.failed == {f"{LOCAL}:{dead}": 2}
    assert up.counts.reconnects == 4
    tried = [line.split()[2] for line in said(caplog) if line.startswith("Connecting")]
    assert tried == [f"{LOCAL}:{port}/" for port in (*ports, dead, one.port)]


async def test_it_pauses_when_all_hosts_have_failed(caplog: pytest.LogCaptureFixture) -> None:
    ports = (free_port(), free_port())
    policy = AmqpPolicy(
        hosts=tuple((LOCAL, port) for port in ports), connection_failure_retry_delay=0.3
    )
    async with running(policy) as down:
        await until(lambda: down.counts.reconnects >= 4)
    firsts = [line.split()[0] for line in said(caplog)]
    assert firsts[:6] == ["Connecting", "Connection", "Connecting", "Connection", *PAUSE]
    assert set(down.counts.failed) == {f"{LOCAL}:{port}" for port in ports}
    reasons = [line for line in said(caplog) if line.startswith("Connection failed.")]
    for port, reason in zip(ports, reasons, strict=False):
        assert reason.startswith(f"Connection failed. Reason: {LOCAL}:{port}: ")


PAUSE = ["Reconnecting", "Connecting"]


@pytest.mark.amqp
async def test_who_must_not_try_again_tries_each_host_once(rabbitmq: RabbitMq) -> None:
    """As tools do: one node that is down is no reason to give up."""
    hosts = ((LOCAL, free_port()), (LOCAL, rabbitmq.port))
    async with running(replace(QUICK, hosts=hosts, connection_failure_retry=False)) as up:
        await up.link.wait_up()
    link = Link(
        replace(QUICK, hosts=(hosts[0], (LOCAL, free_port())), connection_failure_retry=False),
        AmqpCounts(),
        User(),
        purpose="x",
        jitter=lambda: 0.5,
    )
    async with asyncio.timeout(LONG_S):
        assert isinstance(await ended(link), BrokerAway)


# -- name and password from files


@pytest.mark.amqp
async def test_a_password_that_is_replaced_counts_from_the_next_connection_on(
    rabbitmq: RabbitMq, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("before", "after"):
        await asyncio.to_thread(rabbitmq.add_user, name, f"hunter2-{name}")
    user, password = tmp_path / "user", tmp_path / "password"
    user.write_text("before\n")
    password.write_text("hunter2-before\n")
    async with tcp_tap(rabbitmq.port) as tap:
        policy = replace(QUICK, port=tap.port, username_file=str(user), password_file=str(password))
        async with running(policy) as up:
            first = await up.link.wait_up()
            assert first.connection.url.user == "before"
            password.unlink()
            tap.cut()
            await until(lambda: f"{password}: No such file" in "".join(said(caplog)))
            password.write_text("")
            await until(lambda: f"{password}: empty" in "".join(said(caplog)))
            password.write_text("hunter2-wrong")
            await until(lambda: "ACCESS_REFUSED" in "".join(said(caplog)))
            user.write_text("after")
            password.write_text("hunter2-after")
            second = await up.link.wait_up()
            assert second.connection.url.user == "after"
    assert "hunter2" not in caplog.text


# -- TLS


@dataclass(frozen=True)
class TlsPorts:
    """Of TLS listeners of a real RabbitMQ."""

    plain: int
    """Its certificate is PEM."""
    elsewhere: int
    """The same on 127.0.0.2, which is no name in the certificate."""
    mutual: int
    """It wants a certificate that OTHER_PEM signed."""


@pytest.fixture(scope="module")
def tls_ports(rabbitmq: RabbitMq) -> TlsPorts:
    return TlsPorts(
        rabbitmq.listen_tls(PEM),
        rabbitmq.listen_tls(PEM, host="127.0.0.2"),
        rabbitmq.listen_tls(PEM, ca=OTHER_PEM),
    )


TRUSTING: dict[str, object] = {"tls": True, "tls_ca": str(PEM)}
AS_CLIENT = {"tls_cert": str(CLIENT_PEM), "tls_key": str(CLIENT_PEM)}
AS_ONE = {"tls_cert": str(PEM), "tls_key": str(PEM)}


# covers: W-AMQP-16
@pytest.mark.amqp
@pytest.mark.parametrize(
    ("listener", "tls"),
    [
        ("plain", TRUSTING),
        ("plain", {"tls": True, "tls_verify": False}),
        ("elsewhere", {"tls": True, "tls_verify": False}),
        ("mutual", TRUSTING | AS_CLIENT),
    ],
    ids=["verified", "not verified", "wrong name, not verified", "client certificate"],
)
async def test_tls(
    rabbitmq: RabbitMq, tls_ports: TlsPorts, listener: str, tls: dict[str, object]
) -> None:
    host = "127.0.0.2" if listener == "elsewhere" else LOCAL
    policy = replace(QUICK, host=host, port=getattr(tls_ports, listener), **tls)  # type: ignore[arg-type]
    async with running(policy) as link:
        live = await link.link.wait_up()
        await live.close_channel(await live.open_channel())
        encrypted = await asyncio.to_thread(rabbitmq.ctl, "list_connections", "ssl", "ssl_protocol")
        assert "true\tTLSv1.3" in encrypted.replace("tlsv1.3", "TLSv1.3")


# covers: W-AMQP-16
@pytest.mark.amqp
@pytest.mark.parametrize(
    ("listener", "tls", "reason"),
    [
        ("plain", {"tls": True}, "certificate verify failed"),
        ("plain", {"tls": True, "tls_ca": str(OTHER_PEM)}, "certificate verify failed"),
        ("elsewhere", TRUSTING, "IP address mismatch"),
        ("mutual", TRUSTING, "Connection failed"),
        ("mutual", TRUSTING | AS_ONE, "Connection failed"),
        ("plain", {"tls": True, "tls_ca": __file__}, "tls_ca, tls_cert or tls_key: "),
    ],
    ids=[
        "unknown to the system",
        "wrong CA",
        "wrong name",
        "no client certificate",
        "wrong client certificate",
        "no certificates in the file",
    ],
)
async def test_who_cannot_prove_who_they_are_gets_no_connection(
    tls_ports: TlsPorts,
    listener: str,
    tls: dict[str, object],
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    host = "127.0.0.2" if listener == "elsewhere" else LOCAL
    policy = replace(QUICK, host=host, port=getattr(tls_ports, listener), **tls)  # type: ignore[arg-type]
    async with running(policy) as down:
        await until(lambda: down.counts.reconnects > 0)
        assert down.link.live is None
    assert reason in "\n".join(said(caplog))


@pytest.mark.amqp
async def test_a_broker_that_speaks_no_tls_is_given_up(rabbitmq: RabbitMq) -> None:
    policy = replace(QUICK, port=rabbitmq.port, tls=True, connect_timeout_s=0.5)
    async with running(policy) as down:
        await until(lambda: down.counts.reconnects > 0)
        assert down.link.live is None


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
