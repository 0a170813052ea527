"""A process that changes a site without end, and says the number of each change that is done.

python -m tests.daemons.changing_site FOLDER NEXT
"""

import asyncio
import itertools
import os
import sys
from pathlib import Path
from random import Random

from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.sqlite_site import open_sqlite_site
from jasmin_compat.flows.admin import Administration, AdminPorts
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Clear, Drop, Edit, Kind, Put, Site
from jasmin_compat.gateway.users import Group, GroupId
from jasmin_compat.runtime.current import Current
from tests import builders
from tests.fakes import FakeConnectors, MemoryProfiles


def nth_edit(number: int, site: Site) -> Edit:
    """The same for the same number and site."""
    draw = Random(number)
    name = f"name{draw.randrange(40)}"
    match draw.randrange(6):
        case 0:
            many = (f"name{n}" for n in range(draw.randrange(1, 200)))
            return tuple(Put(Kind.USER, n, builders.user(n, f"p{number}")) for n in many)
        case 1:
            return (Drop(Kind.USER, name), Put(Kind.USER, name, builders.user(name)))
        case 2:
            cid = ConnectorId(name)
            made = builders.connector(cid, port=number % 60_000)
            return (Put(Kind.CONNECTOR, cid, made), Put(Kind.STARTED, cid, item=True))
        case 3:
            return (Put(Kind.MT_ROUTE, draw.randrange(40), builders.default_route(name)),)
        case 4:
            return (Clear(Kind.MT_ROUTE), *(Drop(Kind.USER, uid) for uid in list(site.users)[:20]))
        case _:
            return (Put(Kind.GROUP, name, Group(gid=GroupId(name), enabled=bool(number % 2))),)


async def main(folder: Path, first: int) -> None:
    async with open_sqlite_site(folder) as store:
        admin = Administration(
            Current(await store.read() or Site()),
            AdminPorts(
                store=store,
                profiles=MemoryProfiles(),
                connectors=FakeConnectors(),
                quotas=MemoryQuotas(),
            ),
        )
        for number in itertools.count(first):
            await admin.change(lambda site, number=number: nth_edit(number, site))  # type: ignore[misc]
            os.write(1, f"{number}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
