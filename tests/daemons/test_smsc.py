"""`jasmin-compat smsc`: its options, and a run of it."""

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from jasmin_compat.daemons import smsc
from jasmin_compat.smpp_io.smsc_plan import Ids, Receipts, Refusal, SmscPlan
from tests.builders import submit_sm
from tests.smpp_io.peers import running_client
from tests.waiting import LONG_S, until


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    smsc.add_arguments(parser)
    return parser.parse_args(words)


def test_without_options_it_accepts_and_delivers_everything() -> None:
    assert smsc.plan_from(arguments()) == SmscPlan()


def test_each_option_is_part_of_the_plan() -> None:
    words = [
        "--ids",
        "hex",
        "--id-prefix",
        "m",
        "--id-width",
        "8",
        "--id-first",
        "16",
        "--bind-status",
        "ESME_RBINDFAIL",
        "--password",
        "p",
        "--delay",
        "0.1",
        "--delay-spread",
        "0.2",
        "--retry",
        "7",
        "--receipts",
        "always",
        "--receipt-delay",
        "3",
        "--receipt-states",
        "DELIVRD=0.9,UNDELIV=0.1",
        "--receipt-first",
        "ACCEPTD",
        "--receipt-form",
        "tlv",
        "--receipt-dialect",
        "short",
        "--receipt-pdu",
        "data_sm",
        "--receipt-id-bases",
        "1",
    ]
    rules = ["--status", "0x58 every 10", "--status", "none to 336"]
    assert smsc.plan_from(arguments(*words, *rules)) == SmscPlan(
        ids=Ids(style="hex", prefix="m", width=8, first=16),
        refusals=(Refusal(0x58, every=10), Refusal(None, to="336")),
        bind_status=0x0D,
        password="p",
        delay_s=0.1,
        delay_spread_s=0.2,
        retry_s=7,
        receipts=Receipts(
            when="always",
            delay_s=3,
            states=(("DELIVRD", 0.9), ("UNDELIV", 0.1)),
            first_state="ACCEPTD",
            form="tlv",
            dialect="short",
            pdu="data_sm",
            id_bases=1,
        ),
    )


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--status", "ESME_RNONSENSE"], "unknown status ESME_RNONSENSE"),
        (["--receipt-states", "DELIVRD=much"], "receipt states: could not convert"),
        (["--bind-status", "x"], "unknown status x"),
    ],
)
def test_a_mistake_is_told_and_nothing_starts(
    words: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smsc.run(arguments("--port", "0", *words)) == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize("port", ["70000", "-1", "x"])
def test_a_port_that_is_none_is_a_usage_error(port: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        arguments("--port", port)


def test_a_port_in_use_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert smsc.run(arguments("--port", str(taken.getsockname()[1]))) == 1
    assert "in use" in capsys.readouterr().err


@pytest.mark.process
async def test_it_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    account = tmp_path / "account"
    code = (
        "import argparse, sys; from jasmin_compat.daemons import smsc; "
        "p = argparse.ArgumentParser(); smsc.add_arguments(p); sys.exit(smsc.run(p.parse_args()))"
    )
    options = ["--port", "0", "--control", "0", "--receipt-delay", "0", "-v", "--mo-every", "0.05"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *options, "--account", str(account)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    async with asyncio.timeout(LONG_S):
        smpp_line = (await process.stdout.readline()).decode()
        control_line = (await process.stdout.readline()).decode()
        async with running_client(int(smpp_line.rpartition(":")[2])) as client:
            await client.wait_until_can_submit()
            await client.submit([submit_sm(registered_delivery=1)])
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", int(control_line.rpartition(":")[2])
            )

            async def both_are_taken() -> bool:
                writer.write(b"stats\n")
                taken = json.loads(await reader.readline())["taken"]
                return "receipt" in taken and "mo" in taken

            await until(both_are_taken)
            writer.close()
        process.send_signal(signal.SIGTERM)
        output = (await process.stdout.read()).decode().splitlines()
        assert await process.wait() == 0
    assert json.loads(output[-1])["submits"] == 1
    assert any("submit_sm" in line and "'hello'" in line for line in output)
    entries = [json.loads(line) for line in account.read_text().splitlines()]
    assert [e["message_id"] for e in entries if "submit" in e] == ["1"]
    assert [e["receipt"] for e in entries if "receipt" in e] == ["1"]
