"""Users and groups of Jasmin's store files (persistence-and-migration.md §10, routing.md §9).

Jasmin enables every one of them at each load, and lets users send hex content and schedule; here
they are as they were kept (W-CFG-01).
"""

import functools
import math
from collections.abc import Iterator
from typing import Final

from jasmin_compat.gateway.credential_changes import read_change
from jasmin_compat.gateway.credentials import (
    ANY_ADDRESS,
    AUTHORIZATIONS,
    GRANTED,
    MT_DEFAULT,
    QUOTAS,
    VALUE_FILTERS,
    MtCredential,
    Quotas,
    SmppsCredential,
    ValueFilters,
)
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.unusable import Unusable
from jasmin_compat.gateway.users import Group, User, gid_from, uid_from, username_from
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickled_accounts import Accounts
from jasmin_compat.wire.store_values import LeftOut, instance, pattern, shown, table, text, truth

_DIGEST_OCTETS: Final = 16
_BATCH: Final = 1000
_NOTHING: Final = "(?!)"
"""A pattern no value matches."""
_WHOLE: Final = frozenset(("submit_sm_count", "max_bindings"))


def write_groups(site: Site) -> bytes:
    accounts = Accounts(shares=True)
    return accounts.head + opcodes.list_of(
        accounts.group(group.gid, enabled=group.enabled) for group in site.groups.values()
    )


def write_users(site: Site) -> Iterator[bytes]:
    """In pieces of some thousand users."""
    accounts = Accounts(shares=True)
    yield accounts.head + opcodes.EMPTY_LIST
    users = list(site.users.values())
    for at in range(0, len(users), _BATCH):
        batch = (
            accounts.user(user, site.groups.get(user.gid) or Group(gid=user.gid))
            for user in users[at : at + _BATCH]
        )
        yield b"(" + b"".join(batch) + b"e"


def read_group(found: object) -> Group:
    """Raises: LeftOut."""
    group = instance(found, "Group")
    try:
        gid = gid_from(text(group, "gid"))
    except Unusable as reason:
        raise LeftOut(str(reason)) from reason
    return Group(gid=gid, enabled=truth(group, "enabled", default=True))


def read_user(found: object) -> tuple[User, Group, list[str]]:
    """The user, the copy of its group, and what of it is not carried over.

    Raises:
        LeftOut: the whole of it is not.
    """
    user = instance(found, "User")
    lost: list[str] = []
    digest = user.state.get("password")
    if not isinstance(digest, bytes) or len(digest) != _DIGEST_OCTETS:
        raise LeftOut("its password is no MD5 digest")
    group = read_group(user.state.get("group"))
    try:
        uid, username = uid_from(text(user, "uid")), username_from(text(user, "username"))
    except Unusable as reason:
        raise LeftOut(str(reason)) from reason
    read = User(
        uid=uid,
        gid=group.gid,
        username=username,
        password_md5=digest,
        enabled=truth(user, "enabled", default=True),
        mt=_mt(instance(user.state.get("mt_credential"), "MtMessagingCredential"), lost),
        smpps=_smpps(instance(user.state.get("smpps_credential"), "SmppsCredential"), lost),
    )
    return read, group, lost


def _mt(credential: Instance, lost: list[str]) -> MtCredential:
    authorizations = table(credential, "authorizations")
    patterns = table(credential, "value_filters")
    quotas = table(credential, "quotas")
    defaults = table(credential, "defaults")
    _name_others("authorization", authorizations, AUTHORIZATIONS, lost)
    _name_others("value filter", patterns, VALUE_FILTERS, lost)
    _name_others("quota", quotas, QUOTAS, lost)
    _name_others("default", defaults, ("source_address",), lost)
    granted = {n for n in AUTHORIZATIONS if authorizations.get(n, n in GRANTED) is True}
    return MtCredential(
        granted=GRANTED if granted == GRANTED else frozenset(granted),
        value_filters=ValueFilters(**{n: _filter(n, patterns, lost) for n in VALUE_FILTERS}),
        source_address=_default(defaults.get("source_address"), lost),
        quotas=Quotas(**{n: _quota(n, quotas, lost) for n in QUOTAS}),  # type: ignore[arg-type]
    )


def _name_others(called: str, found: dict[str, object], known: object, lost: list[str]) -> None:
    others = [name for name in found if name not in known]  # type: ignore[operator]
    lost += [f"{called} {shown(name)} is not known here" for name in others]


def _filter(name: str, patterns: dict[str, object], lost: list[str]) -> str:
    if name not in patterns:
        return str(getattr(MT_DEFAULT.value_filters, name))
    try:
        return pattern(patterns[name])
    except LeftOut as reason:
        lost.append(f"value filter {name}: {reason}; it matches nothing now")
        return _NOTHING


def _default(found: object, lost: list[str]) -> str | None:
    if isinstance(found, bytes):
        found = found.decode("latin-1")
    if found is None or isinstance(found, str):
        return found
    lost.append(f"default source_address is {shown(found)}")
    return None


def _quota(name: str, quotas: dict[str, object], lost: list[str]) -> float | None:
    found = quotas.get(name)
    if found is None:
        return None
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if not is_number or math.isnan(found):  # type: ignore[arg-type]
        lost.append(f"quota {name} is {shown(found)}; it is 0 now")
        return 0
    if name in _WHOLE and isinstance(found, float):
        if not math.isfinite(found):
            lost.append(f"quota {name} is {shown(found)}; it is 0 now")
            return 0
        return int(found)
    return found  # type: ignore[return-value]  # a number


def _smpps(credential: Instance, lost: list[str]) -> SmppsCredential:
    authorizations = table(credential, "authorizations")
    quotas = table(credential, "quotas")
    _name_others("authorization", authorizations, ("bind", "ip"), lost)
    _name_others("quota", quotas, ("max_bindings",), lost)
    bind, ip = authorizations.get("bind", True) is True, authorizations.get("ip", ANY_ADDRESS)
    wrong = _wrong_networks(ip) if isinstance(ip, str) else f"authorization ip is {shown(ip)}"
    if wrong or not isinstance(ip, str):
        lost.append(f"{wrong}; it may not bind now")
        bind, ip = False, ANY_ADDRESS
    return SmppsCredential(
        bind=bind,
        ip=ip,
        max_bindings=_quota("max_bindings", quotas, lost),  # type: ignore[arg-type]
    )


@functools.lru_cache(maxsize=1024)
def _wrong_networks(ip: str) -> str | None:
    """None if it is right."""
    try:
        read_change("smpps_cred", f"authorization ip {ip}")
    except Unusable as reason:
        return str(reason)
    return None
