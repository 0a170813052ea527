"""`user` (`cli/usersm.py`)."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NoReturn

from jasmin_compat.gateway.changes import (
    UserChanges,
    add_user,
    ban_user,
    enable_user,
    group_of,
    known,
    remove_user,
    update_user,
)
from jasmin_compat.gateway.credential_changes import (
    CredentialChange,
    CredentialKind,
    Section,
    changed_mt,
    changed_smpps,
    mt_values,
    read_change,
    smpps_values,
)
from jasmin_compat.gateway.credentials import MT_DEFAULT, SMPPS_DEFAULT, Quotas
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.unusable import Mistyped
from jasmin_compat.gateway.users import (
    GroupId,
    User,
    password_digest,
    uid_from,
    username_from,
)
from jasmin_compat.servers.jcli.console import Command
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.options import Flag
from jasmin_compat.servers.jcli.sessions import TEXT, Form, Read, Values, text_of
from jasmin_compat.servers.jcli.tables import Columns

COLUMNS: Final = Columns(
    (16, 16, 16, 7, 6, 8),
    ("User id", "Group id", "Username", "Balance", "MT SMS", "Throughput"),
)


def user_command(office: Office) -> Command:
    def flag(names: tuple[str, ...], about: str, metavar: str = "UID") -> Flag:
        return Flag(names, about, metavar)

    every = "List all users or a group users when provided with GID"
    unbind = "Unbind user from smpp server using it's UID"
    ban = "Unbind and ban user from smpp server using it's UID"
    return Command(
        "user",
        "User management",
        [
            (flag(("-l", "--list"), every, ""), partial(_list, office)),
            (flag(("-a", "--add"), "Add user", ""), partial(_add, office)),
            (flag(("-e", "--enable"), "Enable user"), partial(_enable, office)),
            (flag(("-d", "--disable"), "Disable user"), partial(_disable, office)),
            (flag(("-u", "--update"), "Update user using it's UID"), partial(_update, office)),
            (flag(("-r", "--remove"), "Remove user using it's UID"), partial(_remove, office)),
            (flag(("-s", "--show"), "Show user using it's UID"), partial(_show, office)),
            (flag(("--smpp-unbind",), unbind), partial(_unbind, office)),
            (flag(("--smpp-ban",), ban), partial(_ban, office)),
        ],
    )


async def _list(office: Office, _visit: Visit, gid: str) -> str:
    """In a thread: of 100,000 users it takes 0.3 s."""
    return await asyncio.to_thread(_listed, office.site, gid)


def _listed(site: Site, gid: str) -> str:
    users = [user for user in site.users.values() if not gid or user.gid == gid]
    counted_as = f"Total Users in group [{gid}]" if gid else "Total Users"
    return COLUMNS.show([_row(site, user) for user in users], counted_as)


def _row(site: Site, user: User) -> tuple[str, ...]:
    group = site.groups.get(user.gid)
    is_disabled = group is not None and not group.enabled
    quotas = user.mt.quotas
    return (
        ("" if user.enabled else "!") + user.uid,
        ("!" if is_disabled else "") + user.gid,
        user.username,
        *_left(quotas),
        f"{_or_nd(quotas.http_throughput)}/{_or_nd(quotas.smpps_throughput)}",
    )


def _left(quotas: Quotas) -> tuple[str, str]:
    if quotas.balance is None and quotas.submit_sm_count is None:
        return "ND (!)", "ND (!)"
    return _or_nd(quotas.balance), _or_nd(quotas.submit_sm_count)


def _or_nd(value: object) -> str:
    return "ND" if value is None else str(value)


async def _show(office: Office, _visit: Visit, uid: str) -> str:
    user = known(office.site.users, uid, "User")
    return "".join(line + "\n" for line in _lines(user))


def _lines(user: User) -> Iterator[str]:
    yield f"uid {user.uid}"
    yield f"gid {user.gid}"
    yield f"username {user.username}"
    for section, key, value in mt_values(user.mt):
        yield f"mt_messaging_cred {section.lower()} {key} {_shown(section, value)}"
    for section, key, value in smpps_values(user.smpps):
        yield f"smpps_cred {section.lower()} {key} {_shown(section, value)}"


def _shown(section: Section, value: object) -> str:
    return _or_nd(value) if section == "Quota" else str(value)


async def _add(office: Office, visit: Visit, _value: str) -> Form:
    async def save(values: Values) -> str:
        user = User(
            uid=uid_from(values["uid"]),
            gid=values["gid"],
            username=username_from(values["username"]),
            password_md5=password_digest(values["password"]),
            mt=changed_mt(MT_DEFAULT, values.get("mt_messaging_cred", ())),
            smpps=changed_smpps(SMPPS_DEFAULT, values.get("smpps_cred", ())),
        )
        await office.change(visit, "adding User", lambda site: add_user(site, user))
        return f"Successfully added User [{user.uid}] to Group [{user.gid}]\n"

    return Form(
        opening="Adding a new User: (ok: save, ko: exit)",
        unknown="Unknown User key: ",
        keys={
            "uid": TEXT,
            "gid": _gid(office),
            "username": TEXT,
            "password": TEXT,
            "mt_messaging_cred": _credential("mt_messaging_cred"),
            "smpps_cred": _credential("smpps_cred"),
        },
        missing=_missing,
        save=save,
    )


def _missing(_keys: Sequence[str], values: Values) -> str:
    if {"uid", "gid", "username", "password"} <= values.keys():
        return ""
    return "You must set User id (uid), group (gid), username and password before saving !"


async def _update(office: Office, visit: Visit, uid: str) -> Form:
    known(office.site.users, uid, "User")

    async def save(values: Values) -> str:
        changes = UserChanges(
            gid=values.get("gid"),
            password_md5=values.get("password"),
            mt=values.get("mt_messaging_cred", ()),
            smpps=values.get("smpps_cred", ()),
        )
        await office.change(visit, "updating User", lambda site: update_user(site, uid, changes))
        return f"Successfully updated User [{uid}]\n"

    return Form(
        opening=f"Updating User id [{uid}]: (ok: save, ko: exit)",
        unknown="Unknown User key: ",
        keys={
            "uid": text_of(_fixed("User id")),
            "gid": _gid(office),
            "username": text_of(_fixed("User username")),
            "password": text_of(password_digest),
            "mt_messaging_cred": _credential("mt_messaging_cred", of_existing=True),
            "smpps_cred": _credential("smpps_cred", of_existing=True),
        },
        missing=lambda _keys, values: "" if values else "Nothing to save",
        save=save,
    )


def _gid(office: Office) -> Read:
    async def read(text: str, _values: Values) -> GroupId:
        return group_of(office.site, text)

    return read


def _credential(kind: CredentialKind, *, of_existing: bool = False) -> Read:
    """Each line is one more change."""

    async def read(text: str, values: Values) -> tuple[CredentialChange, ...]:
        return *values.get(kind, ()), read_change(kind, text, of_existing=of_existing)

    return read


def _fixed(called: str) -> Callable[[str], NoReturn]:
    def refuse(_text: str) -> NoReturn:
        raise Mistyped(f"{called} can not be modified !")

    return refuse


async def _enable(office: Office, visit: Visit, uid: str) -> str:
    await office.change(visit, "enabling User", lambda site: enable_user(site, uid, enabled=True))
    return f"Successfully enabled User id:{uid}\n"


async def _disable(office: Office, visit: Visit, uid: str) -> str:
    await office.change(visit, "disabling User", lambda site: enable_user(site, uid, enabled=False))
    return f"Successfully disabled User id:{uid}\n"


async def _remove(office: Office, visit: Visit, uid: str) -> str:
    await office.change(visit, "removing User", lambda site: remove_user(site, uid))
    return f"Successfully removed User id:{uid}\n"


async def _unbind(office: Office, _visit: Visit, uid: str) -> str:
    await office.unbind(known(office.site.users, uid, "User").uid)
    return f"Successfully unbound User id:{uid}\n"


async def _ban(office: Office, visit: Visit, uid: str) -> str:
    user = known(office.site.users, uid, "User")
    await office.change(visit, "banning User", lambda site: ban_user(site, uid))
    await office.unbind(user.uid)
    return f"Successfully unbound and banned User id:{uid}\n"
