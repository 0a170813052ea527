"""Filters of routes and interceptors, and when they match (contract/routing.md §2)."""

from dataclasses import dataclass
from datetime import date, time
from typing import NewType

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.users import GroupId, UserId

FilterId = NewType("FilterId", str)


@dataclass(frozen=True, slots=True)
class TransparentFilter:
    """Matches every message."""


@dataclass(frozen=True, slots=True)
class ConnectorFilter:
    """MO only: the connector it came by."""

    cid: ConnectorId


@dataclass(frozen=True, slots=True)
class UserFilter:
    """MT only, as GroupFilter."""

    uid: UserId


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """MT only: the sender's group."""

    gid: GroupId


@dataclass(frozen=True, slots=True)
class SourceAddrFilter:
    """A regular expression matched from the start, as in the next two."""

    pattern: str


@dataclass(frozen=True, slots=True)
class DestinationAddrFilter:
    """As SourceAddrFilter, on the other address."""

    pattern: str


@dataclass(frozen=True, slots=True)
class ShortMessageFilter:
    """On the octets of the message, read as UTF-8: other alphabets are not decoded."""

    pattern: str


@dataclass(frozen=True, slots=True)
class DateIntervalFilter:
    """Both days included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class TimeIntervalFilter:
    """Both ends included; it does not pass midnight."""

    first: time
    last: time


@dataclass(frozen=True, slots=True)
class EvalPyFilter:
    """The operator's own code: matches when it leaves True in `result`."""

    code: str


@dataclass(frozen=True, slots=True)
class TagFilter:
    """The message carries the tag."""

    tag: str


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
