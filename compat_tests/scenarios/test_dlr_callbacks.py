"""DLR callbacks over HTTP: what acknowledges one, retries, redirects (contract/dlr.md §6)."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio

from compat_tests.peers.sink import ACK, Call, Reply
from compat_tests.peers.smsc import Answer
from compat_tests.world import World
from tests import golden

NO = Reply(body=b"NO")
RETRY_S = 1.0
"""[dlr-thrower] retry_delay of site main."""
RETRIES_S = 20.0
"""Four attempts, each after the 2 s of http_timeout at worst, and some air."""
IN_TIME = {"slow5": 0.5, "slow35": 4.0}
"""The recording's delays, scaled from its timeout of 30 s to the 2 s of site main."""


def recorded_answers() -> list[dict[str, Any]]:
    """The recording's kinds of answers, each with the attempts it led to."""
    flows = golden.load("callbacks_and_retries")["flows"]
    [flow] = [f for f in flows if f["name"] == "all answers in parallel"]
    attempts = flow["attempt_times_by_path"]
    return [
        {**answer, "attempts": attempts[f"/dlr-{answer['name']}"]["attempts"], "method": method}
        for answer, method in zip(flow["answers"], ["POST", "GET"] * 20, strict=False)
        if answer["name"] != "failthenok"
    ]


ANSWERS = recorded_answers()


def reply(answer: dict[str, Any]) -> Reply:
    options = answer["opts"]
    return Reply(
        status=answer["status"],
        body=answer["body"].encode("latin-1"),
        headers=tuple((k, v) for k, v in options.get("headers", [])),
        delay_s=IN_TIME.get(answer["name"], 0.0),
        drops=options.get("drop", False),
    )


@pytest_asyncio.fixture(scope="module")
async def all_answered(main: World) -> World:
    """One level-1 message for each kind of answer, all at once, as recorded."""
    for answer in ANSWERS:
        path = f"/ack-{answer['name']}"
        main.sink.script(path, reply(answer))
        await main.accepted(
            to="33611111",
            dlr="yes",
            dlr_level="1",
            dlr_url=main.sink.url(path),
            dlr_method=answer["method"],
        )
    return main


# covers: DLR-05 DLR-06 DLR-07 DLR-22
@pytest.mark.quirk("Q20")
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: a["name"])
async def test_each_kind_of_answer_leads_to_as_many_attempts_as_recorded(
    all_answered: World, answer: dict[str, Any], mended: Callable[[str], bool]
) -> None:
    sink, path, count = all_answered.sink, f"/ack-{answer['name']}", answer["attempts"]

    def attempts() -> list[Call]:
        calls = sink.at(path)
        return first_of_each_attempt(calls) if answer["opts"].get("drop") else calls

    await sink.bell.until(lambda: len(attempts()) >= count, f"{count} attempts", RETRIES_S)

    gaps = [later.at - sooner.at for sooner, later in itertools.pairwise(attempts())]
    assert [gap for gap in gaps if gap < RETRY_S * 0.9] == []
    more = 2 * RETRY_S if count > 1 else 0.2
    await sink.bell.stays(lambda: len(attempts()) == count, f"{count} attempts", more)
    assert {call.body for call in sink.at(path)} == {attempts()[0].body}
    requests_per_attempt = 2 if answer["opts"].get("drop") and mended("Q20") else 1
    assert len(sink.at(path)) <= requests_per_attempt * count
    assert all(
        two_later.at - call.at > RETRY_S / 2
        for call, two_later in zip(sink.at(path), sink.at(path)[2:], strict=False)
    )


def first_of_each_attempt(calls: list[Call]) -> list[Call]:
    """Without those made at once again because a connection kept from before was closed."""
    pairs = itertools.pairwise(calls)
    return calls[:1] + [later for sooner, later in pairs if later.at - sooner.at > RETRY_S / 2]


# covers: DLR-06
async def test_after_the_last_attempt_the_callback_is_given_up_and_logged(
    main: World, number: str
) -> None:
    main.sink.script("/given-up", NO)

    msgid = await main.accepted(
        to=number, dlr="yes", dlr_level="1", dlr_url=main.sink.url("/given-up"), dlr_method="GET"
    )

    await main.sink.got("/given-up", 4)
    await main.log_line("dlr-thrower.log", "WARNING", f"[msgid:{msgid}]", "purged from queue")


# covers: DLR-05
async def test_a_refused_callback_is_tried_again_until_it_is_acknowledged(
    main: World, number: str
) -> None:
    main.sink.script("/second-time", Reply(status=500, body=b""), ACK)

    await main.accepted(to=number, dlr="yes", dlr_level="1", dlr_url=main.sink.url("/second-time"))

    one, two = await main.sink.got("/second-time", 2)
    assert two.at - one.at >= RETRY_S * 0.9
    await main.sink.bell.stays(lambda: len(main.sink.at("/second-time")) == 2, "two attempts", 1.5)


# covers: DLR-22
async def test_a_get_callback_follows_a_redirect(main: World, number: str) -> None:
    there = ("Location", main.sink.url("/moved-here?and=more"))
    main.sink.script("/moved", Reply(status=302, body=b"", headers=(there,)))

    await main.accepted(
        to=number, dlr="yes", dlr_level="1", dlr_url=main.sink.url("/moved"), dlr_method="GET"
    )

    [call] = await main.sink.got("/moved-here")
    assert call.method == "GET"
    await main.sink.bell.stays(lambda: len(main.sink.at("/moved")) == 1, "one attempt", 1.5)


# covers: DLR-04
async def test_callbacks_carry_the_headers_and_arguments_of_jasmin(
    main: World, number: str
) -> None:
    url = main.sink.url("/arguments?already=here")

    msgid = await main.accepted(to=number, dlr="yes", dlr_level="2", dlr_url=url, dlr_method="GET")
    [submitted] = await main.smsc.got(number)
    assert submitted.message_id is not None
    await main.record(f"queue-msgid:{submitted.message_id}")
    await main.smsc.receipt(submitted.message_id)

    [call] = await main.sink.got("/arguments")
    assert call.header("User-Agent") == "Jasmin gateway/1.0 DLRThrower"
    assert call.header("Accept") == "text/plain"
    assert call.header("Content-Type") == "application/x-www-form-urlencoded"
    assert list(call.arguments.items()) == [
        ("already", "here"),
        ("id", msgid),
        ("level", "2"),
        ("message_status", "DELIVRD"),
        ("connector", submitted.message_id),
        ("id_smsc", submitted.message_id),
        ("sub", "001"),
        ("dlvrd", "001"),
        ("subdate", "2611231200"),
        ("donedate", "2611231201"),
        ("err", "000"),
        ("text", "hello"),
    ]


# covers: W-DLR-11
@pytest.mark.quirk("Q2")
async def test_two_failing_callbacks_of_one_message_do_not_disturb_each_other(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    main.sink.script("/both-fail", NO)
    url = main.sink.url("/both-fail")
    await main.accepted(to=number, dlr="yes", dlr_level="3", dlr_url=url, dlr_method="GET")
    [submitted] = await main.smsc.got(number)
    assert submitted.message_id is not None
    await main.record(f"queue-msgid:{submitted.message_id}")
    await main.smsc.receipt(submitted.message_id)

    await main.sink.got("/both-fail", 3)
    seen: Callable[[], bool] = lambda: len(main.sink.at("/both-fail")) == 8  # noqa: E731
    if mended("Q2"):
        await main.sink.bell.until(seen, "four attempts at each level")
    else:
        await main.sink.bell.stays(lambda: not seen(), "a timer lost", 6)


# covers: W-DLR-01
@pytest.mark.quirk("Q3")
async def test_an_smsc_that_answers_at_once_costs_no_callback(
    main: World, number: str, mended: Callable[[str], bool]
) -> None:
    main.smsc.script(number, Answer(after_s=0))
    url = main.sink.url("/at-once")
    count = 100
    for _ in range(count):
        await main.accepted(to=number, dlr="yes", dlr_level="1", dlr_url=url, dlr_method="GET")

    await main.smsc.got(number, count)
    if mended("Q3"):  # Jasmin loses some, or none: it depends on the machine
        await main.sink.got("/at-once", count)
