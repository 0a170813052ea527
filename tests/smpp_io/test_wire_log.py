"""The lines JASMIN_TLV_WIRE_LOG asks for."""

import asyncio
import logging
import random
from functools import partial

import pytest

from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.runtime.current import Current
from jasmin_compat.smpp import commands
from jasmin_compat.smpp.codec import encode
from jasmin_compat.smpp.pdus import Bind, Body, Empty, Pdu, Tlv
from jasmin_compat.smpp_io.client import SmppClient
from jasmin_compat.smpp_io.wire_log import WireLoggedLink, log, log_to_stderr, sent_lines
from tests.builders import connector, submit_sm
from tests.smpp_io.peers import QUICK, Inbox, raw_smsc


def octets(command_id: int, body: Body) -> bytes:
    return encode(Pdu(command_id=command_id, sequence_number=7, body=body))


TLVS = (Tlv(0x1401, b"14"), Tlv(0x020A, b"\0\1"), Tlv(0x1400, b"x"))
SUBMIT = octets(commands.SUBMIT_SM, submit_sm(tlvs=TLVS))
LONG = octets(commands.SUBMIT_SM, submit_sm(short_message=b"x" * 254, tlvs=TLVS))


# covers: OPS-06
@pytest.mark.parametrize(
    ("sent", "lines"),
    [
        (
            octets(commands.ENQUIRE_LINK, Empty()),
            ["OUT pdu=enquire_link seq=7 len=16 tlvs=none hex=00000010000000150000000000000007"],
        ),
        (
            SUBMIT,
            [f"OUT pdu=submit_sm seq=7 len={len(SUBMIT)} tlvs=0x1401,0x1400 hex={SUBMIT.hex()}"],
        ),
        (
            LONG,
            [
                f"OUT pdu=submit_sm seq=7 len={len(LONG)} tlvs=0x1401,0x1400 "
                f"hex={LONG.hex()[:600]}...(+{len(LONG) - 300} bytes)"
            ],
        ),
    ],
    ids=["without a body", "TLVs", "long"],
)
def test_a_pdu_is_a_line(sent: bytes, lines: list[str]) -> None:
    assert sent_lines(sent, log_privacy=False) == lines
    assert sent_lines(sent + sent, log_privacy=False) == lines * 2


def test_passwords_are_never_shown_and_texts_not_if_private() -> None:
    bind = octets(commands.BIND_TRANSCEIVER, Bind(system_id=b"u", password=b"p"))
    shown = f"OUT pdu=bind_transceiver seq=7 len={len(bind)} tlvs=none hex=** {len(bind)} octets **"
    assert sent_lines(bind, log_privacy=False) == [shown]
    (private,) = sent_lines(SUBMIT, log_privacy=True)
    assert private.endswith(f" tlvs=0x1401,0x1400 hex=** {len(SUBMIT)} octets **")


async def test_a_connector_shows_what_it_sends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, log.name)
    async with raw_smsc() as smsc, asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        client = SmppClient(
            Current(connector(**(QUICK | {"port": smsc.port}))),
            Inbox(),
            clock=SystemClock(),
            random=random.random,
            make_link=partial(WireLoggedLink, log_privacy=False),
        )
        running = tasks.create_task(client.run(asyncio.Event()))
        connection = await smsc.bound()
        await client.wait_until_can_submit()
        submit = tasks.create_task(client.submit([submit_sm()]))
        connection.accept_submit(await connection.read())
        await submit
        running.cancel()
    assert [line.split()[1] for line in caplog.messages if line.startswith("OUT")][:2] == [
        "pdu=bind_transceiver",
        "pdu=submit_sm",
    ]


def test_the_lines_go_to_standard_error_once(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        log_to_stderr()
        log_to_stderr()
        log.info("%s", "OUT")
    finally:
        log.handlers.clear()
        log.propagate = True
    out, err = capsys.readouterr()
    assert (out, err.count("INFO jasmin.tlv.wire OUT")) == ("", 1)
