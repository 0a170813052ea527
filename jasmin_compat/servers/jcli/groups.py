"""`group` (`cli/groupsm.py`)."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from jasmin_compat.gateway.changes import add_group, enable_group, remove_group
from jasmin_compat.gateway.users import Group, gid_from
from jasmin_compat.servers.jcli.console import Command
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.options import Flag
from jasmin_compat.servers.jcli.sessions import TEXT, Form, Values
from jasmin_compat.servers.jcli.tables import Columns

COLUMNS: Final = Columns((16,), ("Group id",))


def group_command(office: Office) -> Command:
    return Command(
        "group",
        "Group management",
        [
            (Flag(("-l", "--list"), "List groups"), partial(_list, office)),
            (Flag(("-a", "--add"), "Add group"), partial(_add, office)),
            (Flag(("-e", "--enable"), "Enable group", "GID"), partial(_enable, office)),
            (Flag(("-d", "--disable"), "Disable group", "GID"), partial(_disable, office)),
            (
                Flag(("-r", "--remove"), "Remove group using it's GID", "GID"),
                partial(_remove, office),
            ),
        ],
    )


async def _list(office: Office, _visit: Visit, _value: str) -> str:
    rows = [("" if g.enabled else "!") + g.gid for g in office.site.groups.values()]
    return COLUMNS.show([(row,) for row in rows], "Total Groups")


async def _add(office: Office, visit: Visit, _value: str) -> Form:
    async def save(values: Values) -> str:
        group = Group(gid=gid_from(str(values["gid"])))
        await office.change(visit, "adding Group", lambda _site: add_group(group))
        return f"Successfully added Group [{group.gid}]\n"

    return Form(
        opening="Adding a new Group: (ok: save, ko: exit)",
        unknown="Unknown Group key: ",
        keys={"gid": TEXT},
        missing=_missing,
        save=save,
    )


def _missing(_keys: Sequence[str], values: Values) -> str:
    return "" if values else "You must set Group id (gid) before saving !"


async def _enable(office: Office, visit: Visit, gid: str) -> str:
    await office.change(visit, "enabling Group", lambda site: enable_group(site, gid, enabled=True))
    return f"Successfully enabled Group id:{gid}\n"


async def _disable(office: Office, visit: Visit, gid: str) -> str:
    await office.change(
        visit, "disabling Group", lambda site: enable_group(site, gid, enabled=False)
    )
    return f"Successfully disabled Group id:{gid}\n"


async def _remove(office: Office, visit: Visit, gid: str) -> str:
    await office.change(visit, "removing Group", lambda site: remove_group(site, gid))
    return f"Successfully removed Group id:{gid}\n"
