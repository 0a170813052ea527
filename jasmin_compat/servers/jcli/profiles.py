"""`persist` and `load` (`cli/jcli.py`)."""

import logging
import re
from functools import partial
from typing import Final

from jasmin_compat.gateway.unusable import Unusable
from jasmin_compat.ports import SiteNotSaved, SiteUnreadable
from jasmin_compat.servers.jcli.console import Command
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.options import Flag

log: Final = logging.getLogger("jcli")
DEFAULT: Final = "jcli-prod"
PARTS: Final = (
    "group",
    "user",
    "mointerceptor",
    "mtinterceptor",
    "morouter",
    "mtrouter",
    "smppcc",
    "filter",
    "httpcc",
)
"""Jasmin saves and loads one after the other, and says so; ours does all of them or none."""
PROFILE: Final = Flag(
    ("-p", "--profile"), f"Configuration profile, default: {DEFAULT}", "PROFILE", DEFAULT
)


def persist_command(office: Office) -> Command:
    about = "Persist current configuration profile to disk in PROFILE"
    return Command("persist", about, [(PROFILE, partial(_persist, office))])


def load_command(office: Office) -> Command:
    about = "Load configuration PROFILE profile from disk"
    return Command("load", about, [(PROFILE, partial(_load, office))])


async def _persist(office: Office, visit: Visit, profile: str) -> str:
    try:
        _check(profile)
        await office.admin.persist(profile)
    except (SiteNotSaved, Unusable) as reason:
        return _failed("persist", profile, visit, reason)
    return _each("{} configuration persisted", profile)


async def _load(office: Office, visit: Visit, profile: str) -> str:
    try:
        _check(profile)
        read = await office.admin.load(profile)
    except (SiteUnreadable, SiteNotSaved, Unusable) as reason:
        return _failed("load", profile, visit, reason)
    if read is None:
        return _failed("load", profile, visit, None)
    for text in read.not_carried_over:
        log.warning("[sref:%d] Profile %s: %s", visit.number, profile, text)
    said = _each("{} configuration loaded", profile)
    return said + "".join(f"{text}\n" for text in read.not_carried_over)


def _check(profile: str) -> None:
    """Jasmin puts it into a path as it is (W-CFG-09): `../x` is another directory's file."""
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", profile):
        raise Unusable("a profile's name is made of letters, digits, _, - and .")


def _failed(doing: str, profile: str, visit: Visit, reason: Exception | None) -> str:
    """Of a profile that is not there Jasmin says no more."""
    text = "there is none" if reason is None else str(reason)
    log.error("[sref:%d] Failed to %s profile %s: %s", visit.number, doing, profile, text)
    said = _each(f"Failed to {doing} {{}} configuration", profile)
    return said if reason is None else f"{said}Error: {reason}\n"


def _each(said: str, profile: str) -> str:
    return "".join(f"{said.format(part)} (profile:{profile})\n" for part in PARTS)
