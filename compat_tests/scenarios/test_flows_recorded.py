"""The recorded flows of HTTP messages and their receipts: queue messages, callbacks, records."""

import pytest

from compat_tests import sites
from compat_tests.peers.smsc import Answer
from compat_tests.recordings import flows
from compat_tests.replay import TO, receipted_id, replay_receipt, replay_submit
from compat_tests.world import World

pytestmark = pytest.mark.quirk("Q27")

FLOWS = flows("flows_http_mt_dlr")

LEVELS = [(level, method) for level in "123" for method in ("GET", "POST")]
STATES = ("ACCEPTD", "UNKNOWN", "EXPIRED", "DELETED", "UNDELIV", "REJECTD", "DELIVRD")


# covers: AMQP-01 AMQP-02 SMPPC-29
async def test_a_plain_message_publishes_as_recorded(main: World) -> None:
    flow = FLOWS["http mt: plain, no dlr"]

    await replay_submit(main, flow, Answer(message_id=flow.message_id))


# covers: AMQP-02 LONG-04 LONG-06
async def test_a_message_of_three_parts_publishes_as_recorded(main: World) -> None:
    flow = FLOWS["http mt: 3 parts"]

    await replay_submit(main, flow, Answer(message_id=flow.message_id), content="a" * 400)


# covers: DLR-01 DLR-02 DLR-03 DLR-04 DLR-09 DLR-17 DLR-19
@pytest.mark.parametrize(("level", "method"), LEVELS)
async def test_a_message_with_dlr_and_its_receipt_go_as_recorded(
    main: World, level: str, method: str
) -> None:
    submit = FLOWS[f"http mt dlr: level {level} {method} (submit)"]
    receipt = FLOWS[f"http mt dlr: level {level} {method} (receipt DELIVRD text)"]
    url = main.sink.url(f"/dlr{level}?keep=me")

    msgid = await replay_submit(
        main,
        submit,
        Answer(message_id=submit.message_id),
        dlr="yes",
        dlr_level=level,
        dlr_url=url,
        dlr_method=method,
    )
    await replay_receipt(main, receipt, msgid)


async def test_dlr_without_url_publishes_as_recorded(main: World) -> None:
    flow = FLOWS["http mt dlr: yes but no dlr-url"]

    await replay_submit(main, flow, Answer(message_id=flow.message_id), dlr="yes", dlr_level="3")


async def level_2(main: World, message_id: str) -> str:
    """A message that waits for its receipt at /st by POST, as the recordings' were."""
    main.smsc.script(TO, Answer(message_id=message_id))
    url = main.sink.url("/st")
    msgid = await main.accepted(
        user=sites.FULL, to=TO, dlr="yes", dlr_level="2", dlr_url=url, dlr_method="POST"
    )
    await main.tap.got(msgid, "submit.sm.resp.")
    await main.record(f"queue-msgid:{message_id.upper()}")
    return msgid


# covers: DLR-02 DLR-08 DLR-09
@pytest.mark.parametrize("form", ["text", "tlv", "both"])
@pytest.mark.parametrize("state", STATES)
async def test_a_receipt_of_each_state_and_form_goes_as_recorded(
    main: World, state: str, form: str
) -> None:
    flow = FLOWS[f"receipt state {state} as {form}"]
    msgid = await level_2(main, receipted_id(flow))

    await replay_receipt(main, flow, msgid)


# covers: DLR-10 DLR-11 SMPPC-33 SMPPC-34
@pytest.mark.parametrize(
    "name",
    [
        "receipt state ENROUTE as tlv",
        "receipt state ENROUTE as both",
        "receipt variant: err:1 padded",
        "receipt variant: lower-case id prefix zeros",
        "receipt in data_sm (tlv)",
    ],
)
async def test_a_receipt_of_another_dialect_goes_as_recorded(main: World, name: str) -> None:
    flow = FLOWS[name]
    msgid = await level_2(main, receipted_id(flow))

    await replay_receipt(main, flow, msgid)


# covers: DLR-18 DLR-20
@pytest.mark.parametrize("level", "123")
@pytest.mark.parametrize(
    ("name", "status"), [("ESME_RSUBMITFAIL", 0x45), ("ESME_RINVDSTADR", 0x0B)]
)
async def test_a_refused_message_is_reported_as_recorded(
    main: World, name: str, status: int, level: str
) -> None:
    flow = FLOWS[f"http mt dlr: submit_sm_resp {name} level {level}"]

    await replay_submit(
        main,
        flow,
        Answer(status=status),
        dlr="yes",
        dlr_level=level,
        dlr_url=main.sink.url("/err"),
        dlr_method="POST",
    )


# covers: DLR-11
async def test_message_ids_of_other_cases_and_zeros_match_as_recorded(main: World) -> None:
    submit = FLOWS["http mt dlr: smsc message_id with leading zeros and lower case"]

    msgid = await replay_submit(
        main,
        submit,
        Answer(message_id=submit.message_id),
        dlr="yes",
        dlr_level="3",
        dlr_url=main.sink.url("/case"),
        dlr_method="POST",
    )
    await replay_receipt(main, FLOWS["receipt with same raw id"], msgid)


# covers: DLR-11
async def test_an_answer_without_a_message_id_is_reported_and_kept_as_recorded(
    main: World,
) -> None:
    """Its record's key ends at the colon, as that of an id of zeros: the last one has it."""
    await main.store.delete("queue-msgid:")

    msgid = await replay_submit(
        main,
        FLOWS["http mt dlr: empty smsc message_id"],
        Answer(message_id=""),
        dlr="yes",
        dlr_level="3",
        dlr_url=main.sink.url("/case"),
        dlr_method="POST",
    )

    assert await main.record("queue-msgid:") == {"msgid": msgid, "connector_type": "httpapi"}
    assert (await main.record(f"dlr:{msgid}"))["level"] == "3"
