"""Messages of three parts whose receipts and answers come as in the recording.

Its message ids m1, m2, … are called q1, q2, … here: test_flows_recorded uses the same.
"""

import copy
import dataclasses
from collections.abc import Callable

import pytest

from compat_tests.peers.smsc import Answer
from compat_tests.recordings import Flow, flows
from compat_tests.replay import replay_receipt, replay_submit
from compat_tests.world import World

FLOWS = flows("multipart_dlr")
CONTENT = "abcdefghij" * 40
RECEIPTS = {
    "last only": [3],
    "first only": [1],
    "middle only": [2],
    "first second last": [1, 2, 3],
    "last second first": [3, 2, 1],
    "last ACCEPTD then last DELIVRD": [3, 3],
    "last UNDELIV": [3],
}


def of_the_report(key: str) -> bool:
    """The recording has no copies of responses; bodies of submits are test_flows_recorded's."""
    return not key.startswith("submit.sm.")


def receipts_of(name: str, level: str) -> list[Flow]:
    head = f"{name} level {level}: receipt" if name == "last only" else f"{name}: receipt"
    return [
        dataclasses.replace(flow, injected=(flow.injected or b"").replace(b"id:m", b"id:q"))
        for flow in FLOWS.values()
        if flow.name.startswith(head)
    ]


def answers_of(flow: Flow) -> list[Answer]:
    return [
        Answer(status=pdu.status, message_id=pdu.fields.get("message_id", "").replace("m", "q"))
        for pdu in flow.answers
    ]


# covers: DLR-02 DLR-03 LONG-11
@pytest.mark.parametrize(
    ("name", "level"),
    [("last only", "1"), ("last only", "2"), *((name, "3") for name in RECEIPTS)],
)
async def test_receipts_of_parts_are_called_back_as_recorded(
    main: World, name: str, level: str
) -> None:
    head = f"{name} level {level}" if name == "last only" else name
    submit = FLOWS[f"{head}: submit 3 parts, dlr-level {level}"]
    path = "/" + head.replace(" ", "_")

    msgid = await replay_submit(
        main,
        submit,
        *answers_of(submit),
        which=of_the_report,
        content=CONTENT,
        dlr="yes",
        dlr_level=level,
        dlr_url=main.sink.url(path),
        dlr_method="POST",
    )
    receipts = receipts_of(name, level)
    assert len(receipts) == len(RECEIPTS[name])
    for receipt in receipts:
        await replay_receipt(main, receipt, msgid)


def with_id(flow: Flow, smpp_msgid: str) -> Flow:
    """As if the recording named this id in `dlr.submit_sm_resp`."""
    publishes = copy.deepcopy(flow.publishes)
    [reply] = [p for p in publishes if p["routing_keys"] == ["dlr.submit_sm_resp"]]
    reply["properties"]["headers"]["smpp_msgid"] = smpp_msgid
    return dataclasses.replace(flow, publishes=publishes)


# covers: DLR-01 DLR-20 W-MT-17
@pytest.mark.quirk("Q24")
@pytest.mark.parametrize("part", [1, 2, 3])
async def test_a_message_with_one_part_refused_is_reported_as_recorded(
    main: World, part: int, mended: Callable[[str], bool]
) -> None:
    flow = FLOWS[f"part {part} answered ESME_RSUBMITFAIL"]
    answers = answers_of(flow)
    if mended("Q24"):
        flow = FLOWS["part 3 answered ESME_RSUBMITFAIL"]

    await replay_submit(
        main,
        flow,
        *answers,
        which=of_the_report,
        content=CONTENT,
        dlr="yes",
        dlr_level="3",
        dlr_url=main.sink.url(flow.callbacks[0]["target"]),
        dlr_method="POST",
    )


@pytest.mark.quirk("Q25")
async def test_parts_answered_in_reverse_order_are_reported_as_recorded(
    main: World, mended: Callable[[str], bool]
) -> None:
    flow = FLOWS["submit_sm_resp in reverse order"]
    if mended("Q25"):
        flow = with_id(flow, "M42")
    q40, q41, q42 = sorted(answer.message_id or "" for answer in answers_of(flow))

    await replay_submit(
        main,
        flow,
        Answer(message_id=q40, after_s=0.6),
        Answer(message_id=q41, after_s=0.4),
        Answer(message_id=q42, after_s=0.2),
        which=of_the_report,
        content=CONTENT,
        dlr="yes",
        dlr_level="3",
        dlr_url=main.sink.url("/ooo"),
        dlr_method="POST",
    )
