"""The tool that recorded Jasmin's console, unchanged, against ours: what differs is in QUIRKS.

It types the 48 recorded sessions over TCP, with an SMSC of its own on the port the recording names;
tests/servers/jcli/test_commands.py has each difference word for word.
"""

import asyncio
import gzip
import itertools
import re
import socket
import sys
from pathlib import Path

import pytest

from tests.daemons.processes import ROOT, WITHIN_S, daemon
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

GOLDEN = ROOT / "compat_tests" / "golden"
SMSC_PORT = 27750
"""In the recorded lines."""
LOG_PATH = "//var/log/jasmin"
"""Of the recorded Jasmin; ours logs where the test says."""

DIFFERENCES = {
    "Q70": ["user-bad-regex-0[1]", "user-bad-regex-1[1]", "user-bad-regex-2[1]"],
    "Q71": ["user-cred-add[44]"],
    "Q72": ["user-update[8]"],
    "Q73": [
        *("smppccm-start-stop[16]", "smppccm-start-stop[17]", "smppccm-start-stop[18]"),
        *("smppccm-start-stop[27]", "smppccm-start-stop[33]"),
        *("smppccm-start-stop[34]", "stats[3]"),  # one connection fewer is counted
    ],
    "Q74": ["persist-load[2]", "persist-load[6]"],
    "Q75": ["persist-load[15]"],
}


# covers: JCLI-01 JCLI-05 JCLI-19 JCLI-20 JCLI-21 PERS-01
@pytest.mark.process
@pytest.mark.amqp
@pytest.mark.redis
@pytest.mark.timeout(300)
async def test_it_answers_as_recorded_but_for_what_quirks_names(
    tmp_path: Path, rabbitmq: RabbitMq, redis_server: Redis
) -> None:
    rabbitmq.add_vhosts("recorded")
    await until(_smsc_port_is_free, within_s=60)
    port = free_port()
    there = {
        "AMQP_BROKER_PORT": str(rabbitmq.port),
        "AMQP_BROKER_VHOST": "recorded",
        "REDIS_CLIENT_PORT": str(redis_server.port),
        "HTTP_API_PORT": str(free_port()),
        "JCLI_PORT": str(port),
    }
    reference, candidate = tmp_path / "reference", tmp_path / "candidate"
    reference.mkdir()
    candidate.mkdir()
    recorded = (GOLDEN / "jcli_transcripts.json.gz").read_bytes()
    (reference / "jcli_transcripts.json").write_bytes(gzip.decompress(recorded))
    options = ("--jcli-port", str(port), "--out", str(candidate))
    with daemon(tmp_path, "jasmind", **there) as running:
        await until(running.is_ready, within_s=WITHIN_S)
        said = await _tool("cap_jcli.py", *options)
        assert (candidate / "jcli_transcripts.json").exists(), said
        status, output = running.stop()
    assert status == 0, output
    _as_if_logged_where_jasmin_did(candidate / "jcli_transcripts.json", tmp_path)
    said = await _tool("compare.py", str(reference), str(candidate), "-v")
    assert "971 compared" in said
    found = re.findall(r"^   - (\S+)", said, re.MULTILINE)
    assert sorted(found) == sorted(itertools.chain.from_iterable(DIFFERENCES.values())), said


async def _tool(name: str, *arguments: str) -> str:
    """What it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(GOLDEN / "tools" / name), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return said.decode()


def _smsc_port_is_free() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", SMSC_PORT))
        except OSError:
            return False
    return True


def _as_if_logged_where_jasmin_did(transcripts: Path, log_path: Path) -> None:
    text = transcripts.read_text()
    transcripts.write_text(text.replace(f"{log_path}/default-", f"{LOG_PATH}/default-"))
