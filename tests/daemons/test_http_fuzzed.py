"""Broken and odd HTTP against jasmind for a few seconds; compat_tests/fuzz_http has the hour."""

import asyncio
from pathlib import Path

import pytest

from compat_tests import fuzz_http
from compat_tests.peers.smsc import Smsc
from tests.daemons.processes import WITHIN_S, daemon
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

SEED = 4
FOR_S = 8.0


# covers: W-HTTP-10
@pytest.mark.process
@pytest.mark.amqp
@pytest.mark.redis
async def test_nothing_breaks_it_and_it_answers_ping_afterwards(
    tmp_path: Path, rabbitmq: RabbitMq, redis_server: Redis
) -> None:
    rabbitmq.add_vhosts("fuzzed")
    http, console, smsc = free_port(), free_port(), Smsc()
    time_s = str(fuzz_http.CLIENT_TIME_S)
    there = {
        "AMQP_BROKER_PORT": str(rabbitmq.port),
        "AMQP_BROKER_VHOST": "fuzzed",
        "REDIS_CLIENT_PORT": str(redis_server.port),
        "HTTP_API_PORT": str(http),
        "HTTP_API_REQUEST_TIMEOUT_S": time_s,
        "HTTP_API_KEEP_ALIVE_S": time_s,
        "JCLI_PORT": str(console),
    }
    await smsc.open()
    try:
        with daemon(tmp_path, "jasmind", **there) as running:
            await until(running.is_ready, within_s=WITHIN_S)
            await fuzz_http.configured(console, smsc)
            findings = fuzz_http.Findings(tmp_path / "found", SEED)
            place = fuzz_http.Place(http, running.process.pid, (tmp_path,))
            fuzzer = fuzz_http.Fuzzer(place, findings, minutes=FOR_S / 60)

            await fuzzer.run()

            status, output = await asyncio.to_thread(running.stop)
    finally:
        await smsc.close()
    fuzzer.convict()
    assert findings.known == {}
    assert fuzzer.made > 100
    assert fuzzer.statuses[200] > 0
    assert (status, fuzz_http.TRACEBACK in output) == (0, False)
