"""Read and carry out `section key value`, as the console's two credential keys take it.

contract/jcli.md §5.3-§5.4; Jasmin: protocols/cli/usersm.py, routing/jasminApi.py.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from types import MappingProxyType
from typing import Literal

from jasmin_compat.gateway.credentials import (
    AUTHORIZATIONS,
    QUOTAS,
    VALUE_FILTERS,
    MtCredential,
    SmppsCredential,
)
from jasmin_compat.gateway.unusable import Unusable

CredentialKind = Literal["mt_messaging_cred", "smpps_cred"]
"""The console's keys of the two."""
Section = Literal["Authorization", "ValueFilter", "DefaultValue", "Quota"]
Value = bool | str | float | None


@dataclass(frozen=True, slots=True)
class CredentialChange:
    """One value of a credential is set, or a quota is raised or lowered."""

    section: Section
    name: str
    """Jasmin's."""
    value: Value
    relative: bool = False
    """`value` is added; to an unlimited quota as if it were 0."""


def read_change(kind: CredentialKind, line: str, *, of_existing: bool = False) -> CredentialChange:
    """Of `section key value`. A quota of an existing user with a sign is a relative one.

    Raises:
        Unusable
    """
    match = re.match(r"(\S+) (\S+) (\S+.*$)", line)
    if match is None:
        raise Unusable(f"expected syntax: {kind} section key value")
    asked, key, value = match[1].lower(), match[2].lower(), match[3]
    sections = SECTIONS[kind]
    section = next((s for s in sections if s.lower() == asked), None)
    if section is None:
        raise Unusable(f"invalid section name: {asked}, possible values: {', '.join(sections)}")
    names = sections[section]
    if key not in names:
        raise Unusable(f"invalid key: {key}, possible keys: {', '.join(names)}")
    if of_existing and section == "Quota" and value[0] in "+-":
        return CredentialChange(section, names[key], _amount(names[key], value), relative=True)
    return CredentialChange(section, names[key], _READERS[section](names[key], value))


def changed_mt(credential: MtCredential, changes: Iterable[CredentialChange]) -> MtCredential:
    """The credential after all changes."""
    for change in changes:
        name, value = change.name, change.value
        match change.section:
            case "Authorization":
                others = credential.granted - {name}
                credential = replace(credential, granted=others | {name} if value else others)
            case "ValueFilter":
                filters = replace(credential.value_filters, **{name: value})  # type: ignore[arg-type]
                credential = replace(credential, value_filters=filters)
            case "DefaultValue":
                credential = replace(credential, source_address=value)  # type: ignore[arg-type]
            case "Quota":
                after = _quota_after(getattr(credential.quotas, name), change)
                quotas = replace(credential.quotas, **{name: after})  # type: ignore[arg-type]
                credential = replace(credential, quotas=quotas)
    return credential


def changed_smpps(
    credential: SmppsCredential, changes: Iterable[CredentialChange]
) -> SmppsCredential:
    """The credential after all changes."""
    for change in changes:
        after: object = change.value
        if change.section == "Quota":
            after = _quota_after(credential.max_bindings, change)
        credential = replace(credential, **{change.name: after})  # type: ignore[arg-type]
    return credential


def mt_values(credential: MtCredential) -> Iterator[tuple[Section, str, Value]]:
    """Section, the console's key, value: in the order the console shows them."""
    for name, key in AUTHORIZATIONS.items():
        yield "Authorization", key, name in credential.granted
    for name, key in VALUE_FILTERS.items():
        yield "ValueFilter", key, getattr(credential.value_filters, name)
    yield "DefaultValue", "src_addr", credential.source_address
    for name, key in QUOTAS.items():
        yield "Quota", key, getattr(credential.quotas, name)


def smpps_values(credential: SmppsCredential) -> Iterator[tuple[Section, str, Value]]:
    """As mt_values."""
    yield "Authorization", "bind", credential.bind
    yield "Authorization", "ip", credential.ip
    yield "Quota", "max_bindings", credential.max_bindings


def _quota_after(now: float | None, change: CredentialChange) -> float | None:
    """There is no lower bound, as in Jasmin."""
    if not change.relative:
        return change.value  # type: ignore[return-value]  # of a quota
    assert isinstance(change.value, int | float)
    if not change.value:
        return now  # Jasmin sets the quota to 0 for +0 (W-CFG-07)
    return (now or 0) + change.value


def _authorization(name: str, value: str) -> Value:
    if name == "ip":
        return _networks(value)
    if value.lower() not in _TRUTHS:
        raise Unusable(f"{name} is not a boolean value: {value}")
    return _TRUTHS[value.lower()]


def _networks(value: str) -> str:
    """Kept as written. Host bits may be set: `10.0.0.1/8` means 10.0.0.0/8."""
    entries = [entry for entry in (part.strip() for part in value.split(",")) if entry]
    wrong = f"Authorization ip is not a valid value ({value!r}):"
    if not entries:
        raise Unusable(f'{wrong} whitelist is empty (use "0.0.0.0/0" to allow any IPv4)')
    for entry in entries:
        try:
            ip_network(entry, strict=False)
        except ValueError as reason:
            raise Unusable(f"{wrong} invalid entry {entry!r}: {reason}") from reason
    return value


def _value_filter(name: str, value: str) -> str:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError):
        # Jasmin drops the console's session (W-CFG-06)
        raise Unusable(f"{name} is not a regex pattern: {value}") from None
    return value


def _default(_name: str, value: str) -> str:
    return value


def _quota(name: str, value: str) -> float | None:
    if value.lower() == "none":
        return None
    number = _amount(name, value)
    percent = name == "early_decrement_balance_percent"
    if (not 1 <= number <= 100) if percent else number < 0:
        raise _not_a_quota(name, number)
    return number


def _amount(name: str, value: str) -> float:
    try:
        number = int(value) if name in _WHOLE else float(value)
    except ValueError as reason:
        raise Unusable(str(reason)) from reason
    if math.isnan(number):  # Jasmin takes it, and nothing is ever less: the balance lasts for ever
        raise _not_a_quota(name, number)
    return number


def _not_a_quota(name: str, number: float) -> Unusable:
    if name in _WHOLE:
        must = "a positive int"
    elif name == "early_decrement_balance_percent":
        must = "None or a number in 1..100"
    else:
        must = "None or a positive number"
    return Unusable(f"{name} is not a valid value ({number}), it must be {must}")


def _by_key(names: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({key: name for name, key in names.items()})


SECTIONS: Mapping[CredentialKind, Mapping[Section, Mapping[str, str]]] = MappingProxyType(
    {
        "mt_messaging_cred": MappingProxyType(
            {
                "Authorization": _by_key(AUTHORIZATIONS),
                "ValueFilter": _by_key(VALUE_FILTERS),
                "DefaultValue": _by_key({"source_address": "src_addr"}),
                "Quota": _by_key(QUOTAS),
            }
        ),
        "smpps_cred": MappingProxyType(
            {
                "Authorization": _by_key({"bind": "bind", "ip": "ip"}),
                "Quota": _by_key({"max_bindings": "max_bindings"}),
            }
        ),
    }
)
"""Jasmin's name by the console's key, of each section."""
_READERS: Mapping[Section, Callable[[str, str], Value]] = MappingProxyType(
    {
        "Authorization": _authorization,
        "ValueFilter": _value_filter,
        "DefaultValue": _default,
        "Quota": _quota,
    }
)
_WHOLE = frozenset(("submit_sm_count", "max_bindings"))
_TRUTHS = dict.fromkeys(("true", "1", "t", "y", "yes"), True) | dict.fromkeys(
    ("false", "0", "f", "n", "no"), False
)
