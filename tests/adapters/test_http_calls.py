"""Callbacks made for real, against a receiver that records octets (contract/dlr.md §6)."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable

import pytest

from jasmin_compat.adapters.http_calls import CallsPolicy, HttpCallsByAiohttp
from jasmin_compat.gateway.callback_addresses import AddressRules, read_rules
from jasmin_compat.gateway.callbacks import HttpCall, HttpReply, dlr_call
from jasmin_compat.ports import CallDenied, CallFailed, CallNotMade, ReceiverSilent
from tests import builders
from tests.http_sink import Answer, Received, Sink, sink
from tests.services import free_port
from tests.waiting import until

JASMINS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "text/plain",
    "User-Agent": "Jasmin gateway/1.0 DLRThrower",
    "Accept-Encoding": "gzip",
}


def get(url: str, timeout_s: float = 10.0) -> HttpCall:
    return dlr_call(builders.http_dlr(method="GET", url=url), timeout_s=timeout_s)


def post(url: str, timeout_s: float = 10.0) -> HttpCall:
    return dlr_call(builders.http_dlr(method="POST", url=url), timeout_s=timeout_s)


@pytest.fixture
async def calls() -> AsyncIterator[HttpCallsByAiohttp]:
    made = HttpCallsByAiohttp()
    yield made
    await made.close()


# covers: DLR-04 DLR-19
async def test_the_header_set_is_jasmins(calls: HttpCallsByAiohttp) -> None:
    async with sink() as receiver:
        assert await calls.call(get(receiver.url("/g?keep=me"))) == HttpReply(200, "ACK/Jasmin")
        await calls.call(post(receiver.url("/p")))
    host = {"Host": f"127.0.0.1:{receiver.port}"}
    first, second = receiver.received
    assert dict(first.headers) == JASMINS | host
    assert first.body == b""
    assert dict(second.headers) == JASMINS | host | {"Content-Length": str(len(second.body))}
    assert second.target == "/p"


async def test_an_encoded_url_is_sent_as_it_is(calls: HttpCallsByAiohttp) -> None:
    async with sink() as receiver:
        await calls.call(get(receiver.url("/a%2Fb/%7e?x=%zz+y&z=a;b")))
    assert receiver.received[0].target.startswith("/a%2Fb/%7e?x=%zz+y&z=a;b&id=")


# covers: W-MO-14
async def test_a_connection_is_kept_for_the_next_call(calls: HttpCallsByAiohttp) -> None:
    async with sink() as receiver:
        for _ in range(3):
            await calls.call(post(receiver.url("/")))
    assert receiver.connections == 1
    assert (calls.counts.replied, calls.counts.open) == (3, 0)


@pytest.mark.parametrize("make", [get, post])
async def test_a_kept_connection_that_was_closed_costs_no_attempt(
    calls: HttpCallsByAiohttp, make: Callable[[str], HttpCall]
) -> None:
    async with sink(lambda _: Answer(close=True)) as receiver:
        for _ in range(3):
            assert await calls.call(make(receiver.url("/"))) == HttpReply(200, "ACK/Jasmin")
    assert (len(receiver.received), calls.counts.failed) == (3, 0)


@pytest.mark.parametrize("make", [get, post])
async def test_a_receiver_that_drops_the_connection_is_called_once(
    calls: HttpCallsByAiohttp, make: Callable[[str], HttpCall]
) -> None:
    async with sink(lambda _: Answer(drop=True)) as receiver:
        with pytest.raises(CallFailed, match="ServerDisconnectedError"):
            await calls.call(make(receiver.url("/")))
    assert (len(receiver.received), calls.counts.failed) == (1, 1)


@pytest.mark.parametrize("make", [get, post])
async def test_a_kept_connection_closed_without_an_answer_costs_one_more_request(
    calls: HttpCallsByAiohttp, make: Callable[[str], HttpCall]
) -> None:
    """Whatever else is kept: the second request has a connection of its own."""
    release, drops = asyncio.Event(), False

    def answer(_: Received) -> Answer:
        return Answer(drop=True) if drops else Answer(release=release)

    async with sink(answer) as receiver:
        async with asyncio.TaskGroup() as tasks:
            for number in range(5):
                tasks.create_task(calls.call(make(receiver.url("/"))), name=f"call {number}")
            await until(lambda: len(receiver.received) == 5)
            release.set()
        drops = True
        with pytest.raises(CallFailed, match="ServerDisconnectedError"):
            await calls.call(make(receiver.url("/")))
    assert (len(receiver.received), receiver.connections) == (5 + 2, 5 + 1)
    assert (calls.counts.failed, calls.counts.repeated) == (1, 1)


@pytest.mark.parametrize("make", [get, post])
async def test_a_request_made_once_more_is_answered_on_a_connection_of_its_own(
    calls: HttpCallsByAiohttp, make: Callable[[str], HttpCall]
) -> None:
    """Three in turn: answered and kept, dropped, answered."""
    answers = iter((Answer(), Answer(drop=True), Answer()))
    async with sink(lambda _: next(answers)) as receiver:
        for _ in range(2):
            assert await calls.call(make(receiver.url("/"))) == HttpReply(200, "ACK/Jasmin")
    first, second, third = receiver.received
    assert (second.method, second.target, second.body) == (third.method, third.target, third.body)
    assert dict(third.headers) == dict(first.headers) | {"Connection": "close"}
    assert (receiver.connections, calls.counts.failed) == (2, 0)


# covers: DLR-22
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_get_is_redirected(calls: HttpCallsByAiohttp, status: int) -> None:
    moved = Answer(status=status, headers=(("Location", "/ack?x=1"),))
    async with sink(lambda r: moved if r.path == "/moved" else Answer()) as receiver:
        assert await calls.call(get(receiver.url("/moved"))) == HttpReply(200, "ACK/Jasmin")
    assert [r.target.partition("&")[0] for r in receiver.received][-1] == "/ack?x=1"
    assert dict(receiver.received[1].headers)["User-Agent"] == JASMINS["User-Agent"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_post_is_not_redirected(calls: HttpCallsByAiohttp, status: int) -> None:
    moved = Answer(status=status, headers=(("Location", "/ack"),))
    async with sink(lambda _: moved) as receiver:
        assert (await calls.call(post(receiver.url("/moved")))).status == status
    assert len(receiver.received) == 1


async def test_see_other_makes_a_get_of_a_post(calls: HttpCallsByAiohttp) -> None:
    moved = Answer(status=303, headers=(("Location", "/ack"),))
    async with sink(lambda r: moved if r.path == "/moved" else Answer()) as receiver:
        assert (await calls.call(post(receiver.url("/moved")))).status == 200
    followed = receiver.received[1]
    assert (followed.method, followed.target, followed.body) == ("GET", "/ack", b"")
    assert "Content-Length" not in dict(followed.headers)


@pytest.mark.parametrize(
    "headers",
    [(), (("Location", "ftp://h/"),), (("Location", "http://[::1/"),)],
    ids=["none", "ftp", "no host"],
)
async def test_a_redirect_to_nowhere_is_an_answer(
    calls: HttpCallsByAiohttp, headers: tuple[tuple[str, str], ...]
) -> None:
    async with sink(lambda _: Answer(status=301, headers=headers)) as receiver:
        assert (await calls.call(get(receiver.url("/")))).status == 301
    assert len(receiver.received) == 1


async def test_redirects_end_after_twenty(calls: HttpCallsByAiohttp) -> None:
    async with sink(lambda _: Answer(status=302, headers=(("Location", "/"),))) as receiver:
        assert (await calls.call(get(receiver.url("/")))).status == 302
    assert len(receiver.received) == 21
    assert calls.counts.redirected == 20


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer(status=204, body=b""), ""),
        (Answer(body=b"\xef\xbb\xbfACK/Jasmin"), "\u00ef\u00bb\u00bfACK/Jasmin"),
        (
            Answer(body="é".encode(), headers=(("Content-Type", "text/plain; charset=utf-8"),)),
            "é",
        ),
        (Answer(body=b"\xe9", headers=(("Content-Type", "text/plain; charset=klingon"),)), "é"),
        (
            Answer(body=gzip.compress(b"ACK/Jasmin"), headers=(("Content-Encoding", "gzip"),)),
            "ACK/Jasmin",
        ),
        (Answer(octets=b"HTTP/1.0 200 OK\r\n\r\nACK/Jasmin", close=True), "ACK/Jasmin"),
        (
            Answer(
                octets=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"4\r\nACK/\r\n6\r\nJasmin\r\n0\r\n\r\n"
            ),
            "ACK/Jasmin",
        ),
    ],
    ids=["204", "bom", "utf-8", "no such charset", "gzip", "until closed", "chunked"],
)
async def test_an_answer_is_read_as_text(
    calls: HttpCallsByAiohttp, answer: Answer, text: str
) -> None:
    async with sink(lambda _: answer) as receiver:
        assert (await calls.call(get(receiver.url("/")))).text == text


async def test_of_a_long_answer_the_first_kib_is_read(calls: HttpCallsByAiohttp) -> None:
    async with sink(lambda _: Answer(body=b"x" * 1_000_000)) as receiver:
        for _ in range(2):
            assert len((await calls.call(get(receiver.url("/")))).text) == 1024
    assert receiver.connections == 2


# covers: DLR-07 W-MO-15
async def test_the_time_covers_the_body(calls: HttpCallsByAiohttp) -> None:
    stalls = Answer(octets=b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nACK/")
    async with sink(lambda _: stalls) as receiver:
        with pytest.raises(CallFailed, match=r"no answer in 0\.05 s"):
            await calls.call(get(receiver.url("/"), timeout_s=0.05))
    assert calls.counts.open == 0


@pytest.mark.parametrize(
    "octets",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=["no HTTP", "no gzip", "endless header"],
)
async def test_a_broken_answer_is_no_answer(calls: HttpCallsByAiohttp, octets: bytes) -> None:
    async with sink(lambda _: Answer(octets=octets, close=True)) as receiver:
        with pytest.raises(CallFailed):
            await calls.call(get(receiver.url("/")))


async def test_a_refused_connection_and_an_unknown_name_are_told(
    calls: HttpCallsByAiohttp,
) -> None:
    with pytest.raises(CallFailed, match="ClientConnectorError"):
        await calls.call(get(f"http://127.0.0.1:{free_port()}/"))
    with pytest.raises(CallFailed, match="nosuchhost"):
        await calls.call(get("http://nosuchhost.invalid/"))
    assert calls.counts.failed == 2


# covers: W-HTTP-02
@pytest.mark.parametrize(
    ("host", "error"),
    [
        ("127.0.0.1", CallDenied),
        ("[::ffff:127.0.0.1]", CallDenied),
        ("localhost", CallFailed),
    ],
)
async def test_a_denied_address_is_not_connected_to(host: str, error: type[Exception]) -> None:
    """For good if the URL says it; a name may lead elsewhere another time."""
    async with sink() as receiver:
        denying = HttpCallsByAiohttp(
            CallsPolicy(addresses=AddressRules(deny=read_rules(["127.0.0.0/8", "::1"])))
        )
        with pytest.raises(error, match=rf"callbacks may not reach .*:{receiver.port}"):
            await denying.call(get(f"http://{host}:{receiver.port}/"))
        await denying.close()
    assert receiver.connections == 0
    assert denying.counts.denied >= 1
    assert denying.counts.failed == (error is CallFailed)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_redirect_to_a_denied_address_is_not_followed(host: str) -> None:
    """It counts as a failed call: the receiver may send us elsewhere another time."""
    async with sink() as inner:
        moved = Answer(status=302, headers=(("Location", f"http://{host}:{inner.port}/"),))
        async with sink(lambda _: moved) as outer:
            rules = AddressRules(own_ports=frozenset((inner.port,)))
            guarded = HttpCallsByAiohttp(CallsPolicy(addresses=rules))
            with pytest.raises(CallFailed, match="callbacks may not reach"):
                await guarded.call(get(outer.url("/")))
            await guarded.close()
    assert (inner.connections, len(outer.received)) == (0, 1)


async def _hanging(
    receiver: Sink, calls: HttpCallsByAiohttp, tasks: asyncio.TaskGroup
) -> asyncio.Task[HttpReply]:
    task = tasks.create_task(calls.call(get(receiver.url("/hangs"))), name="hanging call")
    await until(lambda: len(receiver.received) == 1)
    return task


async def test_a_receiver_that_hangs_does_not_hold_up_others() -> None:
    release = asyncio.Event()

    def answer(received: Received) -> Answer:
        return Answer(release=release if received.path == "/hangs" else None)

    calls = HttpCallsByAiohttp(CallsPolicy(connections_per_host=1, slot_wait_s=0.02))
    async with sink(answer) as hanging, sink() as other, asyncio.TaskGroup() as tasks:
        await _hanging(hanging, calls, tasks)
        with pytest.raises(CallNotMade):
            await calls.call(get(hanging.url("/second")))
        assert (await calls.call(get(other.url("/")))).status == 200
        release.set()
    assert len(hanging.received) == 1
    assert (calls.counts.not_made, calls.counts.replied) == (1, 2)
    assert calls._slots._hosts == {}
    await calls.close()


async def test_nobody_waits_for_a_receiver_that_answers_nobody() -> None:
    """50 reports at work would else wait a second each, and all others behind them."""
    calls = HttpCallsByAiohttp(CallsPolicy(connections_per_host=1, slot_wait_s=0.02))
    silent = sink(lambda _: Answer(release=asyncio.Event()))
    async with silent as receiver, asyncio.TaskGroup() as tasks:
        hanging = await _hanging(receiver, calls, tasks)
        with pytest.raises(CallNotMade):
            await calls.call(get(receiver.url("/waits")))
        at_once = asyncio.timeout(0)
        with pytest.raises(ReceiverSilent):
            async with at_once:
                await calls.call(get(receiver.url("/does-not-wait")))
        hanging.cancel()
    assert set(calls._slots._hosts) == {f"127.0.0.1:{receiver.port}"}

    def is_forgotten() -> bool:
        calls._slots._forget_stale()
        return not calls._slots._hosts

    await until(is_forgotten)
    await calls.close()


async def test_a_receiver_that_refuses_at_once_is_waited_for() -> None:
    """It frees its slots: so each report has its attempt."""
    calls = HttpCallsByAiohttp(CallsPolicy(connections_per_host=1, slot_wait_s=5.0))
    url = f"http://127.0.0.1:{free_port()}/"
    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(_failed(calls, url)) for _ in range(20)]
    assert [task.result() for task in made] == [CallFailed] * 20
    await calls.close()


async def _failed(calls: HttpCallsByAiohttp, url: str) -> type[Exception]:
    with pytest.raises((CallFailed, CallNotMade)) as failed:
        await calls.call(get(url))
    return failed.type


async def test_a_receiver_that_is_busy_and_answers_is_waited_for() -> None:
    calls = HttpCallsByAiohttp(CallsPolicy(connections_per_host=1, slot_wait_s=5.0))
    async with sink() as busy, asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(calls.call(get(busy.url("/")))) for _ in range(20)]
    assert {task.result().status for task in made} == {200}
    assert calls.counts.not_made == 0
    await calls.close()


async def test_calls_in_all_are_bounded() -> None:
    release = asyncio.Event()
    calls = HttpCallsByAiohttp(CallsPolicy(connections=1, slot_wait_s=0.02))
    async with (
        sink(lambda _: Answer(release=release)) as hanging,
        sink() as other,
        asyncio.TaskGroup() as tasks,
    ):
        await _hanging(hanging, calls, tasks)
        with pytest.raises(CallNotMade):
            await calls.call(get(other.url("/")))
        release.set()
    assert other.received == []
    await calls.close()


async def test_a_cancelled_call_leaves_its_slot() -> None:
    calls = HttpCallsByAiohttp(CallsPolicy(connections=1, slot_wait_s=0.5))
    async with sink(lambda _: Answer(release=asyncio.Event())) as hanging, sink() as other:
        async with asyncio.TaskGroup() as tasks:
            (await _hanging(hanging, calls, tasks)).cancel()
        assert (await calls.call(get(other.url("/")))).status == 200
    assert calls.counts.open == 0
    await calls.close()
