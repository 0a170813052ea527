"""The dialogue that adds or changes one thing: keys and values, then `ok` or `ko`.

Jasmin has it nine times (`cli/*m.py`); here a Form says what is asked for, and Filling asks.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jasmin_compat.gateway.unusable import Mistyped, Unusable
from jasmin_compat.servers.jcli.dialogue import split_line

PROMPT: Final = "> "

Values = Mapping[str, Any]
"""What was typed in so far, by key; a value has the type that the key's Read gives."""


Read = Callable[[str, Values], Awaitable[Any]]
"""The value of what was typed after a key. Raises Unusable."""
Save = Callable[[Values], Awaitable[str]]
"""Carries out what was typed; its text, with line feeds, ends the session. Raises Unusable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """Of a form whose further keys depend on its key `type`."""

    module: str
    """Of Jasmin's class, which is announced."""
    arguments: Mapping[str, Sequence[str]]
    """By kind: the keys it adds."""
    find: Callable[[str], str]
    """The kind's name in Jasmin's spelling. Raises Unusable."""
    kept: str
    """The key that outlives a change of kind."""
    presets: Mapping[str, Values] = field(default_factory=dict)
    """By kind: what it sets itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a session asks for."""

    opening: str
    unknown: str
    """Said before an unknown key."""
    keys: Mapping[str, Read]
    """In the order TAB shows them; with those of every kind, if there are kinds."""
    missing: Callable[[Sequence[str], Values], str]
    """From the keys that apply and what is set: why `ok` is too early; empty when it is not."""
    save: Save
    kinds: Kinds | None = None


def refusal(reason: Unusable) -> str:
    """As it is shown."""
    return f"{reason}\n" if isinstance(reason, Mistyped) else f"Error: {reason}\n"


def text_of(parse: Callable[[str], object]) -> Read:
    """A key that needs nothing but its text; `parse` raises Unusable."""

    async def read(text: str, _values: Values) -> object:
        return parse(text)

    return read


TEXT: Final = text_of(str)


def all_keys(keys: Sequence[str], values: Values) -> str:
    """For forms of which every key has to be set."""
    if all(key in values for key in keys):
        return ""
    return f"You must set these options before saving: {', '.join(keys)}"


class Filling:
    """One form being filled in."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._values: dict[str, Any] = {}
        self._kind: str | None = None
        self.is_over = False

    @property
    def words(self) -> Sequence[str]:
        """The keys that apply now."""
        kinds = self._form.kinds
        if kinds is None:
            return tuple(self._form.keys)
        arguments = () if self._kind is None else kinds.arguments[self._kind]
        own = [
            key for key in self._form.keys if not any(key in a for a in kinds.arguments.values())
        ]
        return (*own, *arguments)

    async def take(self, line: str) -> str:
        """The answer, without a prompt; mostly nothing."""
        if not line:
            return ""
        key, text = split_line(line)
        try:
            match key:
                case "ko":
                    self.is_over = True
                    return ""
                case "quit":
                    return "Exit session before quitting\n"
                case "ok":
                    return await self._save()
                case _:
                    return await self._set(key, text)
        except Unusable as reason:
            return refusal(reason)

    async def _save(self) -> str:
        missing = self._form.missing(self.words, self._values)
        if missing:
            raise Mistyped(missing)
        said = await self._form.save(self._values)
        self.is_over = True
        return said

    async def _set(self, key: str, text: str) -> str:
        if key not in self.words:
            raise Mistyped(f"{self._form.unknown}{key}")
        if self._form.kinds is not None and key == "type":
            return self._choose(self._form.kinds, text)
        self._values[key] = await self._form.keys[key](text, self._values)
        return ""

    def _choose(self, kinds: Kinds, text: str) -> str:
        """What was set for another kind is forgotten."""
        kind = self._kind = kinds.find(text)
        kept = {k: v for k, v in self._values.items() if k == kinds.kept}
        self._values = {**kept, **kinds.presets.get(kind, {}), "type": kind}
        arguments = kinds.arguments[kind]
        if not arguments:
            return ""
        return f"<class '{kinds.module}.{kind}'> arguments:\n{', '.join(arguments)}\n"
