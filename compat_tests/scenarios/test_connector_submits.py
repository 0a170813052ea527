"""What a connector puts into messages and how it sends them (contract/smpp-client.md §2, §5-6)."""

import time
from collections.abc import Callable

import pytest

from compat_tests.peers.smsc import Answer
from compat_tests.waiting import NeverHappened
from compat_tests.world import World

RSYSERR, RINVDSTADR, RTHROTTLED = 0x08, 0x0B, 0x58


# covers: HTTP-50 SMPPC-21 SMPPC-22 SMPPC-23 SMPPC-35 W-MT-34
async def test_the_connectors_keys_are_put_into_messages(other: World, number: str) -> None:
    """But for priority 3, validity 60 and coding 8, which are only shown (Q168)."""
    await other.accepted(to=number)

    [submitted] = await other.smsc.got(number)
    assert submitted.pdu.fields == {
        "service_type": "",
        "source_addr_ton": 5,
        "source_addr_npi": 0,
        "source_addr": "DEFAULT",
        "dest_addr_ton": 2,
        "dest_addr_npi": 8,
        "destination_addr": number,
        "esm_class": 3,
        "protocol_id": 65,
        "priority_flag": 0,
        "schedule_delivery_time": "",
        "validity_period": "",
        "registered_delivery": 0,
        "replace_if_present_flag": 1,
        "data_coding": 0,
        "sm_default_msg_id": 3,
        "sm_length": 5,
        "short_message": b"hello",
    }


# covers: SMPPC-21 HTTP-11
async def test_a_sender_of_the_message_goes_before_the_connectors(
    other: World, number: str
) -> None:
    await other.accepted(to=number, from_="MINE")

    [submitted] = await other.smsc.got(number)
    assert submitted.pdu["source_addr"] == "MINE"


# covers: SMPPC-13
async def test_submit_throughput_keeps_messages_apart(limits: World, number: str) -> None:
    count = 6
    before = time.monotonic()
    for _ in range(count):
        await limits.accepted(to=number)

    submits = await limits.smsc.got(number, count)

    after = [submitted.at - before for submitted in submits]
    assert [s for n, s in enumerate(after) if s < n * 0.17] == [], "5 a second are 0.2 s apart"
    assert after[-1] - after[0] < 3


# covers: SMPPC-14 W-AMQP-10
@pytest.mark.quirk("Q11")
async def test_how_many_messages_may_wait_for_their_response(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    main.smsc.script(number, Answer(after_s=1))

    await main.accepted(to=number)
    await main.accepted(to=number)

    one, two = await main.smsc.got(number, 2)
    assert (two.at - one.at < 0.9) is mended("Q11")


# covers: SMPPC-15 SMPPC-16 W-MT-12
@pytest.mark.quirk("Q12")
async def test_a_status_of_the_retry_table_is_retried_count_times_in_all(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    main.smsc.script(number, Answer(status=RTHROTTLED))

    before = time.monotonic()
    msgid = await main.accepted(to=number)
    await main.smsc.got(number, 1)
    await main.accepted(to="33612345")

    submits = await main.smsc.got(number, 3)
    after = [submitted.at - before for submitted in submits]
    assert [s for n, s in enumerate(after) if s < n * 0.9] == [], "delay is 1 s"
    # Jasmin's one prefetch slot holds the message while it waits: the next waits as well.
    behind = (await main.smsc.got("33612345"))[-1].at
    assert (behind < submits[1].at) is mended("Q12")
    await main.smsc.bell.stays(lambda: len(main.smsc.submits(number)) == 3, "three attempts", 1.5)
    line = await main.log_line("messages.log", f"[queue-msgid:{msgid}]", "[retry:False]")
    assert "[status:ERROR/CommandStatus.ESME_RTHROTTLED]" in line


# covers: SMPPC-15
async def test_a_retried_message_goes_once_the_smsc_takes_it(main: World, number: str) -> None:
    main.smsc.script(number, Answer(status=RSYSERR), Answer())

    before = time.monotonic()
    msgid = await main.accepted(to=number)

    one, two = await main.smsc.got(number, 2)
    assert two.at - before >= 0.9
    assert two.pdu.fields == one.pdu.fields
    retried = await main.log_line("messages.log", f"[queue-msgid:{msgid}]", "[retry:True]")
    assert "[status:ERROR/CommandStatus.ESME_RSYSERR]" in retried
    await main.log_line("messages.log", f"[queue-msgid:{msgid}]", "[status:CommandStatus.ESME_ROK]")


# covers: SMPPC-16
async def test_any_other_status_is_final_at_once(main: World, number: str) -> None:
    main.smsc.script(number, Answer(status=RINVDSTADR))

    msgid = await main.accepted(to=number)

    await main.smsc.got(number)
    line = await main.log_line("messages.log", f"[queue-msgid:{msgid}]")
    assert "[status:ERROR/CommandStatus.ESME_RINVDSTADR] [retry:False]" in line
    await main.smsc.bell.stays(lambda: len(main.smsc.submits(number)) == 1, "one attempt", 1.5)


# covers: SMPPC-17
async def test_a_message_without_response_is_sent_again_after_requeue_delay(
    limits: World, number: str
) -> None:
    limits.smsc.script(number, Answer(silent=True), Answer())

    before = time.monotonic()  # the SMSC may read the first one late
    msgid = await limits.accepted(to=number)

    one, two = await limits.smsc.got(number, 2, within_s=30)
    assert two.at - before >= 3, "res_to is 2 s and requeue_delay 1 s"
    assert two.session is not one.session, "a timeout ends the session"
    await limits.log_line("messages.log", f"SubmitSmPDU[{msgid}] request timed out")
    await limits.log_line(
        "messages.log", f"[queue-msgid:{msgid}]", "[status:CommandStatus.ESME_ROK]"
    )


# covers: W-MT-09
@pytest.mark.quirk("Q13")
async def test_a_message_on_a_connection_that_breaks_is_sent_again(
    limits: World, number: str, mended: Callable[[str], bool]
) -> None:
    limits.smsc.script(number, Answer(silent=True), Answer())
    await limits.smsc.is_bound("limits")

    before = time.monotonic()
    await limits.accepted(to=number)
    await limits.smsc.got(number)
    limits.smsc.drop("limits")

    _, two = await limits.smsc.got(number, 2, within_s=30)
    # Jasmin sees the loss, but waits for res_to and requeue_delay all the same.
    assert (two.at - before < 3) is mended("Q13")


# covers: SMPPC-19 HTTP-27
async def test_messages_wait_while_the_smsc_is_away(limits: World, number: str) -> None:
    port = limits.smsc.port
    await limits.smsc.close()
    try:
        msgid = await limits.accepted(to=number)
        await limits.log_line("messages.log", "Requeuing", f"SubmitSmPDU[{msgid}]")
    finally:
        await limits.smsc.open(port)

    await limits.smsc.got(number)


# covers: SMPPC-18 W-MT-02
async def test_a_message_that_waits_too_long_is_let_go(limits: World, number: str) -> None:
    await limits.smsc.is_bound("limits")
    port = limits.smsc.port
    await limits.smsc.close()
    try:
        msgid = await limits.accepted(to=number)
        await limits.log_line("messages.log", "Discarding", f"SubmitSmPDU[{msgid}]", "over-aged")
    finally:
        await limits.smsc.open(port)

    await limits.smsc.is_bound("limits")
    with pytest.raises(NeverHappened):
        await limits.smsc.got(number, within_s=1.5)


# covers: W-MT-10
@pytest.mark.quirk("Q14")
async def test_a_generic_nack_does_not_stop_the_connector(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    if not mended("Q14"):
        pytest.skip("the connector of Jasmin would stand still from here on")
    main.smsc.script(number, Answer(nack=True, status=3))

    await main.accepted(to=number)
    await main.smsc.got(number)
    await main.accepted(to="33654321")

    await main.smsc.got("33654321")
