"""The tool that recorded Jasmin's HTTP API, unchanged, against ours: what differs is in QUIRKS.

It makes the 478 recorded requests over TCP, and keeps what its SMSC is sent.
"""

import itertools
from pathlib import Path

import pytest

from compat_tests import http_tool
from tests.daemons.processes import WITHIN_S, daemon
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

DIFFERENCES = {
    "Q22": ["http-113", "http-178", "http-179", "http-193", "http-194"],
    "Q23": ["http-199"],
    "Q89": [
        *("http-038", "http-176", "http-374", "http-375", "http-378"),
        "http-478",  # /metrics has counted them as errors of routing: its length differs
    ],
    "Q98": ["http-128", "http-130"],
    "Q100": ["http-123", "http-126", "http-127"],
}
"""Where we go another way, by the line of QUIRKS.md that says why."""

BY_TIME = {"http-458", "http-459"}
"""The tool does not wait for the submit_sm of the one: it is kept with it, or with the other."""


# covers: HTTP-01 HTTP-02 HTTP-03 HTTP-12 HTTP-28 HTTP-37 HTTP-38 HTTP-39 HTTP-40 CRED-01 BILL-01
@pytest.mark.process
@pytest.mark.amqp
@pytest.mark.redis
@pytest.mark.timeout(300)
async def test_it_answers_and_sends_as_recorded_but_for_what_quirks_names(
    tmp_path: Path, rabbitmq: RabbitMq, redis_server: Redis
) -> None:
    rabbitmq.add_vhosts("http-recorded")
    http, console = free_port(), free_port()
    there = {
        "AMQP_BROKER_PORT": str(rabbitmq.port),
        "AMQP_BROKER_VHOST": "http-recorded",
        "REDIS_CLIENT_PORT": str(redis_server.port),
        "HTTP_API_PORT": str(http),
        "JCLI_PORT": str(console),
    }
    with daemon(tmp_path, "jasmind", **there) as running:
        await until(running.is_ready, within_s=WITHIN_S)

        found = await http_tool.differences(http, console, tmp_path)

        status, output = running.stop()
    assert status == 0, output
    named = set(itertools.chain.from_iterable(DIFFERENCES.values()))
    unnamed = [d for d in found if d.number not in named | BY_TIME]
    assert unnamed == []
    assert named <= {d.number for d in found}
