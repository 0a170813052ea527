"""Whatever happens at whichever step: nothing accepted is lost, nothing recorded is sent again.

The promises of design D9, from `Success` to the callback's ACK, for every call a process makes to
the outside: killed before or after it, stopped at once, or told that it failed.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jasmin_compat.ports import Answered, PartOutcome, Unanswered
from tests.flows.crashing import KINDS, Answer, Kind, Sent, World

THROTTLED = Answered(0x58, b"")
LOST = Unanswered("connection lost")


def first(outcome: PartOutcome) -> Answer:
    """Segments are accepted when they come again."""
    return lambda nth: outcome if nth == 0 else None


@dataclass(frozen=True)
class Scene:
    """One message, and what becomes of it."""

    sent: Sent
    answer: Answer = lambda _: None
    refuses_first: bool = False

    def run(self, *lives: Mapping[int, Kind]) -> World:
        world = World([self.sent], answer=self.answer, refuses_first=self.refuses_first)
        asyncio.run(world.live(*lives))
        return world


SCENES = {
    "level 3": Scene(Sent(name="a")),
    "level 2": Scene(Sent(name="a", level=2)),
    "level 1": Scene(Sent(name="a", level=1)),
    "no reports": Scene(Sent(name="a", level=0)),
    "two parts": Scene(Sent(name="a", parts=2)),
    "throttled first": Scene(Sent(name="a"), answer=first(THROTTLED)),
    "unanswered first": Scene(Sent(name="a"), answer=first(LOST)),
    "refused": Scene(Sent(name="a"), answer=lambda _: Answered(0x0B, b"")),
    "callbacks refused first": Scene(Sent(name="a"), refuses_first=True),
}

SENT_AGAIN = {
    "submit": {"killed after", "stopped after", "answer lost"},
    "record_sent": {"killed before", "stopped before"},
}
"""On the wire, and not recorded."""
REPLIED_AGAIN = {
    "publish dlr.submit_sm_resp",
    "publish bill_request.submit_sm_resp.full",
    "settle submits with Ack",
}
"""The outcome was published, and its message not settled."""
CALLED_AGAIN = REPLIED_AGAIN | {
    "publish dlr_thrower.http",
    "map_smpp_msgids",
    "finish_segment",
    "forget",
    "settle lookups with Ack",
    "call",
    "settle callbacks with Ack",
    "settle callbacks with Delay",
    "charge late",
    "settle bills with Ack",
}
"""The same of each hop that follows. The late bill is charged meanwhile."""


# covers: W-MT-14 W-MT-15 W-MT-31 W-AMQP-03 W-AMQP-05 W-AMQP-08
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_a_fault_at_any_step_loses_nothing_and_repeats_what_it_must(
    scene: Scene, kind: Kind
) -> None:
    smooth = scene.run()
    for step in range(len(smooth.lives[0].names)):
        world = scene.run({step: kind})
        (met,) = world.met()
        if not world.accepted:
            assert met in ("charge", "remember", "publish submit.sm.con1")
            assert world.paid() <= smooth.paid(), (met, kind)
            continue
        assert world.paid() == smooth.paid(), met
        assert_nothing_is_lost(world, met)
        assert world.receiver.statuses == smooth.receiver.statuses, met
        assert more(world.smsc.came, smooth.smsc.came) <= (kind in SENT_AGAIN.get(met, ())), met
        assert more(world.replies, smooth.replies) <= (met in REPLIED_AGAIN), met
        assert more(world.receiver.acked, smooth.receiver.acked) <= (met in CALLED_AGAIN), met


def more(seen: Counter[str] | Counter[tuple[str, str]], once: Mapping[object, int]) -> int:
    """How many more of any came than without a fault."""
    return max((count - once.get(key, 0) for key, count in seen.items()), default=0)


def assert_nothing_is_lost(world: World, why: object) -> None:
    """That nothing is sent after it was recorded, the SMSC asserts itself."""
    for sent in world.accepted:
        segments = [f"{sent.name}/{index}" for index in range(sent.parts)]
        assert all(world.smsc.came[segment] for segment in segments), why
        assert world.replies[sent.name], why
        levels = {1: ("1",), 2: ("2",), 3: ("1", "2"), 0: ()}[sent.level]
        refused = world.receiver.statuses.get((sent.name, "1")) == "ESME_RINVDSTADR"
        for level in levels if not refused else ():
            assert world.receiver.acked[sent.name, level], why
        assert asyncio.run(world.store.request(sent.name)) is None, why  # type: ignore[arg-type]
    assert not any(name.endswith(".dead") for name in world.queues._queues), why


# covers: W-MT-31 W-AMQP-05
@settings(max_examples=60, deadline=None)
@given(
    sent=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), min_size=1, max_size=5),
    outcomes=st.lists(st.sampled_from([None, THROTTLED, LOST]), max_size=2),
    refuses_first=st.booleans(),
    store_away=st.sampled_from(["refuse", "wait"]),
    lives=st.lists(
        st.dictionaries(st.integers(0, 60), st.sampled_from(KINDS), max_size=4), max_size=4
    ),
)
def test_faults_of_one_process_after_the_other_lose_nothing(
    sent: list[tuple[int, int]],
    outcomes: list[PartOutcome | None],
    refuses_first: bool,
    store_away: Literal["refuse", "wait"],
    lives: list[dict[int, Kind]],
) -> None:
    messages = [
        Sent(name=f"m{n}", parts=parts, level=level) for n, (parts, level) in enumerate(sent)
    ]
    world = World(
        messages,
        answer=lambda nth: outcomes[nth] if nth < len(outcomes) else None,
        refuses_first=refuses_first,
        store_away=store_away,
    )
    asyncio.run(world.live(*lives))
    assert_nothing_is_lost(world, world.met())
    assert sum(sent.parts for sent in world.accepted) <= world.paid()
    assert world.paid() <= sum(sent.parts for sent in messages)
    statuses = {status for (_, level), status in world.receiver.statuses.items() if level == "1"}
    assert statuses <= {"ESME_ROK"}
    if not world.met():
        assert set(world.receiver.acked.values()) <= {1}
        assert set(world.replies.values()) == {1}
