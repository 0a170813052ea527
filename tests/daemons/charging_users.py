"""A process that charges a user, some at a time, and raises what it has: both told once they are
answered, until it is killed. `python -m tests.daemons.charging_users FOLDER`
"""

import asyncio
import os
import sys
from pathlib import Path

from jasmin_compat.adapters.sqlite_quotas import SqliteQuotas, open_sqlite_quotas
from jasmin_compat.adapters.sqlite_site import open_sqlite_site
from jasmin_compat.flows.admin import Administration, AdminPorts
from jasmin_compat.gateway.changes import UserChanges, update_user
from jasmin_compat.gateway.charging import Charge
from jasmin_compat.gateway.credential_changes import read_change
from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.site import edit_to
from jasmin_compat.gateway.users import User, UserId
from jasmin_compat.runtime.current import Current
from tests import builders
from tests.fakes import FakeConnectors, MemoryProfiles

UID = UserId("u")
USER = builders.user(UID, mt=MtCredential(quotas=Quotas(balance=0.0)))
CHARGE = Charge(amount=1.0, count=0, needed=-1e9)
AT_ONCE = 8
RAISE = 1000
"""More than is charged between two raises, so that one can be told from the other."""


async def charge(quotas: SqliteQuotas, user: User) -> None:
    while True:
        await quotas.charge(user, CHARGE)
        os.write(1, b"charged\n")


async def raise_balance(admin: Administration) -> None:
    change = read_change("mt_messaging_cred", f"quota balance +{RAISE}", of_existing=True)
    while True:
        await admin.change(lambda site: update_user(site, UID, UserChanges(mt=(change,))))
        os.write(1, b"raised\n")


async def main(folder: Path) -> None:
    async with open_sqlite_site(folder) as store:
        site = await store.read()
        if site is None:
            site = builders.site(USER)
            await store.write(edit_to(site))
        current = Current(site)
        async with (
            open_sqlite_quotas(store.file, lambda user: current().users.get(user.uid)) as quotas,
            asyncio.TaskGroup() as tasks,
        ):
            ports = AdminPorts(
                store=store, profiles=MemoryProfiles(), connectors=FakeConnectors(), quotas=quotas
            )
            tasks.create_task(raise_balance(Administration(current, ports)))
            for _ in range(AT_ONCE):
                tasks.create_task(charge(quotas, USER))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
