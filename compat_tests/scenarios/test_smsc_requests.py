"""What a bound connector answers to each kind of PDU an SMSC may send.

The recording says what Jasmin's own client answered. Where it refuses what is well formed, or drops
the session, ours goes on (Q9).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from compat_tests import sites
from compat_tests.peers.smpp import Pdu
from compat_tests.peers.smsc import Session
from compat_tests.waiting import NeverHappened
from compat_tests.world import World
from tests import golden

ANSWER_S = 0.3
"""How long an answer that must not come is waited for."""


@dataclass(frozen=True, slots=True)
class Case:
    """A recorded PDU."""

    name: str
    octets: bytes = field(repr=False)
    answer: str
    """`deliver_sm_resp/0x0`, `no answer`."""
    drops: bool
    """Jasmin ended the session."""
    broken: str
    """What is wrong with its octets; empty: nothing."""

    @property
    def is_answered_well(self) -> bool:
        return self.answer.endswith("/0x0") and not self.drops


def recorded_requests() -> list[Case]:
    return [_case(p) for p in golden.load("pdus")["pdus"] if p["sent_as"] == "req"]


def _case(recorded: dict[str, Any]) -> Case:
    answer, _, dropped = recorded["jasmin_client_answered"].partition(", ")
    verdict = recorded["a_lossless_codec"]
    return Case(
        name=recorded["id"],
        octets=bytes.fromhex(recorded["hex"]),
        answer=answer,
        drops=bool(dropped),
        broken=verdict.removeprefix("LOSSLESS").strip(),
    )


CASES = recorded_requests()
WELL = [c for c in CASES if c.is_answered_well]
SILENT = [c for c in CASES if c.answer == "no answer" and not c.drops]
UNBINDS = {"unbind", "outbind"}
ILL = [
    c
    for c in CASES
    if c not in WELL + SILENT and c.answer and c.name not in UNBINDS and "FRAMING" not in c.broken
]


ANSWERS_OF_OURS = {
    "bind_trx_to_esme": "bind_transceiver_resp/0x3",  # nothing an ESME does: ESME_RINVCMDID
    "unknown_cmd_0x00010203": "generic_nack/0x3",
    "unknown_cmd_broadcast_0x111": "generic_nack/0x3",
    "unknown_resp_0x80000112": "no answer",  # responses are not answered
    "nack_unsolicited_seq0": "no answer",
    # the body ends too early: ESME_RINVMSGLEN
    "cancel_sm": "cancel_sm_resp/0x1",
    "submit_multi": "submit_multi_resp/0x1",
    "deliver_cut_after_addr": "deliver_sm_resp/0x1",
    "deliver_cut_before_sm_length": "deliver_sm_resp/0x1",
    "deliver_header_only": "deliver_sm_resp/0x1",
    "deliver_src_unterminated": "deliver_sm_resp/0x1",
    "mo_sm_length_lies_long": "deliver_sm_resp/0x1",
    "mo_tlv_truncated_value": "deliver_sm_resp/0xc0",  # ESME_RINVOPTPARSTREAM
}
"""To what Jasmin refuses (Q9); all others are messages and receipts, which are taken."""


async def bind_of(world: World) -> Session:
    """A session of the connectors that are there for this."""
    smsc, names = world.smsc, {f"pdu{n}" for n in range(sites.PDU_CONNECTORS)}
    return await smsc.bell.until(
        lambda: next(
            (s for s in smsc.bound() if s.bind is not None and s.bind["system_id"] in names), None
        ),
        "a bound session",
    )


async def answer_to(world: World, session: Session, octets: bytes, within_s: float) -> Pdu | None:
    """The next PDU the gateway sends on this session but enquire_link; None: none."""
    seen = len(session.received)

    def look() -> Pdu | None:
        new = [pdu for _, pdu in session.received[seen:] if pdu.name != "enquire_link"]
        return new[0] if new else None

    world.smsc.write(session, octets)
    try:
        return await world.smsc.bell.until(look, "answer", within_s)
    except NeverHappened:
        return None


async def stays_bound(world: World, session: Session) -> None:
    alive = await world.smsc.request(session, "enquire_link")
    assert (alive.name, alive.status) == ("enquire_link_resp", 0)


def said(pdu: Pdu | None) -> str:
    return f"{pdu.name}/{pdu.status:#x}" if pdu is not None else "no answer"


# covers: SMPPC-33 MO-11
@pytest.mark.quirk("Q10", "Q26")
@pytest.mark.parametrize("case", WELL, ids=lambda c: c.name)
async def test_what_jasmin_takes_is_answered_with_the_same(
    connectors: World, case: Case, mended: Callable[[str], bool]
) -> None:
    session = await bind_of(connectors)

    answer = await answer_to(connectors, session, case.octets, 5)

    expected = case.answer
    if case.name == "mo_sar_num_only" and not mended("Q10"):
        expected = "deliver_sm_resp/0xff"
    if case.name == "submit_sm_to_esme" and mended("Q26"):
        expected = "submit_sm_resp/0x3"
    assert said(answer) == expected
    assert answer is not None
    assert answer.seq == int.from_bytes(case.octets[12:16], "big")
    await stays_bound(connectors, session)


@pytest.mark.quirk("Q26")
@pytest.mark.parametrize("case", SILENT, ids=lambda c: c.name)
async def test_what_jasmin_passes_over_in_silence_gets_no_answer(
    connectors: World, case: Case, mended: Callable[[str], bool]
) -> None:
    session = await bind_of(connectors)

    answer = await answer_to(connectors, session, case.octets, ANSWER_S)

    refused = case.name == "query_sm" and mended("Q26")
    assert said(answer) == ("query_sm_resp/0x3" if refused else "no answer")
    await stays_bound(connectors, session)


async def was_published(world: World, before: int) -> None:
    """What the SMSC delivered is on the broker: as a message, or as a receipt."""
    await world.tap.bell.until(
        lambda: any(
            tapped.routing_key.startswith("deliver.sm.") or tapped.routing_key == "dlr.deliver_sm"
            for tapped in world.tap.messages[before:]
        ),
        "the message or receipt on the broker",
    )


# covers: W-CLI-05
@pytest.mark.quirk("Q9")
@pytest.mark.parametrize("case", ILL, ids=lambda c: c.name)
async def test_what_jasmin_refuses_does_not_cost_the_session(
    connectors: World, case: Case, mended: Callable[[str], bool]
) -> None:
    session = await bind_of(connectors)
    before = len(connectors.tap.messages)
    ours = ANSWERS_OF_OURS.get(case.name, "deliver_sm_resp/0x0")
    is_silent = "no answer" in (ours if mended("Q9") else case.answer)

    answer = await answer_to(connectors, session, case.octets, ANSWER_S if is_silent else 5)

    if mended("Q9"):
        assert said(answer) == ours
        assert answer is None or answer.seq == int.from_bytes(case.octets[12:16], "big")
        if ours.endswith("/0x0"):
            await was_published(connectors, before)
        await stays_bound(connectors, session)
        return
    assert said(answer) == case.answer
    if case.drops:
        await connectors.smsc.bell.until(lambda: session.closed_at, "end of the session")
    else:
        await stays_bound(connectors, session)
