"""Replays recorded flows on a running gateway and compares what it does with the recording.

The SMSC gives each message the id of the recording and sends the recorded receipts octet by octet.
"""

import re
from collections.abc import Callable
from typing import Any

from compat_tests import sites
from compat_tests.peers.sink import Call
from compat_tests.peers.smsc import Answer
from compat_tests.peers.tap import Tapped
from compat_tests.quirks import is_mended
from compat_tests.recordings import Comparable, Flow, differences
from compat_tests.world import World

TO = "15550001"
RECORDED_SINK = "127.0.0.1:27780"
SETTLE_S = 0.25
"""How long nothing more may come after what was recorded came."""

SUBMIT = "submit.sm.con1"

BILL = ".headers.submit_sm_bill.state.user.state.password: "
BY_RELEASE = ("mt_credential.state.quotas_updated: ", "authorizations.ip: ")
"""Of the user in a bill: a mark of unsaved quotas, and a permission that 0.11.0 has not."""


def every(key: str) -> bool:
    """Compare messages of this routing key: all."""
    return True


class Live:
    """Watches one flow on the running gateway, whatever still comes of messages before it."""

    def __init__(
        self, world: World, which: Callable[[str], bool] = every, *, msgid: str | None = None
    ) -> None:
        """`which` routing keys are compared; `msgid`: the flow's own message, when sent already."""
        self.world, self.which = world, which
        self._tapped, self._called = len(world.tap.messages), len(world.sink.calls)
        self._others = {m.msgid for m in world.tap.messages if m.routing_key.startswith(SUBMIT)}
        self._others.discard(msgid or "")

    async def publishes(self, flow: Flow) -> list[dict[str, Any]]:
        """As many as recorded and no more, in the order they came."""
        bell, count = self.world.tap.bell, len(recorded_publishes(flow, self.which))
        await bell.until(lambda: len(self._seen()) >= count, f"{count} publishes")
        await bell.stays(lambda: len(self._seen()) == count, f"{count} publishes", SETTLE_S)
        live = Comparable(f"127.0.0.1:{self.world.sink.port}")
        return [
            live.publish(m.exchange, m.routing_key, m.properties, m.headers, m.body)
            for m in self._seen()
        ]

    def _seen(self) -> list[Tapped]:
        return [
            m
            for m in self.world.tap.messages[self._tapped :]
            if self.which(m.routing_key) and m.msgid not in self._others
        ]

    async def callbacks(self, flow: Flow) -> list[Any]:
        sink = self.world.sink
        await sink.bell.until(
            lambda: len(self._calls()) >= len(flow.callbacks), "callbacks as recorded"
        )
        live = Comparable(f"127.0.0.1:{sink.port}")
        return [
            live.callback(c.method, c.target, c.headers, c.body.decode()) for c in self._calls()
        ]

    def _calls(self) -> list[Call]:
        calls = self.world.sink.calls[self._called :]
        return [c for c in calls if c.arguments.get("id") not in self._others]


def recorded_publishes(flow: Flow, which: Callable[[str], bool]) -> list[dict[str, Any]]:
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
        if which(p["routing_keys"][0])
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
    found = differences(publishes, in_any_order(recorded_publishes(flow, live.which)))
    ignored = [*BY_RELEASE, *([BILL] if is_mended("Q27", live.world.target) else [])]
    assert [line for line in found if not any(name in line for name in ignored)] == []
    assert differences(await live.callbacks(flow), recorded_callbacks(flow)) == []


async def replay_submit(
    world: World,
    flow: Flow,
    *answers: Answer,
    which: Callable[[str], bool] = every,
    **arguments: str,
) -> str:
    """Send with the recorded arguments and compare; the message id."""
    world.smsc.script(TO, *answers)
    live = Live(world, which)
    msgid = await world.accepted(user=sites.FULL, to=TO, **arguments)
    await compare(live, flow)
    return msgid


async def replay_receipt(world: World, flow: Flow, msgid: str) -> None:
    """Send the recorded receipt for this message of ours and compare."""
    live = Live(world, msgid=msgid)
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
