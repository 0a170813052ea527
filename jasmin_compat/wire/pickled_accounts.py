"""Users and groups as Jasmin pickles them, in bills, filters and store files.

contract/amqp-topology.md §6.3; Jasmin: routing/jasminApi.py.
"""

import re
from collections.abc import Iterable
from typing import Final

from jasmin_compat.gateway.credentials import (
    MT_DEFAULT,
    QUOTAS,
    SMPPS_DEFAULT,
    VALUE_FILTERS,
    MtCredential,
    SmppsCredential,
    ValueFilters,
)
from jasmin_compat.gateway.users import Group, GroupId, User
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.pickle_opcodes import Kept

_AUTHORIZATIONS: Final = (
    *("http_send", "http_bulk", "http_balance", "http_rate", "smpps_send", "http_long_content"),
    *("set_dlr_level", "http_set_dlr_method", "set_source_address", "set_priority"),
    *("set_validity_period", "set_hex_content", "set_schedule_delivery_time"),
)
NO_PASSWORD: Final = bytes(16)
"""No password has this digest."""
_RE: Final = opcodes.name("re", "_compile")
_ENCODE: Final = opcodes.name("_codecs", "encode")
_LATIN1: Final = opcodes.text("latin1")


def _class(name: str) -> bytes:
    return opcodes.name("jasmin.routing.jasminApi", name)


def pattern(text: str, *, default: str | None = None) -> bytes:
    """Jasmin's own patterns are of octets, those typed in its console of characters."""
    if text == default:
        return opcodes.call(_RE, opcodes.octets(text.encode()), opcodes.integer(0))
    try:
        flags = re.compile(text).flags
    except (re.error, OverflowError, RecursionError):  # another Python took it
        flags = int(re.UNICODE)
    return opcodes.call(_RE, opcodes.text(text), opcodes.integer(flags))


def number(value: float | None) -> bytes:
    """As it is: int, float or None."""
    if value is None:
        return opcodes.NONE
    return opcodes.floating(value) if isinstance(value, float) else opcodes.integer(value)


def _defaults() -> dict[str, bytes]:
    known = MT_DEFAULT.value_filters
    return {
        name: pattern(getattr(known, name), default=getattr(known, name)) for name in VALUE_FILTERS
    }


_DEFAULT_FILTERS: Final = _defaults()
_KEYS: Final = (
    *("uid", "group", "enabled", "username", "password", "mt_credential", "smpps_credential"),
    *("gid", "authorizations", "value_filters", "defaults", "quotas", "bind", "ip"),
    *("max_bindings", "source_address", *_AUTHORIZATIONS, *VALUE_FILTERS, *QUOTAS),
)
_QUOTAS: Final = opcodes.text("quotas")
_OFTEN: Final = (
    *(_class(name) for name in ("User", "Group", "MtMessagingCredential", "SmppsCredential")),
    *(_ENCODE, _LATIN1, opcodes.text(SMPPS_DEFAULT.ip)),
    *(opcodes.text(key) for key in dict.fromkeys(_KEYS)),
    *dict.fromkeys(_DEFAULT_FILTERS.values()),
)


class Accounts:
    """Writes accounts: those that are alike share what was made for one."""

    def __init__(self, *, shares: bool) -> None:
        """`shares`: many will stand in one pickle, which begins with `head`."""
        self._kept = Kept(_OFTEN if shares else ())
        self.head = self._kept.head if shares else b""
        self._groups: dict[tuple[GroupId, bool], bytes] = {}
        self._mt: dict[tuple[frozenset[str], ValueFilters, str | None], bytes] = {}
        self._smpps: dict[SmppsCredential, bytes] = {}

    def group(self, gid: GroupId, *, enabled: bool) -> bytes:
        if (gid, enabled) not in self._groups:
            items = (("gid", opcodes.text(gid)), ("enabled", opcodes.boolean(enabled)))
            self._groups[gid, enabled] = self._object("Group", items)
        return self._groups[gid, enabled]

    def user(self, user: User, group: Group, *, digest: bytes | None = None) -> bytes:
        """Without its password's digest, if another is given."""
        if user.smpps not in self._smpps:
            self._smpps[user.smpps] = self._smpps_credential(user.smpps)
        items = (
            ("uid", opcodes.text(user.uid)),
            ("group", self.group(group.gid, enabled=group.enabled)),
            ("enabled", opcodes.boolean(user.enabled)),
            ("username", opcodes.text(user.username)),
            ("password", self._octets(user.password_md5 if digest is None else digest)),
            ("mt_credential", self._mt_credential(user.mt)),
            ("smpps_credential", self._smpps[user.smpps]),
        )
        return self._object("User", items)

    def _octets(self, value: bytes) -> bytes:
        encoded = opcodes.text(value.decode("latin-1"))
        return opcodes.call(self._kept(_ENCODE), encoded, self._kept(_LATIN1))

    def _mt_credential(self, credential: MtCredential) -> bytes:
        """Quotas differ from user to user, the rest hardly."""
        same = (credential.granted, credential.value_filters, credential.source_address)
        if same not in self._mt:
            self._mt[same] = self._but_quotas(credential)
        quotas = ((name, number(getattr(credential.quotas, name))) for name in QUOTAS)
        return self._mt[same] + self._kept(_QUOTAS) + self._dict(quotas) + b"sb"

    def _but_quotas(self, credential: MtCredential) -> bytes:
        """An object whose attributes are not complete yet."""
        granted, filters = credential.granted, credential.value_filters
        source = credential.source_address
        default = opcodes.NONE if source is None else opcodes.text(source)
        attributes = (
            (
                "authorizations",
                self._dict((name, opcodes.boolean(name in granted)) for name in _AUTHORIZATIONS),
            ),
            (
                "value_filters",
                self._dict(
                    (name, self._filter(name, getattr(filters, name))) for name in VALUE_FILTERS
                ),
            ),
            ("defaults", self._dict((("source_address", default),))),
        )
        return self._kept(_class("MtMessagingCredential")) + b")\x81" + self._dict(attributes)

    def _filter(self, name: str, text: str) -> bytes:
        if text == getattr(MT_DEFAULT.value_filters, name):
            return self._kept(_DEFAULT_FILTERS[name])
        return pattern(text)

    def _smpps_credential(self, credential: SmppsCredential) -> bytes:
        authorizations = (
            ("bind", opcodes.boolean(credential.bind)),
            ("ip", self._kept(opcodes.text(credential.ip))),
        )
        quotas = (("max_bindings", number(credential.max_bindings)),)
        return self._object(
            "SmppsCredential",
            (("authorizations", self._dict(authorizations)), ("quotas", self._dict(quotas))),
        )

    def _dict(self, items: Iterable[tuple[str, bytes]]) -> bytes:
        return opcodes.dict_of(items, self._kept)

    def _object(self, class_name: str, items: Iterable[tuple[str, bytes]]) -> bytes:
        return opcodes.instance(self._kept(_class(class_name)), items, self._kept)
