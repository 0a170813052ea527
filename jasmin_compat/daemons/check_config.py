"""`jasmin-compat check-config`: the effective settings, and what is wrong or risky in them."""

import argparse
import os
import sys
from collections.abc import Iterator
from ipaddress import ip_address

from jasmin_compat.daemons.frame import (
    EXIT_SETTINGS,
    JASMIND,
    add_settings_arguments,
    read_or_tell,
)
from jasmin_compat.daemons.further_checks import site_of
from jasmin_compat.daemons.site_counts import site_counts
from jasmin_compat.settings.read import TABLES, SettingsRead
from jasmin_compat.settings.show import effective


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_settings_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Exit status 2 with every mistake on standard error; warnings go there too."""
    read = read_or_tell(JASMIND, args, os.environ)
    if read is None:
        return EXIT_SETTINGS
    for line in effective(read):
        print(line)
    site = site_of(read)
    if site is not None:
        print(f"site: {site_counts(site)}")
    for warning in (*[w.line for w in read.warnings], *risks(read)):
        print(f"warning: {warning}", file=sys.stderr)
    return 0


_LISTENERS = ("jcli",)
"""Sections with a port and an administrator; Jasmin's Perspective Brokers listen nowhere here."""


def risks(read: SettingsRead) -> Iterator[str]:
    """Ports others can reach that let in whoever knows Jasmin's default passwords, or anybody."""
    for name in _LISTENERS:
        section = getattr(read.settings, name.replace("-", "_"))
        where = f"[{name}] {section.bind}:{section.port}"
        if _is_loopback(section.bind):
            continue
        if not section.authentication:
            yield f"{where}: no authentication, on an address other machines reach"
        elif section.admin_password.lower() == TABLES[name]["admin_password"].default:
            yield f"{where}: Jasmin's default password, on an address other machines reach"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
