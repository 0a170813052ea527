"""Scripts in real processes: what they can do to a message, and what they cannot do to others."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from jasmin_compat.adapters.script_process import ProcessPolicy
from jasmin_compat.adapters.script_workers import (
    ScriptWorkers,
    ScriptWorkersPolicy,
    open_script_workers,
)
from jasmin_compat.gateway.charging import Left
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.interceptors import Statuses
from jasmin_compat.gateway.messages import MtRoutable
from jasmin_compat.ports import ScriptFailed, ScriptsAway
from jasmin_compat.smpp import tlvs
from jasmin_compat.smpp.pdus import Tlv
from tests import builders
from tests.builders import NOW
from tests.waiting import is_running, until

MESSAGE = builders.routable(
    parts=(
        builders.submit_sm(
            source_addr=b"ACME", destination_addr=b"15550001", short_message=b"hello"
        ),
    ),
    source_addr_is_null=False,
    tags=("5",),
)
QUICK = ScriptWorkersPolicy(workers=1, time_limit_s=0.5)


def opened(
    policy: ScriptWorkersPolicy, *, balance: float | None = None
) -> AbstractAsyncContextManager[ScriptWorkers]:
    left = Left(balance=balance, submit_sm_count=None)
    return open_script_workers(policy, left=lambda _user: left)


@pytest.fixture
async def workers() -> AsyncIterator[ScriptWorkers]:
    async with opened(ScriptWorkersPolicy()) as running:
        yield running


async def left_by(workers: ScriptWorkers, code: str, given: MtRoutable = MESSAGE) -> MtRoutable:
    left = await workers.intercept(code, given, at=NOW)
    assert isinstance(left, MtRoutable)
    return left


# covers: INT-01
async def test_a_script_that_does_nothing_changes_nothing(workers: ScriptWorkers) -> None:
    long = replace(
        MESSAGE,
        parts=tuple(
            builders.submit_sm(
                esm_class=0x40,
                short_message=b"\x05\x00\x03\x01\x02%c" % n + b"\xff" * 100,
                registered_delivery=n == 2,
                data_coding=8,
                tlvs=(Tlv(tlvs.MORE_MESSAGES_TO_SEND, bytes([n == 1])), Tlv(0x1401, b"\0\5")),
            )
            for n in (1, 2)
        ),
        source_addr_is_null=True,
        locks=frozenset(("service_type",)),
    )
    assert await left_by(workers, "pass", MESSAGE) == MESSAGE
    assert await left_by(workers, "pass", long) == long


# covers: INT-01 INT-06 INT-07 INT-13G
async def test_what_a_script_changes() -> None:
    code = """
from smpp.pdu.pdu_types import AddrTon, RegisteredDelivery, RegisteredDeliveryReceipt
params = routable.pdu.params
assert params['destination_addr'] == b'15550001' and params['short_message'] == b'hello'
assert params['source_addr_ton'] == AddrTon.UNKNOWN, params['source_addr_ton']
assert routable.hasTag(5) and routable.user.uid == 'full' and routable.user.group.gid == 'gmain'
assert routable.user.mt_credential.getQuota('balance') == 4.5
assert datetime.datetime(2020, 1, 1) < routable.datetime and hashlib.md5(b'').digest()
def change():
    params['destination_addr'] = b'4477'
    params['source_addr'] = 'TEXT'
    params['short_message'] = b'changed'
    params['source_addr_ton'] = AddrTon.ALPHANUMERIC
    params['registered_delivery'] = RegisteredDelivery(
        RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED)
    routable.addTag(9)
    routable.removeTag('5')
    routable.lockPduParam('source_addr_ton')
    routable.addCustomTlv(0x1401, 'Int2', 5)
change()
"""
    user = builders.user(mt=MtCredential(quotas=Quotas(balance=10.0)))
    async with opened(ScriptWorkersPolicy(), balance=4.5) as workers:
        left = await left_by(workers, code, replace(MESSAGE, user=user, source="smppsapi"))
    (part,) = left.parts
    assert (part.destination_addr, part.source_addr) == (b"4477", b"TEXT")
    assert (part.short_message, part.source_addr_ton) == (b"changed", 5)
    assert (part.registered_delivery, left.tags) == (1, ("9",))
    assert left.locks == {"source_addr_ton"}
    assert [(tlv.tag, tlv.value) for tlv in part.tlvs] == [(0x1401, b"\0\5")]
    assert (left.user, left.content) == (user, MESSAGE.content)


async def test_a_script_may_replace_the_routable(workers: ScriptWorkers) -> None:
    code = """
from jasmin.routing.Routables import RoutableSubmitSm
from jasmin.vendor.smpp.pdu.operations import SubmitSM
routable = RoutableSubmitSm(SubmitSM(destination_addr=b'1', short_message=b'x'), routable.user)
"""
    left = await left_by(workers, code)
    assert (left.parts[0].destination_addr, left.source_addr_is_null) == (b"1", True)
    assert left.tags == ()


async def test_the_parts_of_a_long_message_are_reachable(workers: ScriptWorkers) -> None:
    parts = (builders.submit_sm(), builders.submit_sm())
    code = "routable.pdu.nextPdu.params['short_message'] = b'second'"
    left = await left_by(workers, code, replace(MESSAGE, parts=parts))
    assert [part.short_message for part in left.parts] == [parts[0].short_message, b"second"]


# covers: INT-02 INT-03
@pytest.mark.parametrize(
    ("code", "http_status", "smpp_status"),
    [
        ("http_status = 404; smpp_status = 8", 404, 8),
        ("smpp_status = 8", 520, 8),
        ("http_status = 400", 400, 255),
        ("http_status = 'no'", None, 255),
        ("http_status = 'no'; smpp_status = 8", 520, 8),
        ("http_status = 200; smpp_status = 0", 200, 0),
    ],
)
async def test_statuses(
    workers: ScriptWorkers, code: str, http_status: int | None, smpp_status: int
) -> None:
    code += "; extra['message_id'] = b'abc'; extra['it'] = routable"
    expected = Statuses(
        http_status=http_status, smpp_status=smpp_status, extra={"message_id": "abc"}
    )
    assert await workers.intercept(code, MESSAGE, at=NOW) == expected


# covers: ROUTE-18
@pytest.mark.parametrize(
    ("code", "matches"),
    [
        ("result = routable.pdu.params['destination_addr'].startswith(b'1555')", True),
        ("result = False", False),
        ("pass", False),
        ("result = 1", False),
    ],
)
async def test_filters(workers: ScriptWorkers, code: str, matches: bool) -> None:
    assert await workers.evaluate(code, MESSAGE, at=NOW) is matches


# covers: INT-09 W-INT-01
@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("1 / 0", "division by zero"),
        ("this is no code", "invalid syntax"),
        ("import sys; sys.exit(3)", "3"),
        ("routable = None", "routable is None"),
        ("routable.pdu.params['esm_class'] = object()", "builtins|object"),
        ("routable.pdu.params['short_message'] = 5", "short_message: not octets"),
        ("routable.addTag(None)", "Non int or str tag"),
        ("routable.lockPduParam('nothing')", "Invalid locking param"),
        ("import os; os._exit(3)", "its process ended with status 3"),
        ("import os; os.kill(os.getpid(), 11)", "its process ended by signal 11"),
        ("import os; os.closerange(0, 100)", "its process ended with status"),
        (
            "import os\nfor fd in range(3, 9):\n try: os.write(fd, b'x' * 99)\n except OSError: 0",
            "it",
        ),
        ("extra.update(x='x' * (5 << 20)); http_status = 1", "are allowed"),
        ("x = []\nwhile True: x.append(' ' * 10_000_000)", "MemoryError"),
        ("x = 'x' * (1 << 40)", "MemoryError"),
        ("def f(): f()\nf()", "recursion"),
        ("import sys; sys.stdin.read(); raise ValueError('empty')", "empty"),
    ],
)
async def test_what_goes_wrong_is_the_messages_own(
    workers: ScriptWorkers, caplog: pytest.LogCaptureFixture, code: str, why: str
) -> None:
    with pytest.raises(ScriptFailed, match=why) as failed:
        await workers.intercept(code, MESSAGE, at=NOW)
    ends = "from:b'ACME', to:b'15550001'"
    assert caplog.messages[-1] == f"Executing script on routable ({ends}) returned: {failed.value}"
    assert await left_by(workers, "print('still here')") == MESSAGE


# covers: W-INT-03 W-HTTP-06
@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(99)",
        "while True: print('x' * 1000)",
        "import os\nwhile True: os.write(1, b'x' * 1000)",
        "import os, time\nos.closerange(3, 100)\nwhile True: os.fork() or time.sleep(99)",
    ],
)
async def test_a_script_that_hangs_is_ended(code: str) -> None:
    async with opened(QUICK) as workers:
        await left_by(workers, "pass")
        with pytest.raises(ScriptFailed, match=r"longer than 0\.5 s|closed the connection"):
            await workers.intercept(code, MESSAGE, at=NOW)
        assert workers.counts.killed == 1
        with pytest.raises(ScriptFailed, match=r"longer|closed"):
            await workers.evaluate(code, MESSAGE, at=NOW)
    assert workers.counts.workers == 0


async def test_what_a_script_starts_may_go_on_for_a_while() -> None:
    code = """
import subprocess
routable.addTag(subprocess.Popen(['sleep', '99']).pid)
"""
    async with opened(QUICK) as workers:
        left = await left_by(workers, code)
        child = left.tags[-1]
        assert is_running(child)
        assert await left_by(workers, "import subprocess; subprocess.run(['true'])") == MESSAGE
        await until(lambda: not is_running(child))
        assert workers.counts.workers == 1
        child = (await left_by(workers, code)).tags[-1]
    await until(lambda: not is_running(child))


async def test_of_many_that_leave_something_running_the_oldest_end() -> None:
    code = "import subprocess\nroutable.addTag(subprocess.Popen(['sleep', '99']).pid)"
    async with opened(replace(QUICK, time_limit_s=60.0)) as workers:
        first, second, third = [(await left_by(workers, code)).tags[-1] for _ in range(3)]
        await until(lambda: not is_running(first) and not is_running(second))
        assert is_running(third)
        assert workers.counts.workers == QUICK.workers == 1
    await until(lambda: not is_running(third))


async def test_a_child_that_goes_on_answers_nothing(workers: ScriptWorkers) -> None:
    code = "import os\nif os.fork(): os.wait()"
    assert await left_by(workers, code) == MESSAGE
    assert await left_by(workers, code) == MESSAGE


async def test_no_secret_of_ours_is_in_its_environment(
    workers: ScriptWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMQP_BROKER_PASSWORD", "secret")
    code = "import os\nassert 'secret' not in str(dict(os.environ)) and os.getcwd() == '/'"
    assert await left_by(workers, code) == MESSAGE
    fds = "import os\nassert len(os.listdir('/proc/self/fd')) <= 6, os.listdir('/proc/self/fd')"
    assert await left_by(workers, fds) == MESSAGE


async def test_more_than_may_wait_are_refused() -> None:
    policy = replace(QUICK, waiting=0)
    async with opened(policy) as workers:
        with pytest.raises(ScriptsAway, match="too many"):
            await workers.intercept("pass", MESSAGE, at=NOW)
        assert workers.counts.refused == 1


async def test_who_waits_too_long_is_refused() -> None:
    async with opened(replace(QUICK, wait_s=0.01)) as workers:
        await workers._free.acquire()
        with pytest.raises(ScriptsAway, match="free in time"):
            await workers.intercept("pass", MESSAGE, at=NOW)


async def test_each_script_is_sent_once(workers: ScriptWorkers) -> None:
    await left_by(workers, "pass")
    (worker,) = workers._idle
    assert len(worker._known) == 1
    await left_by(workers, "pass")
    assert (len(worker._known), workers.counts.run) == (1, 2)


# covers: INT-10
async def test_a_slow_script_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async with opened(ScriptWorkersPolicy(log_slow_script_s=0)) as workers:
        with caplog.at_level(logging.INFO, "jasmin-interceptor-pb"):
            await left_by(workers, "pass")
    assert caplog.messages == [
        "Running with a CommandId.submit_sm (from:b'ACME', to:b'15550001').",
        "Execution delay [0s] for script [pass].",
    ]


async def test_workers_end_with_the_gateway(workers: ScriptWorkers) -> None:
    await left_by(workers, "pass")
    pid = workers._idle[0].pid
    assert os.getpgid(pid) == pid
    await workers.close()
    await until(lambda: not is_running(pid))


async def test_one_that_died_while_idle_is_nobodys_loss(workers: ScriptWorkers) -> None:
    await left_by(workers, "pass")
    (process,) = workers._idle
    os.kill(process.pid, 9)
    await until(lambda: not process.is_alive())
    assert await left_by(workers, "pass") == MESSAGE
    assert (workers.counts.died, workers.counts.workers) == (0, 1)


async def test_a_sender_who_leaves_takes_the_script_along() -> None:
    async with opened(QUICK) as workers, asyncio.TaskGroup() as tasks:
        await left_by(workers, "pass")
        (process,) = workers._idle
        asks = tasks.create_task(workers.intercept("while True: pass", MESSAGE, at=NOW))
        await until(lambda: workers.counts.run == 2)
        asks.cancel()
        await until(lambda: not is_running(process.pid))
        assert await left_by(workers, "pass") == MESSAGE


# covers: INT-08
async def test_no_worker_can_be_started(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    policy = replace(QUICK, process=ProcessPolicy(environment=("PYTHONHOME",)))
    async with opened(policy) as workers:
        with pytest.raises(ScriptsAway, match="could be started: its process ended with status 1"):
            await workers.intercept("pass", MESSAGE, at=NOW)
    assert "Cannot start a script worker" in caplog.text


async def test_reports_are_what_an_http_request_wants(workers: ScriptWorkers) -> None:
    wanted = replace(MESSAGE, parts=(builders.submit_sm(registered_delivery=1),))
    code = "routable.pdu.params['registered_delivery'] = 0"
    left = await left_by(workers, code, wanted)
    assert left.parts[0].registered_delivery == 1
    left = await left_by(workers, code, replace(wanted, source="smppsapi"))
    assert left.parts[0].registered_delivery == 0


async def test_two_run_at_a_time(workers: ScriptWorkers, tmp_path: Path) -> None:
    code = "import os, time\nopen({0!r}, 'w').close()\n"
    code += "while not os.path.exists({1!r}): time.sleep(0.01)"
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(left_by(workers, code.format(one, two)))
        tasks.create_task(left_by(workers, code.format(two, one)))
    assert workers.counts.workers == 2


async def test_what_a_script_prints_is_logged(
    workers: ScriptWorkers, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "jasmin-interceptor-pb"):
        await left_by(workers, "print('seen', routable.user)")
    assert caplog.messages[-1] == r"Script printed: 'seen full\n'"
