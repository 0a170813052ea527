"""What a source of settings gives: unparsed entries, and mistakes with the place each is at."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jasmin_compat.settings.options import Raw


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """Something wrong, or odd. `where` is `FILE:LINE`, a file, or `environment NAME`."""

    where: str
    text: str

    @property
    def line(self) -> str:
        return f"{self.where}: {self.text}"


class SettingsMistakes(Exception):
    """The settings cannot be used; nothing may be started. The exit status for it is 2."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(mistake.line for mistake in mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Entry:
    """One option as a source sets it."""

    section: str
    key: str
    raw: Raw
    where: str


@dataclass(frozen=True, slots=True)
class Source:
    """All a source says; `strict` ones may not set what is unknown."""

    entries: tuple[Entry, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()
    strict: bool = field(default=False, kw_only=True)
