"""The wire of a session against Jasmin's: recorded keys, recorded transcripts, any cut."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.servers.jcli.dialogue import Said
from jasmin_compat.servers.jcli.editor import LineLimits
from jasmin_compat.servers.jcli.terminal import Terminal
from tests import golden
from tests.servers.jcli.consoles import (
    LINE_END,
    LOGIN,
    RECORDED,
    Played,
    Unknowing,
    as_text,
    door,
    logged_in,
    pieces,
)

KEYS = RECORDED["keys"]
SCENARIOS = golden.load("jcli_transcripts")["scenarios"]
SPECIAL = {"tab", "line-editing", "non-ascii", "eol-lf-only", "eol-cr-only", "eol-crnul"}
KEYS_OF_A_LINE = {*SPECIAL, "long-line", "quit"}
WINDOW_SIZE = b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0"


def told(exchange: dict[str, Any]) -> bytes:
    return bytes.fromhex(exchange["recv_hex"])


def name(scenario: dict[str, Any]) -> str:
    return str(scenario["name"])


class Script:
    """Says what Jasmin said, whatever the commands are."""

    words = ()

    def __init__(self, exchanges: list[dict[str, Any]]) -> None:
        self._answers = [
            (
                exchange["send"].strip().replace("\t", ""),
                exchange["recv"].replace(LINE_END, "\n").partition("\n")[2],
            )
            for exchange in exchanges
            if "send" in exchange
        ]
        self.prompt = ""

    async def take(self, line: str) -> Said:
        expected, answer = self._answers.pop(0)
        assert line == expected
        text, reset, _ = answer.partition("\x1bc")
        return Said(text, closes=bool(reset))


# covers: JCLI-03 JCLI-04 JCLI-05
@pytest.mark.parametrize("case", KEYS, ids=lambda case: case["name"])
async def test_keys_show_what_they_show_in_jasmin(case: dict[str, str]) -> None:
    played = await logged_in()
    assert as_text(await played.types(case["typed"].encode("latin-1"))) == case["shown"]
    assert played.closed == (case["name"] == "quit")


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if name(s) in KEYS_OF_A_LINE], ids=name)
async def test_recorded_keys_are_shown_octet_by_octet(scenario: dict[str, Any]) -> None:
    played = await logged_in(lambda _visit: Unknowing({"group -l": "Total Groups: 0\n"}))
    for exchange in scenario["exchanges"]:
        assert await played.types(bytes.fromhex(exchange["send_hex"])) == told(exchange)
    assert played.closed == scenario["closed_by_gateway"]


DROPPED = ("user-bad-regex-0", "user-bad-regex-1", "user-bad-regex-2")
"""Where an error in a command cost Jasmin the session: no answer to replay."""
PLAIN = [
    s
    for s in SCENARIOS
    if name(s) not in {*KEYS_OF_A_LINE, *DROPPED} and not name(s).startswith("login-")
]


@pytest.mark.parametrize("scenario", PLAIN, ids=name)
async def test_every_recorded_line_is_echoed_and_its_answer_written(
    scenario: dict[str, Any],
) -> None:
    played = await logged_in(lambda _visit: Script(scenario["exchanges"]))
    for exchange in scenario["exchanges"]:
        if exchange.get("send_hex"):
            assert await played.types(bytes.fromhex(exchange["send_hex"])) == told(exchange)


async def test_a_line_being_typed_is_drawn_again_when_the_window_changes() -> None:
    """Jasmin loses the session there."""
    played = await logged_in()
    await played.types(b"help\x1b[D")
    assert await played.types(WINDOW_SIZE) == b"jcli : help\x1b[1D"


async def test_what_makes_twisted_drop_the_connection_is_ignored() -> None:
    played = await logged_in()
    unknown_commands = b"\xff\xf0\xff\x01\xff\xee"
    empty_subnegotiation = b"\xff\xfa\xff\xf0"
    assert await played.types(unknown_commands + empty_subnegotiation + b"?\t") == b"?"


async def test_lines_wait_for_the_answers_of_those_before() -> None:
    terminal = Terminal(LineLimits())
    terminal.take_output()
    terminal.receive(b"one\ntwo\nthr")
    assert terminal.next_line() == "one"
    assert terminal.take_output() == b"one\r\r\r\n"
    assert terminal.next_line() == "two"
    assert terminal.next_line() is None
    assert terminal.take_output() == b"two\r\r\r\nthr"


def test_any_text_can_be_written() -> None:
    terminal = Terminal(LineLimits())
    terminal.take_output()
    terminal.write("é\ud800\n")
    assert terminal.take_output() == b"\xc3\xa9\\ud800\r\r\r\n"


SOME_KEYS = st.sampled_from([case["typed"].encode("latin-1") for case in KEYS] + [WINDOW_SIZE])
TYPED = st.lists(SOME_KEYS | st.binary(max_size=6), max_size=12).map(b"".join)


@given(typed=TYPED, cuts=st.lists(st.integers(0, 400), max_size=8))
async def test_where_the_input_is_cut_changes_nothing(typed: bytes, cuts: list[int]) -> None:
    whole, cut = Played(door()), Played(door())
    octets = LOGIN + typed
    in_pieces = [await cut.types(piece) for piece in pieces(octets, cuts)]
    assert b"".join(in_pieces) == await whole.types(octets)


@given(typed=st.binary(max_size=400))
async def test_garbage_never_raises_and_every_line_is_printable_ascii(typed: bytes) -> None:
    commands = Unknowing()
    played = await logged_in(lambda _visit: commands, LineLimits(line_chars=20, history_lines=2))
    await played.types(typed)
    for line in commands.lines:
        assert line == line.strip()
        assert len(line) <= 20
        assert line.isascii()
