"""Who gets in, what is said, and how long it takes."""

import asyncio
from typing import Any

import pytest

from jasmin_compat.servers.jcli.login import Admin, Tries, TriesPolicy
from tests import golden
from tests.fakes import FakeClock
from tests.servers.jcli.consoles import ADMIN, RECORDED, Played, Unknowing, as_text, door
from tests.waiting import LONG_S, until

SCENARIOS = [
    s
    for s in golden.load("jcli_transcripts")["scenarios"]
    if s["name"].startswith("login-") or s["name"] == "help"
]


def number_in(scenario: dict[str, Any]) -> int:
    """The session number the recording happens to have."""
    text = "".join(exchange["recv"] for exchange in scenario["exchanges"])
    return int(text.partition("Session ref: ")[2].partition("\r")[0] or 0)


# covers: JCLI-01
@pytest.mark.parametrize(
    "scenario", [s for s in SCENARIOS if s["name"] != "help"], ids=lambda s: s["name"]
)
async def test_a_recorded_login_is_answered_octet_by_octet(scenario: dict[str, Any]) -> None:
    helped = next(s for s in SCENARIOS if s["name"] == "help")["exchanges"][1]["recv"]
    text = helped.replace("\r\r\r\n", "\n").removeprefix("help\n").removesuffix("jcli : ")
    played = Played(door(lambda _visit: Unknowing({"help": text})), number=number_in(scenario))
    shown = played.shown()
    for exchange in scenario["exchanges"]:
        shown += await played.types(bytes.fromhex(exchange["send_hex"]))
        assert shown.hex() == exchange["recv_hex"]
        shown = b""


@pytest.mark.parametrize("case", RECORDED["login"], ids=lambda case: case["name"])
async def test_keys_at_the_login_show_what_they_show_in_jasmin(case: dict[str, str]) -> None:
    played = Played(door())
    assert as_text(played.shown()) == RECORDED["greeting"]
    assert as_text(await played.types(case["typed"].encode("latin-1"))) == case["shown"]


# covers: JCLI-06
async def test_without_authentication_the_welcome_comes_at_once_and_no_prompt() -> None:
    played = Played(door(admin=None))
    assert played.shown().endswith(
        b"\x1bc\x1b[4hWelcome to Jasmin 0.11.1 console\r\r\r\n"
        b"Type help or ? to list commands.\r\r\r\n"
        b"\r\r\r\nSession ref: 2\r\r\r\n"
    )
    assert await played.types(b"us\t\x7f\r\n") == (
        b"user \x1b[1D\x1b[1P\r\r\r\n"
        b"Incorrect command: user, type help for a list of commands\r\r\r\njcli : "
    )


async def test_the_commands_are_opened_for_those_who_are_in() -> None:
    opened: list[int] = []

    def open_dialogue(visit: Any) -> Unknowing:
        opened.append(visit.number)
        return Unknowing()

    played = Played(door(open_dialogue))
    await played.types(b"jcliadmin\r\nwrong\r\n")
    assert opened == []
    await played.types(b"jcliadmin\r\njclipwd\r\n")
    assert opened == [2]


# covers: W-SEC-08
@pytest.mark.parametrize(
    ("username", "password", "let_in"),
    [
        ("jcliadmin", "jclipwd", True),
        ("jcliadmin", "jclipwd ", False),
        ("jcliadmin", "", False),
        ("JCLIADMIN", "jclipwd", False),
        ("", "jclipwd", False),
        ("jcliadmin", "79e9b0aa3f3e7c53e916f7ac47439bcb", False),
    ],
)
def test_both_must_be_right(username: str, password: str, let_in: bool) -> None:
    assert ADMIN.is_me(username, password) == let_in


def test_the_digest_is_not_shown() -> None:
    assert "79e9" not in repr(Admin(username="a", password_md5=bytes.fromhex("79e9") * 8))


# covers: W-CFG-08
async def test_many_tries_slow_down_and_nobody_is_locked_out() -> None:
    clock = FakeClock()
    tries = Tries(TriesPolicy(free=2, delay_s=1.0, longest_delay_s=3.0), clock)
    for delay in (0.0, 0.0, 1.0, 2.0, 3.0, 3.0):
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(tries.wait("192.0.2.1"))
            if delay:
                due = clock.monotonic() + delay
                await until(lambda due=due: clock.sleeps_until(due))
                assert not waiting.done()
                clock.advance(delay)
    await at_once(tries, "192.0.2.2")


async def test_tries_at_the_same_time_do_not_get_around_the_delay() -> None:
    clock = FakeClock()
    tries = Tries(TriesPolicy(free=0, delay_s=1.0, longest_delay_s=60.0), clock)
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(tries.wait("192.0.2.1"))
        await until(lambda: all(clock.sleeps_until(due) for due in (1.0, 2.0, 4.0, 8.0)))
        clock.advance(60.0)


async def at_once(tries: Tries, *addresses: str) -> None:
    """These are not slowed down: nobody moves the clock."""
    async with asyncio.timeout(LONG_S):
        for address in addresses:
            await tries.wait(address)


async def test_tries_are_forgotten_after_a_success_and_after_a_while() -> None:
    clock = FakeClock()
    tries = Tries(TriesPolicy(free=1, forgotten_after_s=900.0), clock)
    await at_once(tries, "192.0.2.1")
    tries.succeeded("192.0.2.1")
    await at_once(tries, "192.0.2.1")
    clock.advance(901.0)
    await at_once(tries, "192.0.2.1")


async def test_the_oldest_address_goes_when_there_are_too_many() -> None:
    tries = Tries(TriesPolicy(free=1, addresses=2), FakeClock())
    await at_once(tries, "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1")


async def test_a_right_password_clears_the_way() -> None:
    tries = Tries(TriesPolicy(free=2), FakeClock())
    for _ in range(3):
        played = Played(door(tries=tries))
        await played.types(b"jcliadmin\r\nno\r\njcliadmin\r\njclipwd\r\n")
        assert not played.login.hides
        assert played.login.prompt == "jcli : "


async def test_the_password_is_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    played = Played(door())
    await played.types(b"jcliadmin\r\nn0t-this\r\njcliadmin\r\njclipwd\r\n")
    assert [record.getMessage() for record in caplog.records] == [
        "[sref:2] Login refused for 192.0.2.1:4242",
        "[sref:2] Logged in from 192.0.2.1:4242",
    ]
