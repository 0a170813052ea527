"""`smppccm` (`cli/smppccm.py`, contract/smpp-client.md §2)."""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NoReturn

from jasmin_compat.gateway.changes import add_connector, known, remove_connector, update_connector
from jasmin_compat.gateway.connectors import (
    KEYS,
    BadConnector,
    Key,
    SmppConnector,
    check_typed,
    connector_from,
    takes_restart,
    updated,
)
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Edit, Site
from jasmin_compat.gateway.unusable import Mistyped, NotDone, Unusable
from jasmin_compat.ports import SiteNotSaved
from jasmin_compat.servers.jcli.console import Command
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.office import Office, log_failure, not_saved
from jasmin_compat.servers.jcli.options import Flag
from jasmin_compat.servers.jcli.sessions import Form, Read, Values, text_of
from jasmin_compat.servers.jcli.tables import Columns

COLUMNS: Final = Columns(
    (35, 7, 16, 6, 5), ("Connector id", "Service", "Session", "Starts", "Stops")
)
JASMINS: Final = 40
"""Keys that Jasmin shows: the first of KEYS. Ours are shown where they are not the default."""
ABSENT: Final[Mapping[str, str]] = {"addr_range": "None", "custom_tlvs": "none"}
"""What is shown for an empty text; of other keys nothing is."""


def smppccm_command(office: Office) -> Command:
    update = "Update SMPP connector configuration using it's CID"

    def flag(*names: str, about: str) -> Flag:
        return Flag(names, f"{about} SMPP connector using it's CID", "CID")

    return Command(
        "smppccm",
        "SMPP connector management",
        [
            (Flag(("-l", "--list"), "List SMPP connectors"), partial(_list, office)),
            (Flag(("-a", "--add"), "Add SMPP connector"), partial(_add, office)),
            (Flag(("-u", "--update"), update, "CID"), partial(_update, office)),
            (flag("-r", "--remove", about="Remove"), partial(_remove, office)),
            (flag("-s", "--show", about="Show"), partial(_show, office)),
            (flag("-1", "--start", about="Start"), partial(_start, office)),
            (flag("-0", "--stop", about="Stop"), partial(_stop, office)),
        ],
    )


async def _list(office: Office, _visit: Visit, _value: str) -> str:
    rows = []
    for cid in office.site.connectors:
        status = office.admin.status(cid)
        service = "started" if status.is_started else "stopped"
        rows.append((cid, service, status.session, status.starts, status.stops))
    return COLUMNS.show(rows, "Total connectors")


async def _show(office: Office, _visit: Visit, name: str) -> str:
    connector = known(office.site.connectors, name, "connector")
    return "".join(f"{name} {value}\n" for name, value in _shown(office, connector))


def _shown(office: Office, connector: SmppConnector) -> Iterator[tuple[str, str]]:
    default = SmppConnector(cid=connector.cid)
    for index, key in enumerate(KEYS):
        value = getattr(connector, key.field)
        if index < JASMINS or value != getattr(default, key.field):
            yield key.name, _value_shown(office, connector.cid, key, value)


def _value_shown(office: Office, cid: ConnectorId, key: Key, value: object) -> str:
    if key.name == "logfile" and value is None:
        return office.default_log_file(cid)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ABSENT.get(key.name, "") if value == "" else str(value)


async def _add(office: Office, visit: Visit, _value: str) -> Form:
    async def save(values: Values) -> str:
        try:
            connector = connector_from({**office.new_connector, **values})
        except BadConnector as bad:
            raise _first_of(bad) from bad
        await office.change(visit, "adding connector", lambda site: add_connector(site, connector))
        return f"Successfully added connector [{connector.cid}]\n"

    return Form(
        opening="Adding a new connector: (ok: save, ko: exit)",
        unknown="Unknown SMPPClientConfig key: ",
        keys={key.name: _typed(key) for key in KEYS},
        missing=_missing,
        save=save,
    )


def _missing(_keys: Sequence[str], values: Values) -> str:
    return "" if values else "You must set at least connector id (cid) before saving !"


async def _update(office: Office, visit: Visit, name: str) -> Form:
    cid = known(office.site.connectors, name, "connector").cid

    def changed(site: Site, values: Values) -> SmppConnector:
        try:
            return updated(known(site.connectors, cid, "connector"), values)
        except BadConnector as bad:
            raise _first_of(bad) from bad

    async def save(values: Values) -> str:
        def decide(site: Site) -> Edit:
            return update_connector(site, changed(site, values))

        after = changed(office.site, values)
        if office.admin.status(cid).is_started and takes_restart(
            office.site.connectors[cid], after
        ):
            visit.say(f"Restarting connector [{cid}] for updates to take effect ...\n")
        await office.change(visit, "updating connector", decide)
        return f"Successfully updated connector [{cid}]\n"

    return Form(
        opening=f"Updating connector id [{cid}]: (ok: save, ko: exit)",
        unknown="Unknown SMPPClientConfig key: ",
        keys={key.name: _typed(key) for key in KEYS} | {"cid": text_of(_not_the_id)},
        missing=lambda _keys, values: "" if values else "Nothing to save",
        save=save,
    )


def _typed(key: Key) -> Read:
    def read(text: str) -> str:
        check_typed(key.name, text)
        return text

    return text_of(read)


def _not_the_id(_text: str) -> NoReturn:
    raise Mistyped("Connector id can not be modified !")


def _first_of(bad: BadConnector) -> Unusable:
    """Jasmin finds one at a time."""
    return Unusable(bad.mistakes[0])


async def _remove(office: Office, visit: Visit, cid: str) -> str:
    await office.change(visit, "removing connector", lambda site: remove_connector(site, cid))
    return f"Successfully removed connector id:{cid}\n"


async def _start(office: Office, visit: Visit, name: str) -> str:
    cid = known(office.site.connectors, name, "connector").cid
    await _done(visit, "starting connector", office.admin.start(cid), "it runs already")
    return f"Successfully started connector id:{cid}\n"


async def _stop(office: Office, visit: Visit, name: str) -> str:
    cid = known(office.site.connectors, name, "connector").cid
    await _done(visit, "stopping connector", office.admin.stop(cid), "it stands already")
    return f"Successfully stopped connector id:{cid}\n"


async def _done(visit: Visit, doing: str, work: Awaitable[bool], otherwise: str) -> None:
    """`otherwise` is in the log; at the prompt Jasmin says no more. Raises: NotDone, Mistyped."""
    try:
        done = await work
    except SiteNotSaved as reason:
        raise not_saved(visit, doing, reason) from reason
    if not done:
        log_failure(visit, doing, otherwise)
        raise NotDone(doing, otherwise)
