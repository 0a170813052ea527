"""Lines that show PDUs."""

import asyncio
from datetime import datetime
from functools import partial
from random import Random

import pytest

from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.smpp import commands
from jasmin_compat.smpp.codec import UnreadablePdu
from jasmin_compat.smpp.pdus import Bind, Empty, MessageIdResp, Opaque, Pdu, Tlv
from jasmin_compat.smpp_io.simulator import Simulator, serving
from jasmin_compat.smpp_io.smsc_plan import SmscPlan
from jasmin_compat.smpp_io.trace import TracedLink, describe
from tests.builders import submit_sm
from tests.smpp_io.peers import RawConnection, running_client


@pytest.mark.parametrize(
    ("pdu", "words"),
    [
        (
            Pdu(commands.BIND_TRANSCEIVER, 1, Bind(system_id=b"u", password=b"secret")),
            "bind_transceiver [seq:1] [system_id:b'u']",
        ),
        (
            Pdu(commands.SUBMIT_SM, 2, submit_sm(registered_delivery=1, tlvs=(Tlv(0x20C, b"1"),))),
            "submit_sm [seq:2] [from:b''] [to:b'15550001'] [esm_class:0x03] [coding:0] [receipt:1] "
            "[content:b'hello'] [tlvs:sar_msg_ref_num]",
        ),
        (
            Pdu(commands.SUBMIT_SM_RESP, 2, MessageIdResp(message_id=b"7")),
            "submit_sm_resp [seq:2] [status:ESME_ROK] [id:b'7']",
        ),
        (
            Pdu(commands.SUBMIT_SM_RESP, 2, Opaque(), 0x58),
            "submit_sm_resp [seq:2] [status:ESME_RTHROTTLED]",
        ),
        (Pdu(commands.ENQUIRE_LINK, 3, Empty()), "enquire_link [seq:3]"),
        (
            UnreadablePdu(commands.DELIVER_SM, 0, 4, b"\x01", 0x02, "cut"),
            "deliver_sm [seq:4] unreadable: cut: 01",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)
def test_a_pdu_is_described_in_a_line(pdu: Pdu | UnreadablePdu, words: str) -> None:
    assert " ".join(describe(pdu).split()) == words


async def test_a_traced_link_shows_both_ways_and_garbage() -> None:
    lines: list[str] = []
    smsc = Simulator(
        SmscPlan(), random=Random(1), now=SystemClock().local_now, account=lambda _entry: None
    )
    noon = datetime(2026, 11, 23, 12, 0, 0)
    make_link = partial(TracedLink, show=lines.append, now=lambda: noon)
    async with serving(smsc, make_link=make_link) as listener:
        async with running_client(listener.port) as client:
            await client.wait_until_can_submit()
            await client.submit([submit_sm()])
        connection = RawConnection(*await asyncio.open_connection("127.0.0.1", listener.port))
        connection.writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await connection.read_all()
        connection.writer.close()
    shown = [" ".join(line.split()) for line in lines]
    names = [line.split()[3] for line in shown if "[seq" in line]
    assert [line.split()[1] for line in shown[:4]] == ["<", ">", "<", ">"]
    assert names[:4] == ["bind_transceiver", "bind_transceiver_resp", "submit_sm", "submit_sm_resp"]
    assert any("command_length" in line for line in shown)
    assert all(line.startswith("12:00:00.000000 ") for line in lines)
