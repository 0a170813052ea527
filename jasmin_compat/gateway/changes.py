"""What the operator's commands do to a site: each gives an Edit, or says why not.

Jasmin: routing/router.py, protocols/cli. What is added again moves to the end, as there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.credential_changes import CredentialChange, changed_mt, changed_smpps
from jasmin_compat.gateway.filters import Filter, FilterId
from jasmin_compat.gateway.http_connectors import HttpConnector
from jasmin_compat.gateway.site import Drop, Edit, Kind, Put, Site
from jasmin_compat.gateway.unusable import Mistyped, NotDone
from jasmin_compat.gateway.users import Group, GroupId, User


def add_group(group: Group) -> Edit:
    """A new one, or instead of the one of that id; its users stay."""
    return Drop(Kind.GROUP, group.gid), Put(Kind.GROUP, group.gid, group)


def enable_group(site: Site, gid: str, *, enabled: bool) -> Edit:
    """Raises: Mistyped: there is none."""
    group = known(site.groups, gid, "Group")
    return (Put(Kind.GROUP, group.gid, replace(group, enabled=enabled)),)


def remove_group(site: Site, gid: str) -> Edit:
    """With its users.

    Raises:
        Mistyped: there is none.
    """
    group = known(site.groups, gid, "Group")
    members = (Drop(Kind.USER, u.uid) for u in site.users.values() if u.gid == group.gid)
    return Drop(Kind.GROUP, group.gid), *members


def group_of(site: Site, gid: str) -> GroupId:
    """Raises: Mistyped: there is none; a user needs one."""
    if gid not in site.groups:
        raise Mistyped(f"Unknown Group gid:{gid}, you must first create the Group")
    return GroupId(gid)


def add_user(site: Site, user: User) -> Edit:
    """A new one, or instead of those of that id or that username.

    Raises:
        Mistyped: its group is gone.
    """
    group_of(site, user.gid)
    namesake = site.uids.get(user.username, user.uid)
    replaced = {user.uid: None, namesake: None}
    return *(Drop(Kind.USER, uid) for uid in replaced), Put(Kind.USER, user.uid, user)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanges:
    """What the console collected of an existing user; None is left as it is."""

    gid: GroupId | None = None
    password_md5: bytes | None = None
    mt: tuple[CredentialChange, ...] = ()
    smpps: tuple[CredentialChange, ...] = ()


def update_user(site: Site, uid: str, changes: UserChanges) -> Edit:
    """On the user as it is now: what was charged since the session began stays charged.

    Raises:
        Mistyped: the user or the new group is gone.
    """
    user = known(site.users, uid, "User")
    gid, password = changes.gid, changes.password_md5
    after = replace(
        user,
        gid=user.gid if gid is None else group_of(site, gid),
        password_md5=user.password_md5 if password is None else password,
        mt=changed_mt(user.mt, changes.mt),
        smpps=changed_smpps(user.smpps, changes.smpps),
    )
    return (Put(Kind.USER, user.uid, after),)


def enable_user(site: Site, uid: str, *, enabled: bool) -> Edit:
    """Raises: Mistyped: there is none."""
    user = known(site.users, uid, "User")
    return (Put(Kind.USER, user.uid, replace(user, enabled=enabled)),)


def ban_user(site: Site, uid: str) -> Edit:
    """It may not bind any more.

    Raises:
        Mistyped: there is none.
    """
    user = known(site.users, uid, "User")
    return (Put(Kind.USER, user.uid, replace(user, smpps=replace(user.smpps, bind=False))),)


def remove_user(site: Site, uid: str) -> Edit:
    """Raises: Mistyped: there is none."""
    return (Drop(Kind.USER, known(site.users, uid, "User").uid),)


def add_filter(fid: FilterId, added: Filter) -> Edit:
    """A new one, or in the place of the one of that id; routes keep the filters they have."""
    return (Put(Kind.FILTER, fid, added),)


def remove_filter(site: Site, fid: str) -> Edit:
    """Routes keep the filters they have.

    Raises:
        Mistyped: there is none.
    """
    known(site.filters, fid, "Filter")
    return (Drop(Kind.FILTER, fid),)


def add_http_connector(connector: HttpConnector) -> Edit:
    """A new one, or in the place of the one of that id."""
    return (Put(Kind.HTTP_CONNECTOR, connector.cid, connector),)


def remove_http_connector(site: Site, cid: str) -> Edit:
    """Raises: Mistyped: there is none."""
    known(site.http_connectors, cid, "Httpcc")
    return (Drop(Kind.HTTP_CONNECTOR, cid),)


def add_connector(site: Site, connector: SmppConnector) -> Edit:
    """A new one, stopped.

    Raises:
        NotDone: there is one of that id.
    """
    if connector.cid in site.connectors:
        raise NotDone("adding connector", f"{connector.cid} is there already")
    return (Put(Kind.CONNECTOR, connector.cid, connector),)


def update_connector(site: Site, connector: SmppConnector) -> Edit:
    """Raises: Mistyped: there is none of that id (any more)."""
    known(site.connectors, connector.cid, "connector")
    return (Put(Kind.CONNECTOR, connector.cid, connector),)


def remove_connector(site: Site, cid: str) -> Edit:
    """Routes to it stay, and refuse their messages.

    Raises:
        Mistyped: there is none.
    """
    known(site.connectors, cid, "connector")
    return Drop(Kind.CONNECTOR, cid), Drop(Kind.STARTED, cid)


_Id = TypeVar("_Id", bound=str)
_Item = TypeVar("_Item")


def known(table: Mapping[_Id, _Item], key: str, called: str) -> _Item:
    """The item that the operator names.

    Raises:
        Mistyped: there is none.
    """
    try:
        return table[key]  # type: ignore[index]  # an id is a text
    except KeyError:
        raise Mistyped(f"Unknown {called}: {key}") from None
