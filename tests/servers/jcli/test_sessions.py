"""The one dialogue of keys and values, on forms of two sorts."""

from collections.abc import Mapping
from typing import Any

import pytest

from jasmin_compat.gateway.unusable import Mistyped, Unusable
from jasmin_compat.servers.jcli.sessions import (
    TEXT,
    Filling,
    Form,
    Kinds,
    all_keys,
    text_of,
)


def _positive(text: str) -> int:
    if not text.isdigit():
        raise Mistyped("Not a number")
    return int(text)


class Saved:
    """Takes what a session saves, or refuses it."""

    def __init__(self, refusal: Unusable | None = None) -> None:
        self.values: dict[str, Any] | None = None
        self._refusal = refusal

    async def __call__(self, values: Mapping[str, Any]) -> str:
        if self._refusal is not None:
            raise self._refusal
        self.values = dict(values)
        return "Saved\n"


def _form(save: Saved) -> Form:
    return Form(
        opening="Adding",
        unknown="Unknown key: ",
        keys={"name": TEXT, "size": text_of(_positive)},
        missing=all_keys,
        save=save,
    )


def _kind(text: str) -> str:
    for kind in ("Plain", "Static", "Default"):
        if kind.lower() == text.lower():
            return kind
    raise Mistyped(f"Unknown type {text}")


def _form_of_kinds(save: Saved) -> Form:
    return Form(
        opening="Adding",
        unknown="Unknown key: ",
        keys={"order": text_of(_positive), "type": TEXT, "filters": TEXT, "rate": TEXT},
        missing=all_keys,
        save=save,
        kinds=Kinds(
            module="jasmin.routing.Routes",
            arguments={"Plain": (), "Static": ("filters", "rate"), "Default": ("rate",)},
            find=_kind,
            kept="order",
            presets={"Default": {"order": 0}},
        ),
    )


# covers: JCLI-20
async def test_ok_saves_and_ends() -> None:
    saved = Saved()
    session = Filling(_form(saved))
    assert [await session.take(line) for line in ("name a b", "size 3", "size 4")] == ["", "", ""]
    assert await session.take("ok") == "Saved\n"
    assert session.is_over
    assert saved.values == {"name": "a b", "size": 4}


# covers: JCLI-20
async def test_ko_leaves_without_a_word_or_a_change() -> None:
    saved = Saved()
    session = Filling(_form(saved))
    await session.take("name x")
    assert await session.take("ko") == ""
    assert session.is_over
    assert saved.values is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", ""),
        ("quit", "Exit session before quitting\n"),
        ("help", "Unknown key: help\n"),
        ("-x", "Unknown key: \n"),
        ("NAME x", "Unknown key: NAME\n"),
        ("size x", "Not a number\n"),
        ("ok", "You must set these options before saving: name, size\n"),
    ],
)
async def test_what_is_not_taken_leaves_the_session_open(line: str, said: str) -> None:
    session = Filling(_form(Saved()))
    assert await session.take(line) == said
    assert not session.is_over


@pytest.mark.parametrize(
    ("refusal", "said"),
    [(Unusable("bad name"), "Error: bad name\n"), (Mistyped("Failed adding"), "Failed adding\n")],
)
async def test_what_is_refused_can_be_corrected(refusal: Unusable, said: str) -> None:
    session = Filling(_form(Saved(refusal)))
    await session.take("name x")
    await session.take("size 1")
    assert await session.take("ok") == said
    assert not session.is_over


async def test_a_kind_announces_its_keys_and_forgets_those_of_another() -> None:
    saved = Saved()
    session = Filling(_form_of_kinds(saved))
    assert session.words == ("order", "type")
    assert await session.take("rate 1") == "Unknown key: rate\n"
    await session.take("order 5")
    assert await session.take("type static") == (
        "<class 'jasmin.routing.Routes.Static'> arguments:\nfilters, rate\n"
    )
    assert session.words == ("order", "type", "filters", "rate")
    await session.take("filters f1")
    await session.take("type DEFAULT")
    assert session.words == ("order", "type", "rate")
    assert await session.take("filters f1") == "Unknown key: filters\n"
    await session.take("rate 2")
    assert await session.take("ok") == "Saved\n"
    assert saved.values == {"order": 0, "type": "Default", "rate": "2"}


async def test_a_kind_without_arguments_can_be_saved_after_one_with_some() -> None:
    """Jasmin goes on asking for the other's: a dead end (`cli/filtersm.py`)."""
    session = Filling(_form_of_kinds(Saved()))
    await session.take("order 1")
    await session.take("type Static")
    assert await session.take("type plain") == ""
    assert await session.take("ok") == "Saved\n"


async def test_an_unknown_kind_changes_nothing() -> None:
    session = Filling(_form_of_kinds(Saved()))
    assert await session.take("type nope") == "Unknown type nope\n"
    assert session.words == ("order", "type")
