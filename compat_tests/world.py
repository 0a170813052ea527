"""A gateway under test with everything it talks to."""

import contextlib
import shutil
import ssl
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
import redis.asyncio as aioredis

from compat_tests import sites
from compat_tests.peers import broker, http_client
from compat_tests.peers.http_client import Response
from compat_tests.peers.sink import Sink
from compat_tests.peers.smsc import Smsc
from compat_tests.peers.tap import Tap
from compat_tests.targets.external import External
from compat_tests.targets.gateway import Gateway, Target
from compat_tests.targets.site import User
from compat_tests.waiting import asked, eventually
from tests.services import RabbitMq, Redis


@dataclass(slots=True)
class World:
    """One running site. Scenarios keep apart by destination number and callback path."""

    gateway: Gateway | External
    smsc: Smsc
    sink: Sink
    tap: Tap
    store: aioredis.Redis
    amqp_url: str

    @property
    def processes(self) -> Gateway:
        """The gateway as something to stop and start; a scenario that does so needs our own."""
        if isinstance(self.gateway, External):
            pytest.skip("an external gateway is not ours to stop")
        return self.gateway

    @property
    def target(self) -> str:
        gateway = self.gateway
        return gateway.name if isinstance(gateway, External) else gateway.target.name

    async def http(self, octets: bytes) -> Response:
        return await http_client.exchange(self.gateway.host, self.gateway.http_port, octets)

    async def get(self, path: str, *arguments: tuple[str, str | bytes]) -> Response:
        return await self.http(http_client.get(path, list(arguments)))

    async def send(self, *, user: User = sites.ALICE, **arguments: str | bytes) -> Response:
        """GET /send; `dlr_url` is `dlr-url`, `from_` is `from`; content is `hello` if not said."""
        if "content" not in arguments and "hex_content" not in arguments:
            arguments["content"] = "hello"
        given = [(k.rstrip("_").replace("_", "-"), v) for k, v in arguments.items()]
        who: list[tuple[str, str | bytes]] = [
            ("username", user.username),
            ("password", user.password),
        ]
        return await self.get("/send", *who, *given)

    async def accepted(self, *, user: User = sites.ALICE, **arguments: str | bytes) -> str:
        """GET /send that must succeed; the message id."""
        return msgid_of(await self.send(user=user, **arguments))

    async def record(self, key: str) -> dict[str, str]:
        """Wait for a Redis hash."""
        return await asked(lambda: self.store.hgetall(key), f"record {key}")

    async def gone(self, key: str) -> None:
        """Wait until a Redis key is no more."""

        async def is_gone() -> bool:
            return not await self.store.exists(key)

        await asked(is_gone, f"end of {key}")

    async def grows_beyond(self, queue: str, count: int) -> None:
        """Wait until more messages than `count` lie in a queue."""

        async def has_grown() -> bool:
            return await broker.ready(self.amqp_url, queue) > count

        await asked(has_grown, f"message {count + 1} in {queue}")

    async def log_line(self, name: str, *parts: str) -> str:
        """Wait for a line of a log file that has all these parts."""

        def look() -> str:
            lines = self.gateway.log(name).splitlines()
            return next((line for line in lines if all(part in line for part in parts)), "")

        return await eventually(look, f"line with {parts} in {name}")


def msgid_of(response: Response) -> str:
    """The id in a Success; anything else fails."""
    assert response.status == 200, response.raw
    assert response.text.startswith('Success "'), response.raw
    return str(uuid.UUID(response.text[9:-1]))


@contextlib.asynccontextmanager
async def opened(
    name: str, target: Target, *, rabbitmq: RabbitMq, vhost: str
) -> AsyncIterator[World]:
    """A world of this site, from a running broker; everything is closed and removed after."""
    smsc, sink, tap, redis = Smsc(), Sink(), Tap(), Redis("--appendonly", "no")
    gateway = None
    try:
        await smsc.open(tls=self_signed() if name == "other" else None)
        await sink.open()
        redis.start()
        store = aioredis.Redis(port=redis.port, decode_responses=True)
        smsc.manners["nobind"].answers_bind = False
        site = sites.SITES[name](smsc.port)
        gateway = Gateway(target, site, amqp=(rabbitmq.port, vhost), redis=redis.port)
        await eventually(lambda: gateway.start() or True, "start", within_s=120)
        await tap.open("127.0.0.1", rabbitmq.port, vhost)
        url = f"{rabbitmq.url}{quote(vhost, safe='')}"
        submits = [f"submit.sm.{site.default_route}"] if site.default_route else []
        await broker.until_consumed(url, [*submits, "DLRLookup-main", "dlr_thrower"])
        if site.default_route is not None:
            await smsc.is_bound(site.default_route)
        yield World(gateway, smsc, sink, tap, store, url)
        await store.aclose()
    finally:
        if gateway is not None:
            await eventually(lambda: gateway.stop() or True, "stop", within_s=60)
            shutil.rmtree(gateway.folder, ignore_errors=True)
        await tap.close()
        await sink.close()
        await smsc.close()
        redis.close()


@contextlib.asynccontextmanager
async def opened_external(target: External) -> AsyncIterator[World]:
    """Peers around a gateway that runs already."""
    smsc, sink, tap = Smsc(), Sink(), Tap()
    await smsc.open(target.smsc_port)
    await sink.open()
    target.configure(sites.main(target.smsc_port))
    store = aioredis.Redis.from_url(target.redis_url, decode_responses=True)
    try:
        await tap.open(target.amqp.hostname or "", target.amqp.port or 5672, target.amqp.path[1:])
        await smsc.is_bound("con1", within_s=60)
        yield World(target, smsc, sink, tap, store, target.amqp_url)
    finally:
        await store.aclose()
        await tap.close()
        await sink.close()
        await smsc.close()


def self_signed() -> ssl.SSLContext:
    """A server context with a certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="jc-compat-tls-") as folder:
        key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                *("-subj", "/CN=smsc", "-keyout", key, "-out", certificate),
            ],
            check=True,
            capture_output=True,
        )
        context.load_cert_chain(certificate, key)
    return context
