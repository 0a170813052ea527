"""The recorded flows of HTTP messages and their receipts: queue messages, callbacks, records.

The SMSC gives each message the id of the recording and sends the recorded receipts octet by octet.
"""

import re
from typing import Any

import pytest

from compat_tests import sites
from compat_tests.peers.smsc import Answer
from compat_tests.recordings import Comparable, Flow, differences, flows
from compat_tests.world import World

FLOWS = flows("flows_http_mt_dlr")
TO = "15550001"
RECORDED_SINK = "127.0.0.1:27780"
SETTLE_S = 0.25
"""How long nothing more may come after what was recorded came."""

BY_RELEASE = ("mt_credential.state.quotas_updated: ", "authorizations.ip: ")
"""Of the user in a bill: a mark of unsaved quotas, and a permission that 0.11.0 has not."""

LEVELS = [(level, method) for level in "123" for method in ("GET", "POST")]
STATES = ("ACCEPTD", "UNKNOWN", "EXPIRED", "DELETED", "UNDELIV", "REJECTD", "DELIVRD")


class Live:
    """Watches one flow on the running gateway."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._tapped, self._called = len(world.tap.messages), len(world.sink.calls)

    async def publishes(self, flow: Flow) -> list[dict[str, Any]]:
        """As many as recorded and no more, in the order they came."""
        tap, count = self.world.tap, len(flow.publishes)
        await tap.bell.until(
            lambda: len(tap.messages) - self._tapped >= count, f"{count} publishes"
        )
        await tap.bell.stays(
            lambda: len(tap.messages) - self._tapped == count, f"{count} publishes", SETTLE_S
        )
        live = Comparable(f"127.0.0.1:{self.world.sink.port}")
        return [
            live.publish(m.exchange, m.routing_key, m.properties, m.headers, m.body)
            for m in tap.messages[self._tapped :]
        ]

    async def callbacks(self, flow: Flow) -> list[Any]:
        sink = self.world.sink
        await sink.bell.until(
            lambda: len(sink.calls) - self._called >= len(flow.callbacks), "callbacks as recorded"
        )
        live = Comparable(f"127.0.0.1:{sink.port}")
        return [
            live.callback(c.method, c.target, c.headers, c.body.decode())
            for c in sink.calls[self._called :]
        ]


def recorded_publishes(flow: Flow) -> list[dict[str, Any]]:
    then = Comparable(RECORDED_SINK)
    return [
        then.publish(
            p["exchange"],
            p["routing_keys"][0],
            {k: v for k, v in p["properties"].items() if k != "headers"},
            {k: _octets(v) for k, v in p["properties"].get("headers", {}).items()},
            bytes.fromhex(p["body_hex"]),
        )
        for p in flow.publishes
    ]


def recorded_callbacks(flow: Flow) -> list[Any]:
    then = Comparable(RECORDED_SINK)
    return [
        then.callback(c["method"], c["target"], c["headers"], c["body_text"])
        for c in flow.callbacks
    ]


def _octets(value: Any) -> Any:
    return bytes.fromhex(value["$bytes"]) if isinstance(value, dict) else value


def in_any_order(publishes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Daemons publish side by side: only the order within one key is the flow's."""
    return sorted(publishes, key=lambda p: str(p["key"]))


async def compare(live: Live, flow: Flow) -> None:
    publishes = in_any_order(await live.publishes(flow))
    found = differences(publishes, in_any_order(recorded_publishes(flow)))
    assert [line for line in found if not any(name in line for name in BY_RELEASE)] == []
    assert differences(await live.callbacks(flow), recorded_callbacks(flow)) == []


async def replay_submit(world: World, flow: Flow, answer: Answer, **arguments: str) -> str:
    """Send with the recorded arguments and compare; the message id."""
    world.smsc.script(TO, answer)
    live = Live(world)
    msgid = await world.accepted(user=sites.FULL, to=TO, **arguments)
    await compare(live, flow)
    return msgid


async def replay_receipt(world: World, flow: Flow) -> None:
    """Send the recorded receipt and compare."""
    live = Live(world)
    assert flow.injected is not None
    assert flow.response is not None
    response = await world.smsc.request_octets(world.smsc.bound("con1")[-1], flow.injected)
    assert (response.name, response.status) == (flow.response.name, flow.response.status)
    await compare(live, flow)


def receipted_id(flow: Flow) -> str:
    """The SMSC's id in the recorded receipt: of its text or its TLV."""
    assert flow.injected is not None
    found = re.search(rb"id:(?:000)?(m\d+)", flow.injected) or re.search(
        rb"\x00\x1e\x00.(m\d+)\0", flow.injected
    )
    assert found is not None, flow
    return found[1].decode()


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

    await replay_submit(
        main,
        submit,
        Answer(message_id=submit.message_id),
        dlr="yes",
        dlr_level=level,
        dlr_url=url,
        dlr_method=method,
    )
    await replay_receipt(main, receipt)


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
    await level_2(main, receipted_id(flow))

    await replay_receipt(main, flow)


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
    await level_2(main, receipted_id(flow))

    await replay_receipt(main, flow)


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

    await replay_submit(
        main,
        submit,
        Answer(message_id=submit.message_id),
        dlr="yes",
        dlr_level="3",
        dlr_url=main.sink.url("/case"),
        dlr_method="POST",
    )
    await replay_receipt(main, FLOWS["receipt with same raw id"])
