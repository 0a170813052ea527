"""Which log files a daemon writes: Jasmin's names, one process per file (contract/config.md §6)."""

from pathlib import PurePath

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.runtime.log_files import LogLimits
from jasmin_compat.runtime.logs import LogPlaces, LogSpec
from jasmin_compat.settings.read import SECTION_TYPES, SettingsRead
from jasmin_compat.settings.sections import Logged

SECTIONS = {
    "jasmind": tuple(name for name, kind in SECTION_TYPES.items() if issubclass(kind, Logged)),
    "dlrlookupd": ("amqp-broker", "redis-client", "dlr"),
    "dlrd": ("amqp-broker", "dlr-thrower"),
}
PREFIXED = {"dlrlookupd": ("amqp-broker", "redis-client"), "dlrd": ("amqp-broker",)}
"""Sections whose default file jasmind has too: named for the daemon in the others, where Jasmin
lets several processes rotate one file."""

ACCESS_LOGGER = "jasmin-http-access"
"""Of [http-api] access_log; its lines are whole as they come."""


def daemon_log_specs(daemon: str, read: SettingsRead) -> list[LogSpec]:
    """The logs of `jasmind` (and `serve`), `dlrlookupd` or `dlrd`, and its own on stdout."""
    specs = [_spec(daemon, name, read) for name in SECTIONS[daemon] if _is_here(name, read)]
    if daemon == "jasmind":
        specs.append(_access_log(read))
    specs.append(LogSpec(logger="jasmin-daemon", file="stdout"))
    return specs


def _is_here(name: str, read: SettingsRead) -> bool:
    """Where no REST API runs, its file may be that of a Jasmin's."""
    return name != "rest-api" or read.settings.rest_api.port != 0


def log_places(read: SettingsRead, identity: str | None) -> LogPlaces:
    """`identity` tells processes of one kind apart (--id)."""
    logging = read.settings.logging
    return LogPlaces(
        limits=LogLimits(keep=logging.log_keep, max_octets=logging.log_max_octets),
        stdout=logging.stdout,
        beside=identity,
        max_waiting_lines=logging.max_waiting_lines,
    )


def _spec(daemon: str, name: str, read: SettingsRead) -> LogSpec:
    section = getattr(read.settings, name.replace("-", "_"))
    assert isinstance(section, Logged)
    file = PurePath(section.log_file)
    is_default = (name, "log_file") not in read.origins
    if (name in PREFIXED.get(daemon, ()) and is_default) or (daemon, name) == ("dlrlookupd", "dlr"):
        # [dlr] in dlrlookupd: always, as Jasmin (bin/dlrlookupd.py:76)
        file = file.with_name(f"{daemon}-{file.name}")
    return LogSpec(
        logger=section.LOGGER.replace("{id}", read.settings.smpp_server.id),
        file=str(file),
        level=section.log_level,
        when=section.log_rotate,
        format=section.log_format,
        date_format=section.log_date_format,
    )


def connector_log_spec(connector: SmppConnector, read: SettingsRead) -> LogSpec:
    """The log of one connector, as its own keys say."""
    return LogSpec(
        logger=f"smpp.client.{connector.cid}",
        file=connector.log_file or f"{read.paths.log}/default-{connector.cid}.log",
        level=connector.log_level,
        when=connector.log_rotate,
    )


def _access_log(read: SettingsRead) -> LogSpec:
    http = read.settings.http_api
    return LogSpec(
        logger=ACCESS_LOGGER, file=http.access_log, when=http.log_rotate, format="%(message)s"
    )
