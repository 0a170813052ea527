"""`httpccm` (`cli/httpccm.py`)."""

from functools import partial
from typing import Final

from jasmin_compat.gateway.changes import add_http_connector, known, remove_http_connector
from jasmin_compat.gateway.http_connectors import http_connector_from
from jasmin_compat.servers.jcli.console import Command
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.options import Flag
from jasmin_compat.servers.jcli.sessions import TEXT, Form, Values, all_keys
from jasmin_compat.servers.jcli.tables import Columns
from jasmin_compat.wire.site_texts import http_connector_str

COLUMNS: Final = Columns((16, 22, 6, 64), ("Httpcc id", "Type", "Method", "URL"))


def httpccm_command(office: Office) -> Command:
    add = "Add a new HTTP client connector"
    remove = "Remove HTTP client connector using it's CID"
    show = "Show HTTP client connector using it's CID"
    return Command(
        "httpccm",
        "HTTP client connector management",
        [
            (Flag(("-l", "--list"), "List HTTP client connectors"), partial(_list, office)),
            (Flag(("-a", "--add"), add), partial(_add, office)),
            (Flag(("-r", "--remove"), remove, "CID"), partial(_remove, office)),
            (Flag(("-s", "--show"), show, "CID"), partial(_show, office)),
        ],
    )


async def _list(office: Office, _visit: Visit, _value: str) -> str:
    connectors = office.site.http_connectors.values()
    rows = [(c.cid, "HttpConnector", c.method.upper(), c.url) for c in connectors]
    return COLUMNS.show(rows, "Total Httpccs")


async def _add(office: Office, visit: Visit, _value: str) -> Form:
    async def save(values: Values) -> str:
        made = http_connector_from(cid=values["cid"], url=values["url"], method=values["method"])
        await office.change(visit, "adding Httpcc", lambda _site: add_http_connector(made))
        return f"Successfully added Httpcc [HttpConnector] with cid:{made.cid}\n"

    return Form(
        opening="Adding a new Httpcc: (ok: save, ko: exit)",
        unknown="Unknown Httpcc key: ",
        keys={"cid": TEXT, "url": TEXT, "method": TEXT},
        missing=all_keys,
        save=save,
    )


async def _remove(office: Office, visit: Visit, cid: str) -> str:
    await office.change(visit, "removing Httpcc", lambda site: remove_http_connector(site, cid))
    return f"Successfully removed Httpcc id:{cid}\n"


async def _show(office: Office, _visit: Visit, cid: str) -> str:
    return http_connector_str(known(office.site.http_connectors, cid, "Httpcc")) + "\n"
