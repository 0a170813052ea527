"""Connectors on real sockets: what the SMSC sees, and what becomes of each message."""

import asyncio
import logging
import ssl
from pathlib import Path
from random import Random
from typing import Any

import pytest

from jasmin_compat.ports import Answered, NotSent, PartOutcome, Unanswered, Unencodable
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.smpp import commands
from jasmin_compat.smpp.operations import SessionState
from jasmin_compat.smpp.pdus import (
    Bind,
    DataSm,
    DeliverSm,
    MessageIdResp,
    Opaque,
    Outbind,
    SubmitSm,
)
from jasmin_compat.smpp_io.client import SmppClient
from jasmin_compat.smpp_io.simulator import Simulator, serving
from jasmin_compat.smpp_io.smsc_plan import SmscPlan
from tests.builders import submit_sm
from tests.services import free_port
from tests.smpp_io.peers import Gone, Inbox, RawConnection, raw_smsc, running_client
from tests.waiting import LONG_S, until

CERTIFICATE = Path(__file__).parent / "smsc.pem"


def texts(*contents: str) -> list[SubmitSm]:
    return [submit_sm(short_message=content.encode()) for content in contents]


async def submit_each(client: SmppClient, parts: list[SubmitSm]) -> list[PartOutcome]:
    """As many messages of one part, all at once, in this order."""
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(client.submit([part]), name="submit") for part in parts]
    return [task.result()[0] for task in running]


async def contents(connection: RawConnection, count: int) -> list[str]:
    """Of the next submits, which are accepted."""
    found = []
    for _ in range(count):
        request = await connection.read()
        assert isinstance(request.body, SubmitSm)
        found.append(request.body.short_message.decode())
        connection.accept_submit(request)
    return found


# ---------------------------------------------------------------- bind


# covers: SMPPC-01 SMPPC-02 SMPPC-03 SMPPC-32
@pytest.mark.parametrize(
    ("operation", "command_id", "state"),
    [
        ("transceiver", commands.BIND_TRANSCEIVER, SessionState.BOUND_TRX),
        ("transmitter", commands.BIND_TRANSMITTER, SessionState.BOUND_TX),
        ("receiver", commands.BIND_RECEIVER, SessionState.BOUND_RX),
    ],
)
async def test_a_connector_binds_with_its_keys(
    operation: str, command_id: int, state: SessionState
) -> None:
    keys: dict[str, Any] = {"bind_operation": operation, "system_type": "VMA"}
    keys |= {
        "addr_ton": 5,
        "addr_npi": 18,
        "address_range": "^33",
        "username": "u",
        "password": "p",
    }
    async with raw_smsc() as smsc, running_client(smsc.port, **keys) as client:
        assert client.session_state is SessionState.NONE
        request = await (await smsc.next()).accept_bind()
        assert request.command_id == command_id
        assert request.body == Bind(
            system_id=b"u",
            password=b"p",
            system_type=b"VMA",
            interface_version=0x34,
            addr_ton=5,
            addr_npi=18,
            address_range=b"^33",
        )
        await until(lambda: client.session_state is state)
        assert client.can_submit() == (operation != "receiver")


# covers: W-MT-21
async def test_nothing_is_submitted_on_a_receiver_bind() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port, bind_operation="receiver") as client:
        await smsc.bound()
        await until(lambda: client.session_state is SessionState.BOUND_RX)
        assert await client.submit(texts("a", "b")) == (NotSent(), NotSent())


# covers: SMPPC-07 W-MT-20
async def test_a_refused_bind_is_tried_again_and_logged_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with raw_smsc() as smsc, running_client(smsc.port) as client:
        for _ in range(2):
            connection = await smsc.next()
            connection.answer(await connection.read(), Opaque(), status=0x0D)
            with pytest.raises(Gone):
                await connection.read()
        await smsc.bound()
        await client.wait_until_can_submit()
    refusals = [r for r in caplog.records if "Bind failed [ESME_RBINDFAIL]" in r.message]
    assert [(r.name, r.levelname) for r in refusals] == [("smpp.client.con1", "ERROR")] * 2


# covers: W-MT-20
async def test_the_first_bind_that_is_not_answered_is_tried_again() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port, bind_timeout_s=0.05) as client:
        silent = await smsc.next()
        await silent.read_all()
        await smsc.bound()
        await client.wait_until_can_submit()


async def test_a_password_that_cannot_be_encoded_is_told_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with raw_smsc() as smsc, running_client(smsc.port, password="123456789"):
        for _ in range(2):
            with pytest.raises(Gone):
                await (await smsc.next()).read()
    assert "Bind failed [password: 9 octets, at most 8 allowed]" in caplog.text
    assert "123456789" not in caplog.text


async def test_an_outbind_is_ignored() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port) as client:
        connection = await smsc.next()
        connection.write(commands.OUTBIND, 1, Outbind(system_id=b"smsc"))
        await connection.accept_bind()
        await client.wait_until_can_submit()


# ---------------------------------------------------------------- reconnect


# covers: SMPPC-04 W-CLI-03
async def test_a_lost_connection_is_made_again_not_before_its_delay() -> None:
    loop = asyncio.get_running_loop()
    async with raw_smsc() as smsc, running_client(smsc.port, reconnect_on_loss_s=0.2):
        (await smsc.bound()).reset()
        lost_at = loop.time()
        await smsc.bound()
        assert 0.2 <= loop.time() - lost_at < 0.2 * 1.1 + 0.15


# covers: SMPPC-05
async def test_a_refused_connection_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    async with running_client(port) as client:
        await until(lambda: caplog.text.count("Connection failed. Reason:") >= 2)
        async with raw_smsc(port) as smsc:
            await smsc.bound()
            await client.wait_until_can_submit()


# covers: SMPPC-06
async def test_reconnecting_after_a_loss_can_be_turned_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with raw_smsc() as smsc, running_client(smsc.port, reconnect_on_loss=False):
        (await smsc.bound()).reset()
        await until(lambda: "Exiting." in caplog.text)
        with pytest.raises(TimeoutError):
            await smsc.next(within_s=0.2)


# covers: SMPPC-06
async def test_reconnecting_after_a_failure_can_be_turned_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    port = free_port()
    async with running_client(port, reconnect_on_failure=False):
        await until(lambda: "Exiting." in caplog.text)
        async with raw_smsc(port) as smsc:
            with pytest.raises(TimeoutError):
                await smsc.next(within_s=0.2)


# covers: SMPPC-28
async def test_stop_unbinds_and_waits_for_the_answer() -> None:
    async def answer_unbind(connection: RawConnection) -> None:
        request = await connection.read()
        assert request.command_id == commands.UNBIND
        connection.answer(request)

    async with raw_smsc() as smsc, asyncio.TaskGroup() as tasks:
        async with running_client(smsc.port, stop=asyncio.Event()) as client:
            connection = await smsc.bound()
            await client.wait_until_can_submit()
            tasks.create_task(answer_unbind(connection), name="answer unbind")
        assert client.session_state is SessionState.NONE
        with pytest.raises(Gone):
            await connection.read()


async def test_stop_does_not_wait_long_for_an_smsc_that_does_not_answer_the_unbind() -> None:
    keys = {"bind_timeout_s": 0.05}
    async with (
        raw_smsc() as smsc,
        running_client(smsc.port, stop=asyncio.Event(), **keys) as client,
    ):
        await smsc.bound()
        await client.wait_until_can_submit()


async def test_stop_does_not_wait_for_a_connector_that_is_not_connected() -> None:
    async with running_client(free_port(), stop=asyncio.Event(), reconnect_on_failure_s=60):
        await asyncio.sleep(0)


# covers: W-MT-08
async def test_an_unbinding_smsc_is_answered_after_what_it_still_answers() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port) as client, asyncio.TaskGroup() as g:
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        task = g.create_task(client.submit(texts("a")), name="submit")
        request = await connection.read()
        connection.write(commands.UNBIND, 77)
        assert (await connection.read()).command_id == commands.UNBIND_RESP
        connection.accept_submit(request, b"id")
        assert await task == (Answered(0, b"id"),)
        assert await client.submit(texts("b")) == (NotSent(),)
        await smsc.bound()
        await client.wait_until_can_submit()


# ---------------------------------------------------------------- timers


# covers: SMPPC-08
async def test_a_silent_smsc_is_asked_whether_it_is_there() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port, enquire_link_s=0.05) as client:
        connection = await smsc.bound()
        for _ in range(3):
            request = await connection.read()
            assert request.command_id == commands.ENQUIRE_LINK
            connection.answer(request)
        counts = client.counted()
        assert counts.elink_count == 3
        assert client.counted().elink_count == 3
        assert counts.last_sequence_number == 4  # the bind was the first
        assert counts.last_sent_elink_at == counts.last_request_at == counts.last_sent_pdu_at
        assert counts.connected_at <= counts.last_received_pdu_at <= counts.last_sent_elink_at
        connection.reset()
        await smsc.bound()
        await client.wait_until_can_submit()
        assert 3 <= client.counted().elink_count <= 4


# covers: SMPPC-09
async def test_an_smsc_that_does_not_answer_enquire_link_is_left() -> None:
    keys = {"enquire_link_s": 0.05, "response_timeout_s": 0.05}
    async with raw_smsc() as smsc, running_client(smsc.port, **keys) as client:
        connection = await smsc.bound()
        seen = [pdu.command_id for pdu in await connection.read_all()]
        assert seen == [commands.ENQUIRE_LINK, commands.UNBIND]
        await smsc.bound()
        await client.wait_until_can_submit()


# covers: SMPPC-10
async def test_an_idle_session_ends() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port, inactivity_timeout_s=0.1):
        connection = await smsc.bound()
        request = await connection.read()
        assert request.command_id == commands.UNBIND
        connection.answer(request)
        await smsc.bound()


# covers: SMPPC-11
async def test_half_a_pdu_ends_the_session_with_a_generic_nack() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port, pdu_read_timeout_s=0.05):
        connection = await smsc.bound()
        connection.writer.write(bytes.fromhex("00000028 00000005 00000000 00000001 00000000"))
        (nack,) = await connection.read_all()
        assert (nack.command_id, nack.command_status) == (commands.GENERIC_NACK, 0x02)
        await smsc.bound()


@pytest.mark.parametrize(
    "garbage",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(16), b"\xff" * 64, b"\x7f\xff\xff\xff" + bytes(12)],
    ids=["another protocol", "zeros", "ones", "a huge length"],
)
async def test_garbage_ends_the_session_and_nothing_else(garbage: bytes) -> None:
    async with raw_smsc() as smsc, running_client(smsc.port) as client:
        connection = await smsc.bound()
        connection.writer.write(garbage)
        seen = [pdu.command_id for pdu in await connection.read_all()]
        assert seen == [commands.GENERIC_NACK]
        good = await smsc.bound()
        await client.wait_until_can_submit()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(contents(good, 1), name="smsc")
            assert isinstance((await client.submit(texts("a")))[0], Answered)


# ---------------------------------------------------------------- submit


async def test_submits_are_numbered_from_one_and_answered() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port) as client, asyncio.TaskGroup() as g:
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        task = g.create_task(client.submit(texts("a", "b", "c")), name="submit")
        requests = [await connection.read() for _ in range(3)]
        assert [r.sequence_number for r in requests] == [2, 3, 4]  # the bind was 1
        connection.accept_submit(requests[2])  # out of order
        connection.answer(requests[0], Opaque(), status=0x58)
        connection.accept_submit(requests[1])
        assert await task == (Answered(0x58, b""), Answered(0, b"m3"), Answered(0, b"m4"))
        counts = client.counts
        assert (counts.submit_sm_request_count, counts.submit_sm_count) == (3, 2)
        assert (counts.throttling_error_count, counts.other_submit_error_count) == (1, 0)


# covers: SMPPC-14 W-AMQP-10
@pytest.mark.parametrize("window", [1, 3])
async def test_no_more_than_the_window_is_on_the_wire(window: int) -> None:
    async with (
        raw_smsc() as smsc,
        running_client(smsc.port, window=window) as client,
        asyncio.TaskGroup() as tasks,
    ):
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        tasks.create_task(submit_each(client, texts("a", "b", "c", "d", "e")), name="submits")
        waiting = [await connection.read() for _ in range(window)]
        for left in range(5 - window, 0, -1):
            assert await connection.is_silent()
            connection.accept_submit(waiting.pop(0))
            waiting.append(await connection.read())
            assert left
        for request in waiting:
            connection.accept_submit(request)


async def test_messages_and_their_segments_stay_in_order() -> None:
    async with (
        raw_smsc() as smsc,
        running_client(smsc.port, window=2) as client,
        asyncio.TaskGroup() as tasks,
    ):
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        for message in ("abc", "de", "f"):
            tasks.create_task(client.submit(texts(*message)), name="submit")
        assert "".join(await contents(connection, 6)) == "abcdef"


# covers: W-MT-18
async def test_long_messages_with_the_same_reference_are_told_apart() -> None:
    def long(text: str) -> list[SubmitSm]:
        return [
            submit_sm(esm_class=0x43, short_message=bytes((5, 0, 3, 7, 2, n)) + text.encode())
            for n in (1, 2)
        ]

    async with (
        raw_smsc() as smsc,
        running_client(smsc.port, window=4) as client,
        asyncio.TaskGroup() as tasks,
    ):
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        sent = [tasks.create_task(client.submit(long(text)), name=text) for text in "ab"]
        requests = [await connection.read() for _ in range(4)]
        for request in (requests[2], requests[0], requests[3], requests[1]):
            body = MessageIdResp(message_id=str(request.sequence_number).encode())
            connection.answer(request, body)
        ids = [str(request.sequence_number).encode() for request in requests]
        assert [await task for task in sent] == [
            (Answered(0, ids[0]), Answered(0, ids[1])),
            (Answered(0, ids[2]), Answered(0, ids[3])),
        ]


# covers: W-MT-19
async def test_what_is_wrong_with_one_segment_is_known_as_soon_as_all_are_answered() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port) as client, asyncio.TaskGroup() as g:
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        task = g.create_task(client.submit(texts("a", "b")), name="submit")
        first, second = await connection.read(), await connection.read()
        connection.write(commands.GENERIC_NACK, first.sequence_number, status=0x08)
        connection.accept_submit(second)
        refused, accepted = await task
        assert (refused, type(accepted)) == (Answered(0x08, b""), Answered)


# covers: W-MT-07
async def test_of_a_message_with_a_segment_that_cannot_be_encoded_nothing_is_sent() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port) as client:
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        long = submit_sm(service_type=b"toolong")
        told = Unencodable("service_type: 7 octets, at most 5 allowed", "service_type")
        assert await client.submit([*texts("a"), long]) == (NotSent(), told)
        assert await client.submit([long]) == (told,)
        assert await connection.is_silent()


# covers: W-MT-10
@pytest.mark.parametrize(("sent", "told"), [(0x08, 0x08), (0x03, 0x03), (0, 0xFF)])
async def test_a_generic_nack_refuses_the_submit_and_the_session_goes_on(
    sent: int, told: int
) -> None:
    async with raw_smsc() as smsc, running_client(smsc.port) as client, asyncio.TaskGroup() as g:
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        task = g.create_task(client.submit(texts("a")), name="submit")
        request = await connection.read()
        connection.write(commands.GENERIC_NACK, request.sequence_number, status=sent)
        assert await task == (Answered(told, b""),)
        task = g.create_task(client.submit(texts("b")), name="submit")
        assert await contents(connection, 1) == ["b"]
        await task


@pytest.mark.parametrize(
    ("body", "message_id"),
    [(Opaque(), b""), (Opaque(b"abc"), b"abc"), (MessageIdResp(message_id=b"x" * 80), b"x" * 80)],
    ids=["no body", "no NUL", "too long"],
)
async def test_an_odd_answer_is_an_answer(body: Opaque | MessageIdResp, message_id: bytes) -> None:
    async with raw_smsc() as smsc, running_client(smsc.port) as client, asyncio.TaskGroup() as g:
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        task = g.create_task(client.submit(texts("a")), name="submit")
        connection.answer(await connection.read(), body)
        assert await task == (Answered(0, message_id),)


# covers: W-MT-09
async def test_a_lost_connection_leaves_its_submits_unanswered_at_once() -> None:
    async with (
        raw_smsc() as smsc,
        running_client(smsc.port, window=2) as client,
        asyncio.TaskGroup() as tasks,
    ):
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        task = tasks.create_task(submit_each(client, texts("a", "b", "c")), name="submits")
        connection.accept_submit(await connection.read())
        await until(lambda: client.counts.submit_sm_request_count == 3)
        connection.reset()
        first, *others = await task
        assert first == Answered(0, b"m2")
        assert others == [Unanswered("connection lost")] * 2


async def test_while_not_bound_nothing_is_sent() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port) as client:
        assert await client.submit(texts("a")) == (NotSent(),)
        await smsc.next()
        assert await client.submit(texts("a")) == (NotSent(),)


# covers: SMPPC-09 SMPPC-17
async def test_an_smsc_that_answers_no_submit_is_left() -> None:
    async with (
        raw_smsc() as smsc,
        running_client(smsc.port, response_timeout_s=0.1) as client,
        asyncio.TaskGroup() as tasks,
    ):
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        task = tasks.create_task(client.submit(texts("a")), name="submit")
        await connection.read()
        assert await task == (Unanswered("response timeout"),)
        request = await connection.read()
        assert request.command_id == commands.UNBIND
        connection.answer(request)
        await smsc.bound()


async def test_one_submit_without_an_answer_does_not_end_the_session() -> None:
    async with (
        raw_smsc() as smsc,
        running_client(smsc.port, response_timeout_s=0.15) as client,
        asyncio.TaskGroup() as tasks,
    ):
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        task = tasks.create_task(submit_each(client, texts("a", "b")), name="submits")
        await connection.read()
        connection.accept_submit(await connection.read())
        assert await task == [Unanswered("response timeout"), Answered(0, b"m3")]
        assert await connection.is_silent()
        assert client.can_submit()


async def test_a_cancelled_submit_leaves_nothing_behind() -> None:
    async with raw_smsc() as smsc, running_client(smsc.port, window=1) as client:
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(client.submit(texts("a")), name="submit")
            request = await connection.read()
            waiting = tasks.create_task(client.submit(texts("b")), name="submit")
            await asyncio.sleep(0)
            first.cancel()
            waiting.cancel()
        connection.accept_submit(request)  # answers nobody, and frees the window
        async with asyncio.TaskGroup() as tasks:
            last = tasks.create_task(client.submit(texts("c")), name="submit")
            assert await contents(connection, 1) == ["c"]
        assert last.result() == (Answered(0, b"m3"),)


# covers: SMPPC-26
async def test_a_larger_window_holds_at_once() -> None:
    async with (
        raw_smsc() as smsc,
        running_client(smsc.port, window=1) as client,
        asyncio.TaskGroup() as tasks,
    ):
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        tasks.create_task(submit_each(client, texts("a", "b")), name="submits")
        first = await connection.read()
        assert await connection.is_silent()
        keys = client._connector()
        client._connector.swap(type(keys)(cid=keys.cid, port=keys.port, window=2))  # type: ignore[attr-defined]
        client.use_connector()
        connection.accept_submit(await connection.read())
        connection.accept_submit(first)


# ---------------------------------------------------------------- inbound


# covers: SMPPC-33
async def test_what_the_smsc_delivers_is_handed_on_and_answered() -> None:
    inbox = Inbox()
    async with raw_smsc() as smsc, running_client(smsc.port, inbox) as client:
        connection = await smsc.bound()
        deliver = DeliverSm(source_addr=b"336", short_message=b"hi")
        data = DataSm(source_addr=b"337")
        connection.write(commands.DELIVER_SM, 9, deliver)
        connection.write(commands.DATA_SM, 10, data)
        answers = [await connection.read(), await connection.read()]
        assert [(a.command_id, a.command_status, a.sequence_number) for a in answers] == [
            (commands.DELIVER_SM_RESP, 0, 9),
            (commands.DATA_SM_RESP, 0, 10),
        ]
        assert inbox.seen == [deliver, data]
        assert (client.counts.deliver_sm_count, client.counts.data_sm_count) == (1, 1)


async def test_a_slow_message_does_not_hold_up_the_next() -> None:
    inbox = Inbox(hold=asyncio.Event())
    async with raw_smsc() as smsc, running_client(smsc.port, inbox):
        connection = await smsc.bound()
        for number in (5, 5, 6):  # a repeated number is no reason to drop the session
            connection.write(commands.DELIVER_SM, number, DeliverSm())
        assert (await connection.read()).sequence_number == 5
        assert (await connection.read()).sequence_number == 6
        assert inbox.hold is not None
        inbox.hold.set()
        assert (await connection.read()).sequence_number == 5


@pytest.mark.parametrize("inbox", [Inbox(status=0x14), Inbox(error=RuntimeError("x"))],
                         ids=["refused", "broken"])  # fmt: skip
async def test_a_message_that_is_not_taken_is_refused(inbox: Inbox) -> None:
    async with raw_smsc() as smsc, running_client(smsc.port, inbox):
        connection = await smsc.bound()
        connection.write(commands.DELIVER_SM, 1, DeliverSm())
        assert (await connection.read()).command_status == (inbox.status or 0x08)


async def test_no_more_is_taken_in_than_may_be_open() -> None:
    inbox = Inbox(hold=asyncio.Event())
    async with raw_smsc() as smsc, running_client(smsc.port, inbox, inbound_open=1):
        connection = await smsc.bound()
        connection.write(commands.DELIVER_SM, 1, DeliverSm())
        await until(lambda: len(inbox.seen) == 1)
        connection.write(commands.ENQUIRE_LINK, 2)
        assert await connection.is_silent()  # it is not even read
        assert inbox.hold is not None
        inbox.hold.set()
        assert [(await connection.read()).sequence_number for _ in range(2)] == [1, 2]


# ---------------------------------------------------------------- TLS


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


# covers: SMPPC-12 W-CLI-01
@pytest.mark.parametrize(
    ("keys", "binds"),
    [
        ({}, True),
        ({"ssl_verify": True}, False),
        ({"ssl_verify": True, "ssl_ca": str(CERTIFICATE)}, True),
        ({"ssl_verify": True, "ssl_ca": "/does/not/exist"}, False),
    ],
    ids=["verifies nothing", "unknown authority", "known authority", "no such file"],
)
async def test_tls(keys: dict[str, Any], binds: bool, caplog: pytest.LogCaptureFixture) -> None:
    async with (
        serving(simulator(), tls=server_tls()) as listener,
        running_client(listener.port, ssl=True, **keys) as client,
    ):
        if binds:
            await client.wait_until_can_submit()
            assert isinstance((await client.submit(texts("a")))[0], Answered)
        else:
            await until(lambda: "Connection failed. Reason:" in caplog.text)
            assert client.session_state is SessionState.NONE


# ---------------------------------------------------------------- accounts


def simulator(plan: SmscPlan | None = None, account: list[Any] | None = None) -> Simulator:
    return Simulator(
        plan or SmscPlan(),
        random=Random(1),
        now=SystemClock().local_now,
        account=(account if account is not None else []).append,
    )


async def test_a_restart_of_the_smsc_amid_200_messages_is_exactly_accounted() -> None:
    account: list[Any] = []
    outcomes: dict[str, list[PartOutcome]] = {f"message {n}": [] for n in range(200)}

    async def send_until_accepted(client: SmppClient, text: str) -> None:
        while not outcomes[text] or not isinstance(outcomes[text][-1], Answered):
            await client.wait_until_can_submit()
            outcomes[text] += await client.submit(texts(text))

    plan = SmscPlan(delay_s=0.002)
    async with asyncio.timeout(LONG_S), asyncio.TaskGroup() as tasks:
        async with serving(simulator(plan, account)) as listener:
            port = listener.port
            run = running_client(port, window=10)
            client = await run.__aenter__()
            for text in outcomes:
                tasks.create_task(send_until_accepted(client, text), name=text)
            await until(lambda: len(account) >= 60)
            listener.drop()
            await until(lambda: len(account) >= 120)
        async with serving(simulator(plan, account), port=port):
            await until(lambda: all(o and isinstance(o[-1], Answered) for o in outcomes.values()))
            await run.__aexit__(None, None, None)
    seen = len(account)
    answered = sum(isinstance(o, Answered) for each in outcomes.values() for o in each)
    unknown = sum(isinstance(o, Unanswered) for each in outcomes.values() for o in each)
    assert answered == 200
    assert 200 <= seen <= 200 + unknown  # what was not sent did not arrive
    assert 0 < unknown <= 20  # a window for each of the two breaks
    assert len({entry["content_sha256"] for entry in account}) == 200
    assert client.counts.submit_sm_request_count == answered + unknown
