"""How a connector binds, keeps its session and comes back (contract/smpp-client.md §3-4)."""

import itertools
import time
from collections.abc import Callable

import pytest

from compat_tests.peers import smpp
from compat_tests.peers.smsc import Session, Smsc
from compat_tests.targets.site import Connector
from compat_tests.world import World

RBINDFAIL, RINVCMDLEN = 0x0D, 0x02


def sessions_of(smsc: Smsc, system_id: str) -> list[Session]:
    """Its connections that were bound once, in order."""
    return [s for s in smsc.sessions if s.bind and s.bind["system_id"] == system_id]


def asked_to_bind(smsc: Smsc, system_id: str) -> list[tuple[float, Session]]:
    """Every bind request of it, refused ones too, with its time."""
    return [
        (at, s)
        for s in smsc.sessions
        for at, pdu in s.received
        if pdu.name.startswith("bind_") and pdu["system_id"] == system_id
    ]


async def bound_again(world: World, system_id: str, after: Session) -> Session:
    """Wait for the next session of a connector."""
    smsc = world.smsc
    return await smsc.bell.until(
        lambda: next(
            (s for s in sessions_of(smsc, system_id) if s.number > after.number and s.is_bound),
            None,
        ),
        f"another bind of {system_id}",
    )


# covers: SMPPC-01 SMPPC-02 SMPPC-03
async def test_a_transceiver_binds_with_its_fields(connectors: World) -> None:
    session = await connectors.smsc.is_bound("trx")

    assert session.bind is not None
    assert session.bind.name == "bind_transceiver"
    assert session.bind.fields == {
        "system_id": "trx",
        "password": "pass8wd",
        "system_type": "VMA",
        "interface_version": 0x34,
        "addr_ton": 1,
        "addr_npi": 8,
        "address_range": "^33.*",
    }


# covers: SMPPC-01 SMPPC-03
@pytest.mark.parametrize(("cid", "name"), [("rx1", "bind_receiver"), ("tx1", "bind_transmitter")])
async def test_a_connector_binds_in_its_mode(connectors: World, cid: str, name: str) -> None:
    session = await connectors.smsc.is_bound(cid)

    assert session.bind is not None
    assert session.bind.name == name
    assert session.bind.fields == {
        "system_id": cid,
        "password": "pw",
        "system_type": "",
        "interface_version": 0x34,
        "addr_ton": 0,
        "addr_npi": 0,
        "address_range": "",
    }


# covers: SMPPC-04
async def test_a_lost_connection_is_made_again_after_con_loss_delay(connectors: World) -> None:
    session = await connectors.smsc.is_bound("slowloss")

    connectors.smsc.drop("slowloss")

    again = await bound_again(connectors, "slowloss", session)
    assert session.closed_at is not None
    assert 1.9 <= again.opened_at - session.closed_at <= 4


# covers: SMPPC-05
async def test_a_refused_connection_is_tried_again_after_con_fail_delay(
    connectors: World,
) -> None:
    [down] = [c for c in connectors.processes.site.connectors if c.cid == "down"]
    smsc = Smsc()
    await smsc.open(_port(down))
    try:
        session = await smsc.is_bound("down")
        assert session.opened_at - time.monotonic() < 3
    finally:
        await smsc.close()


def _port(connector: Connector) -> int:
    return int(connector.keys["port"])


# covers: SMPPC-06
async def test_without_con_loss_retry_a_lost_connection_stays_lost(connectors: World) -> None:
    await connectors.smsc.is_bound("noloss")

    connectors.smsc.drop("noloss")

    await connectors.smsc.bell.stays(
        lambda: len(sessions_of(connectors.smsc, "noloss")) == 1, "one session of noloss", 3
    )


# covers: SMPPC-07 W-MT-20
async def test_a_refused_bind_is_tried_again_and_again(connectors: World) -> None:
    smsc = connectors.smsc
    session = await smsc.is_bound("refused")
    smsc.manners["refused"].bind_statuses = [RBINDFAIL] * 3

    smsc.drop("refused")

    again = await bound_again(connectors, "refused", session)
    times = [at for at, s in asked_to_bind(smsc, "refused") if s.number > session.number]
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert again.is_bound
    assert len(times) == 4
    assert [gap for gap in gaps if not 0.9 <= gap <= 3] == []


# covers: SMPPC-08
async def test_an_idle_session_asks_for_a_sign_of_life_every_elink_interval(
    connectors: World,
) -> None:
    session = await connectors.smsc.is_bound("elink")

    def times() -> list[float]:
        return [at for at, pdu in session.received if pdu.name == "enquire_link"]

    await connectors.smsc.bell.until(lambda: len(times()) >= 3, "three enquire_link")
    gaps = [later - sooner for sooner, later in itertools.pairwise(times())]
    assert [gap for gap in gaps if not 0.9 <= gap <= 2] == []


# covers: SMPPC-09
async def test_a_session_without_sign_of_life_is_ended_and_made_again(connectors: World) -> None:
    smsc = connectors.smsc
    session = await smsc.is_bound("mute")
    smsc.manners["mute"].answers_enquire_link = False

    again = await bound_again(connectors, "mute", session)

    smsc.manners["mute"].answers_enquire_link = True
    asked = [at for at, pdu in session.received if pdu.name == "enquire_link"]
    assert session.closed_at is not None
    assert 1.9 <= session.closed_at - asked[-1] <= 5, "res_to is 2 s"
    assert again.is_bound


# covers: SMPPC-10
async def test_a_session_that_is_idle_for_trx_to_is_unbound(connectors: World) -> None:
    smsc = connectors.smsc
    session = await smsc.is_bound("idle")

    await smsc.bell.until(lambda: session.closed_at, "end of the idle session")

    assert session.closed_at is not None
    assert 1.9 <= session.closed_at - session.opened_at <= 5
    assert len(session.of("unbind")) == 1
    assert session.of("enquire_link") == []


# covers: SMPPC-11
async def test_half_a_pdu_is_nacked_after_pdu_red_to_and_the_session_made_again(
    connectors: World,
) -> None:
    smsc = connectors.smsc
    session = await smsc.is_bound("partial")
    whole = smpp.build("deliver_sm", 7, 0, {"short_message": "never whole"})

    started = time.monotonic()
    smsc.write(session, whole[:20])

    await bound_again(connectors, "partial", session)
    [nack] = session.of("generic_nack")
    assert nack.status == RINVCMDLEN
    assert session.closed_at is not None
    assert 0.9 <= session.closed_at - started <= 3


# covers: SMPPC-12 W-CLI-01
async def test_with_ssl_it_binds_over_tls_to_a_certificate_nobody_vouches_for(
    other: World,
) -> None:
    session = await other.smsc.is_bound("other")

    assert session.writer.get_extra_info("cipher") is not None
    assert session.bind is not None
    assert session.bind["system_type"] == "SMPP"


async def test_an_unbind_of_the_smsc_is_answered_and_the_session_made_again(
    connectors: World,
) -> None:
    session = await connectors.smsc.is_bound("trx")

    response = await connectors.smsc.request(session, "unbind")

    assert (response.name, response.status) == ("unbind_resp", 0)
    assert (await bound_again(connectors, "trx", session)).is_bound


# covers: W-MT-20
@pytest.mark.quirk("Q8")
async def test_a_bind_that_is_never_answered_is_given_up_and_tried_again(
    connectors: World, mended: Callable[[str], bool]
) -> None:
    smsc = connectors.smsc
    await smsc.bell.until(lambda: asked_to_bind(smsc, "nobind"), "a bind request")
    if mended("Q8"):
        await smsc.bell.until(lambda: len(asked_to_bind(smsc, "nobind")) >= 3, "more of them")
        return
    await smsc.bell.until(
        lambda: all(s.closed_at for _, s in asked_to_bind(smsc, "nobind")), "its end"
    )
    count = len(asked_to_bind(smsc, "nobind"))
    await smsc.bell.stays(lambda: len(asked_to_bind(smsc, "nobind")) == count, "no further bind", 4)


# covers: SMPPC-31
async def test_each_connector_has_a_log_file(connectors: World) -> None:
    await connectors.smsc.is_bound("tx1")

    await connectors.log_line("default-tx1.log", "Bind succeeded", "BOUND_TX")
