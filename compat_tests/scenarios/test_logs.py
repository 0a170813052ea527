"""Log lines and files that scripts of operators read (contract/logs-and-metrics.md §1-2)."""

import re

from compat_tests.world import World

HEAD = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO     \d+ "
TLVS = r"( \[tlvs:none\])?"
"""0.11.0 has it not."""


# covers: OPS-01
async def test_a_sent_message_leaves_its_line(main: World, number: str) -> None:
    msgid = await main.accepted(to=number, from_="ACME", content="it's é", priority="1")
    [submitted] = await main.smsc.got(number)

    line = await main.log_line("messages.log", f"[queue-msgid:{msgid}]")

    body = (
        f"SMS-MT [cid:con1] [queue-msgid:{msgid}] [smpp-msgid:b'{submitted.message_id}'] "
        "[status:CommandStatus.ESME_ROK] [prio:1] "
        "[dlr:RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED] "
        f"[validity:none] [from:b'ACME'] [to:b'{number}'] "
        '[content:b"it\'s \\x05"]'
    )
    assert re.fullmatch(HEAD + re.escape(body) + TLVS, line), line


# covers: OPS-01
async def test_a_message_without_sender_and_with_dlr_leaves_its_line(
    main: World, number: str
) -> None:
    msgid = await main.accepted(to=number, dlr="yes")

    line = await main.log_line("messages.log", f"[queue-msgid:{msgid}]")

    assert "[dlr:RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED]" in line
    assert "[from:None]" in line


# covers: OPS-02
async def test_an_accepted_message_leaves_its_line(main: World, number: str) -> None:
    msgid = await main.accepted(to=number, from_="ACME", content="two\nlines", priority="3")

    line = await main.log_line("http-api.log", f"[msgid:{msgid}]")

    body = (
        f"SMS-MT [uid:alice] [cid:con1] [msgid:{msgid}] [prio:3] [dlr:No] [from:b'ACME'] "
        f"[to:b'{number}'] [content:b'two.lines']"
    )
    assert re.fullmatch(HEAD + re.escape(body) + TLVS, line), line


# covers: OPS-02
async def test_the_line_says_which_dlr_was_asked_for(main: World, number: str) -> None:
    url = main.sink.url("/words")
    words = {}
    for level in ("1", "2", "3"):
        msgid = await main.accepted(to=number, dlr="yes", dlr_level=level, dlr_url=url)
        words[level] = await main.log_line("http-api.log", f"[msgid:{msgid}]")
    msgid = await main.accepted(to=number, dlr="yes", dlr_url=url)
    words["not said"] = await main.log_line("http-api.log", f"[msgid:{msgid}]")

    said = {level: re.search(r"\[dlr:([^]]+)\]", line) for level, line in words.items()}

    assert {level: found and found[1] for level, found in said.items()} == {
        "1": "SMS-C",
        "2": "Terminal",
        "3": "All",
        "not said": "All",
    }


# covers: CONF-06
async def test_with_log_privacy_no_log_holds_the_content(other: World, number: str) -> None:
    msgid = await other.accepted(to=number, content="a secret of nine words")

    accepted = await other.log_line("http-api.log", f"[msgid:{msgid}]")
    sent = await other.log_line("messages.log", f"[queue-msgid:{msgid}]")

    assert "[content:** 22 byte content **]" in accepted
    assert "[content:** 22 byte content **]" in sent


# covers: CONF-03
async def test_log_files_have_the_names_of_jasmin(main: World) -> None:
    await main.get("/ping")
    await main.log_line("http-api.log", "Received ping")

    names = {p.name for p in (main.processes.folder / "log").iterdir()}

    assert names >= {
        "http-api.log",
        "http-accesslog.log",
        "messages.log",
        "dlrlookupd-messages.log",
        "dlr-thrower.log",
        "default-con1.log",
        "amqp-client.log",
        "redis-client.log",
    }


# covers: CONF-05
async def test_level_file_and_formats_of_a_log_are_settings(limits: World) -> None:
    await limits.get("/ping")

    line = await limits.log_line("renamed.log", "Received ping")

    assert re.fullmatch(r"\d\d/\d\d/\d\d \| Received ping from 127\.0\.0\.1", line), line
    assert limits.gateway.log("http-api.log") == ""
