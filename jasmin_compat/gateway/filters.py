"""Filters of routes and interceptors, and when they match (contract/routing.md §2)."""

import functools
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NewType

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.users import GroupId, UserId
from jasmin_compat.smpp.twins import quick_init

FilterId = NewType("FilterId", str)


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What filters look at in a message."""

    at: datetime
    """Naive local time."""
    source_addr: bytes | None
    """None: it has none, and no pattern matches it. (In Jasmin the sender gets an error.)"""
    destination_addr: bytes
    content: bytes
    """Of the first part, as it is on the wire."""
    tags: tuple[str, ...] = ()
    uid: UserId | None = None
    """The sender (MT), as gid."""
    gid: GroupId | None = None
    cid: ConnectorId | None = None
    """The connector it came by (MO)."""


@dataclass(frozen=True, slots=True)
class TransparentFilter:
    """Matches every message."""

    def matches(self, _facts: Facts) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class ConnectorFilter:
    """MO only: the connector it came by."""

    cid: ConnectorId

    def matches(self, facts: Facts) -> bool:
        return facts.cid == self.cid


@dataclass(frozen=True, slots=True)
class UserFilter:
    """MT only, as GroupFilter."""

    uid: UserId

    def matches(self, facts: Facts) -> bool:
        return facts.uid == self.uid


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """MT only: the sender's group."""

    gid: GroupId

    def matches(self, facts: Facts) -> bool:
        return facts.gid == self.gid


@dataclass(frozen=True, slots=True)
class SourceAddrFilter:
    """A regular expression matched from the start, as in the next two."""

    pattern: str

    def matches(self, facts: Facts) -> bool:
        return facts.source_addr is not None and _starts(self.pattern, facts.source_addr)


@dataclass(frozen=True, slots=True)
class DestinationAddrFilter:
    """As SourceAddrFilter, on the other address."""

    pattern: str

    def matches(self, facts: Facts) -> bool:
        return _starts(self.pattern, facts.destination_addr)


@dataclass(frozen=True, slots=True)
class ShortMessageFilter:
    """On the octets of the message, read as UTF-8: other alphabets are not decoded."""

    pattern: str

    def matches(self, facts: Facts) -> bool:
        return _starts(self.pattern, facts.content)


@dataclass(frozen=True, slots=True)
class DateIntervalFilter:
    """Both days included."""

    first: date
    last: date

    def matches(self, facts: Facts) -> bool:
        return self.first <= facts.at.date() <= self.last


@dataclass(frozen=True, slots=True)
class TimeIntervalFilter:
    """Both ends included; it does not pass midnight."""

    first: time
    last: time

    def matches(self, facts: Facts) -> bool:
        return self.first <= facts.at.time() <= self.last


@dataclass(frozen=True, slots=True)
class EvalPyFilter:
    """The operator's own code: matches when it leaves True in `result`. It is not run here."""

    code: str


@dataclass(frozen=True, slots=True)
class TagFilter:
    """The message carries the tag."""

    tag: str

    def matches(self, facts: Facts) -> bool:
        return self.tag in facts.tags


Filter = (
    TransparentFilter
    | ConnectorFilter
    | UserFilter
    | GroupFilter
    | SourceAddrFilter
    | DestinationAddrFilter
    | ShortMessageFilter
    | DateIntervalFilter
    | TimeIntervalFilter
    | EvalPyFilter
    | TagFilter
)


@functools.lru_cache(maxsize=10_000)  # re's own cache holds 512
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _starts(pattern: str, octets: bytes) -> bool:
    return _compiled(pattern).match(octets.decode("utf-8", "replace")) is not None
