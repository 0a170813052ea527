"""The main dialogue: which command a line runs, and what is said of one that runs none."""

import pytest

from jasmin_compat.gateway.unusable import Unusable
from jasmin_compat.servers.jcli.console import Command
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.options import Flag
from jasmin_compat.servers.jcli.sessions import TEXT, Form, Values, all_keys
from tests.servers.jcli.offices import Typist


async def _show(_visit: Visit, name: str) -> str:
    if name == "bad":
        raise Unusable("no such thing")
    return f"This is {name}\n"


async def _add(_visit: Visit, _value: str) -> Form:
    async def save(values: Values) -> str:
        return f"Added {values['name']}\n"

    return Form(
        opening="Adding", unknown="Unknown: ", keys={"name": TEXT}, missing=all_keys, save=save
    )


THING = Command(
    "thing",
    "Thing management",
    [
        (Flag(("-s", "--show"), "Show it", "NAME"), _show),
        (Flag(("-a", "--add"), "Add one"), _add),
    ],
)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", ""),
        ("thing -s it", "This is it\n"),
        ("thing -s bad", "Error: no such thing\n"),
        ("thing", "Missing required option\n"),
        ("thing it", "Missing required option\n"),
        ("thin -s it", "Incorrect command: thin -s it, type help for a list of commands\n"),
        ("?", "Incorrect command: ?, type help for a list of commands\n"),
        ("help nothing", "*** No help on nothing\n"),
        ("help quit", "Disconnect from console\n"),
    ],
)
async def test_each_line_is_answered_and_asked_for_the_next(line: str, said: str) -> None:
    assert await Typist(THING).types(line) == said + "jcli : "


async def test_a_wrong_option_is_refused_then_prompted_then_explained() -> None:
    options = (
        "Usage: thing [options] \n\nOptions:\n  -s NAME, --show=NAME  Show it\n"
        "  -a, --add             Add one\n\n"
    )
    refused = f"no such option: -x\njcli : {options}jcli : "
    assert await Typist(THING).types("thing -x") == refused
    assert await Typist(THING).types("help thing") == f"Thing management\n{options}jcli : "


# covers: JCLI-20
async def test_a_session_has_its_own_prompt_and_words() -> None:
    typist = Typist(THING)
    dialogue = typist.dialogue
    assert (dialogue.prompt, dialogue.words) == ("jcli : ", ("thing", "quit", "help"))
    assert await typist.types("thing -a") == "Adding\n> "
    assert (dialogue.prompt, dialogue.words) == ("> ", ("name",))
    assert await typist.types("name x", "quit", "ok") == (
        "> Exit session before quitting\n> Added x\njcli : "
    )
    assert await typist.types("ok") == (
        "Incorrect command: ok, type help for a list of commands\njcli : "
    )


# covers: JCLI-05
async def test_quit_closes_whatever_follows_it() -> None:
    said = await Typist(THING).dialogue.take("quit now")
    assert (said.text, said.closes) == ("", True)
