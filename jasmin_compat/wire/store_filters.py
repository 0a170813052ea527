"""Filters of Jasmin's store files (routing.md §2, §9; Jasmin: routing/Filters.py)."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Final

from jasmin_compat.gateway.filters import (
    ConnectorFilter,
    DateIntervalFilter,
    DestinationAddrFilter,
    EvalPyFilter,
    Filter,
    GroupFilter,
    ShortMessageFilter,
    SourceAddrFilter,
    TagFilter,
    TimeIntervalFilter,
    TransparentFilter,
    UserFilter,
)
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import Group, GroupId, User, UserId
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickled_accounts import NO_PASSWORD, Accounts, pattern
from jasmin_compat.wire.site_texts import filter_repr, filter_str
from jasmin_compat.wire.store_names import FILTERS
from jasmin_compat.wire.store_values import LeftOut, instance, rows, shown, text
from jasmin_compat.wire.store_values import pattern as read_pattern

_EVERY: Final = ("connector", "user", "group", "source_addr", "short_message")
"""Attributes of each filter, None in those that do not look at them."""


def write_filter(made: Filter, site: Site) -> bytes:
    """Users and groups in it are copies, of which Jasmin looks at the id only: the digest of the
    password stays out."""
    attributes = dict.fromkeys((*_EVERY, "dateInterval", "timeInterval"), opcodes.NONE)
    attributes |= _WRITERS[type(made)](made, site)
    attributes["_repr"] = opcodes.text(filter_repr(made))
    attributes["_str"] = opcodes.text(filter_str(made))
    of = opcodes.name("jasmin.routing.Filters", type(made).__name__)
    return opcodes.instance(of, attributes.items())


def _generic_connector(cid: ConnectorId) -> bytes:
    """The console makes one of a cid alone."""
    attributes = {
        "cid": opcodes.text(cid),
        "_str": opcodes.text("generic Connector"),
        "_repr": opcodes.text("<generic Connector>"),
    }
    return opcodes.instance(
        opcodes.name("jasmin.routing.jasminApi", "Connector"), attributes.items()
    )


def _user(uid: UserId, site: Site) -> bytes:
    user = site.users.get(uid)
    if user is None:
        user = User(uid=uid, gid=GroupId(uid), username=uid, password_md5=NO_PASSWORD)
    group = Group(gid=user.gid, enabled=_is_enabled(user.gid, site))
    return Accounts(shares=False).user(user, group, digest=NO_PASSWORD)


def _is_enabled(gid: GroupId, site: Site) -> bool:
    group = site.groups.get(gid)
    return group is None or group.enabled


def _group(gid: GroupId, site: Site) -> bytes:
    return Accounts(shares=False).group(gid, enabled=_is_enabled(gid, site))


_WRITERS: Final[Mapping[type[Filter], Callable[..., dict[str, bytes]]]] = MappingProxyType(
    {
        TransparentFilter: lambda _made, _site: {},
        ConnectorFilter: lambda made, _site: {"connector": _generic_connector(made.cid)},
        UserFilter: lambda made, site: {"user": _user(made.uid, site)},
        GroupFilter: lambda made, site: {"group": _group(made.gid, site)},
        SourceAddrFilter: lambda made, _site: {"source_addr": pattern(made.pattern)},
        DestinationAddrFilter: lambda made, _site: {"destination_addr": pattern(made.pattern)},
        ShortMessageFilter: lambda made, _site: {"short_message": pattern(made.pattern)},
        DateIntervalFilter: lambda made, _site: {
            "dateInterval": opcodes.list_of(map(opcodes.day, (made.first, made.last)))
        },
        TimeIntervalFilter: lambda made, _site: {
            "timeInterval": opcodes.list_of(map(opcodes.time_of_day, (made.first, made.last)))
        },
        EvalPyFilter: lambda made, _site: {"pyCode": opcodes.text(made.code)},
        TagFilter: lambda made, _site: {"tag": opcodes.text(made.tag)},
    }
)


# ---------------------------------------------------------------- reading


def read_filter(found: object) -> Filter:
    """Raises: LeftOut."""
    made = instance(found, *FILTERS)
    return _READERS[made.name](made)


def _id_in(attribute: str, key: str, *class_names: str) -> Callable[[Instance], str]:
    return lambda made: text(instance(made.state.get(attribute), *class_names), key)


def _pattern_in(attribute: str) -> Callable[[Instance], str]:
    return lambda made: read_pattern(made.state.get(attribute))


def _code(made: Instance) -> str:
    code = made.state.get("pyCode")
    if not isinstance(code, str):
        raise LeftOut(f"pyCode is {shown(code)}")
    return code


def _days(made: Instance) -> Filter:
    first, last = _interval(made, "dateInterval")
    if isinstance(first, datetime) or isinstance(last, datetime):
        raise LeftOut("dateInterval has moments")
    if not isinstance(first, date) or not isinstance(last, date):
        raise LeftOut("dateInterval has no two dates")
    return DateIntervalFilter(first, last)


def _times(made: Instance) -> Filter:
    first, last = _interval(made, "timeInterval")
    if not isinstance(first, time) or not isinstance(last, time):
        raise LeftOut("timeInterval has no two times")
    return TimeIntervalFilter(first, last)


def _interval(made: Instance, attribute: str) -> list[object]:
    borders = rows(made, attribute)
    if len(borders) != 2:
        raise LeftOut(f"{attribute} has not two borders")
    return borders


_CONNECTORS: Final = (
    *("Connector", "SmppClientConnector", "HttpConnector", "SmppServerSystemIdConnector"),
)
_cid: Final = _id_in("connector", "cid", *_CONNECTORS)
_uid: Final = _id_in("user", "uid", "User")
_gid: Final = _id_in("group", "gid", "Group")
_source: Final = _pattern_in("source_addr")
_destination: Final = _pattern_in("destination_addr")
_content: Final = _pattern_in("short_message")
_READERS: Final[Mapping[str, Callable[[Instance], Filter]]] = MappingProxyType(
    {
        "TransparentFilter": lambda _made: TransparentFilter(),
        "ConnectorFilter": lambda made: ConnectorFilter(ConnectorId(_cid(made))),
        "UserFilter": lambda made: UserFilter(UserId(_uid(made))),
        "GroupFilter": lambda made: GroupFilter(GroupId(_gid(made))),
        "SourceAddrFilter": lambda made: SourceAddrFilter(_source(made)),
        "DestinationAddrFilter": lambda made: DestinationAddrFilter(_destination(made)),
        "ShortMessageFilter": lambda made: ShortMessageFilter(_content(made)),
        "DateIntervalFilter": _days,
        "TimeIntervalFilter": _times,
        "EvalPyFilter": lambda made: EvalPyFilter(_code(made)),
        "TagFilter": lambda made: TagFilter(text(made, "tag")),
    }
)
