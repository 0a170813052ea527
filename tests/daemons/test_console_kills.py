"""kill -9 of jasmind while its console is typed at: it comes back with what was answered, no more.

JASMIN_COMPAT_KILLS says how often, 3 without it.
"""

import asyncio
import itertools
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from compat_tests.targets.console import Console, Refused
from jasmin_compat.adapters.sqlite_site import read_sqlite_site
from jasmin_compat.gateway.site import Site
from tests.daemons.processes import WITHIN_S, daemon
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

log = logging.getLogger(__name__)
KILLS = int(os.environ.get("JASMIN_COMPAT_KILLS", "3"))
CHANGES = 500
"""Typed in a round, if it were not killed."""
NAMES = 30
Model = dict[tuple[str, str], str]
"""What the site has: table and key, and what can change of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is typed, of which the last line makes the change, and what the site has then."""

    lines: tuple[str, ...]
    does: Callable[[Model], None]


def _put(table: str, key: str, value: str) -> Callable[[Model], None]:
    return lambda model: model.__setitem__((table, key), value)


def _drop(*keys: tuple[str, str]) -> Callable[[Model], None]:
    def drop(model: Model) -> None:
        for key in keys:
            model.pop(key, None)

    return drop


def changes(draw: Random, model: Model) -> Iterator[Change]:
    """Each is one that succeeds on the model as it is then."""
    for number in itertools.count(1):
        decide = draw.choice((_group, _user, _connector, _filter, _route))
        change = decide(model, str(draw.randrange(NAMES)), number)
        if change is not None:
            yield change


def _group(model: Model, n: str, number: int) -> Change:
    if ("group", n) not in model:
        return Change(("group -a", f"gid {n}", "ok"), _put("group", n, "on"))
    if number % 4:
        return Change((f"group -d {n}",), _put("group", n, "off"))
    return Change((f"group -r {n}",), _drop(("group", n), ("user", n)))


def _user(model: Model, n: str, number: int) -> Change | None:
    """One in each group."""
    if ("user", n) in model:
        quota = f"mt_messaging_cred quota sms_count {number}"
        return Change((f"user -u {n}", quota, "ok"), _put("user", n, str(number)))
    if ("group", n) in model:
        lines = ("user -a", f"uid {n}", f"gid {n}", f"username {n}", "password p", "ok")
        return Change(lines, _put("user", n, "None"))
    return None


def _connector(model: Model, n: str, number: int) -> Change:
    cid = f"con{n}"
    if ("connector", cid) not in model:
        return Change(("smppccm -a", f"cid {cid}", "ok"), _put("connector", cid, "30"))
    if number % 4:
        lines = (f"smppccm -u {cid}", f"elink_interval {number}", "ok")
        return Change(lines, _put("connector", cid, str(number)))
    return Change((f"smppccm -r {cid}",), _drop(("connector", cid)))


def _filter(model: Model, n: str, _number: int) -> Change:
    if ("filter", n) in model:
        return Change((f"filter -r {n}",), _drop(("filter", n)))
    lines = ("filter -a", f"fid {n}", "type TagFilter", f"tag {n}", "ok")
    return Change(lines, _put("filter", n, n))


def _route(model: Model, n: str, number: int) -> Change | None:
    if ("route", n) in model:
        return Change((f"mtrouter -r {n}",), _drop(("route", n)))
    if ("connector", f"con{n}") not in model or ("filter", n) not in model or n == "0":
        return None
    lines = ("mtrouter -a", "type StaticMTRoute", f"order {n}", f"filters {n}")
    target = (f"connector smppc(con{n})", f"rate {number}", "ok")
    return Change((*lines, *target), _put("route", n, f"{number}.0"))


def model_of(site: Site) -> Model:
    found: Model = {}
    for gid, group in site.groups.items():
        found["group", gid] = "on" if group.enabled else "off"
    for uid, user in site.users.items():
        found["user", uid] = str(user.mt.quotas.submit_sm_count)
    for cid, connector in site.connectors.items():
        found["connector", cid] = f"{connector.enquire_link_s:g}"
    for fid in site.filters:
        found["filter", fid] = fid
    for order, route in site.mt_routes.items():
        found["route", str(order)] = str(route.rate)
    return found


class Typist(Console):
    """Types changes until the console is gone."""

    def __init__(self, port: int, model: Model) -> None:
        super().__init__(port)
        self.model = model
        self.unanswered: Change | None = None
        """Its last line was sent, and nothing came back."""
        self.done = 0

    def types(self, todo: Iterator[Change]) -> None:
        for change in itertools.islice(todo, CHANGES):
            try:
                for line in change.lines[:-1]:
                    self._line(line, b">")
                self.unanswered = change
                answer = self.command(change.lines[-1])
            except (Refused, OSError):
                return
            assert "Successfully" in answer, (change.lines, answer)
            self.unanswered = None
            change.does(self.model)
            self.done += 1


@dataclass(slots=True)
class Place:
    """Where one jasmind runs, as often as it is killed."""

    folder: Path
    environment: dict[str, str]
    model: Model = field(default_factory=dict)
    changes: int = 0
    in_flight: int = 0

    @property
    def console_port(self) -> int:
        return int(self.environment["JCLI_PORT"])

    async def round(self, draw: Random) -> None:
        """Start it, see what it has, type, kill it."""
        with daemon(self.folder, "jasmind", **self.environment) as running:
            await until(running.is_ready, within_s=WITHIN_S)
            await self.look()
            typist = await asyncio.to_thread(Typist, self.console_port, self.model)
            kill_after = draw.randrange(CHANGES)
            async with asyncio.TaskGroup() as tasks:
                typing = tasks.create_task(
                    asyncio.to_thread(typist.types, changes(draw, self.model))
                )
                await until(lambda: typist.done >= kill_after or typing.done(), within_s=60)
                await asyncio.sleep(draw.random() * 0.01)  # somewhere in the next changes
                running.process.kill()
            typist.close()
        self.changes += typist.done
        self.settle(typist.unanswered)

    def settle(self, unanswered: Change | None) -> None:
        """What was in flight may have happened, as a whole."""
        found = self.found()
        if found != self.model and unanswered is not None:
            unanswered.does(self.model)
            self.in_flight += 1
        assert found == self.model

    async def look(self) -> None:
        """The daemon has what is on disk, and shows as many of everything."""
        assert self.found() == self.model
        told = await asyncio.to_thread(_totals, self.console_port)
        tables = [table for table, _ in self.model]
        assert told == {
            name: str(tables.count(table))
            for name, table in (
                ("Groups", "group"),
                ("Users", "user"),
                ("connectors", "connector"),
                ("Filters", "filter"),
                ("MT Routes", "route"),
            )
        }

    def found(self) -> Model:
        return model_of(read_sqlite_site(self.folder) or Site())


def _totals(port: int) -> dict[str, str]:
    console = Console(port)
    told = {}
    for line in ("group -l", "user -l", "smppccm -l", "filter -l", "mtrouter -l"):
        total = console.command(line).rpartition("Total ")[2].split("\r")[0]
        name, _, count = total.partition(": ")
        told[name] = count
    console.close()
    return told


# covers: W-CFG-02
@pytest.mark.process
@pytest.mark.amqp
@pytest.mark.redis
@pytest.mark.timeout(120 + 30 * KILLS)
async def test_after_kill_9_the_site_is_what_was_answered(
    tmp_path: Path,
    rabbitmq: RabbitMq,
    redis_server: Redis,
) -> None:
    rabbitmq.add_vhosts("kills")
    environment = {
        "AMQP_BROKER_PORT": str(rabbitmq.port),
        "AMQP_BROKER_VHOST": "kills",
        "REDIS_CLIENT_PORT": str(redis_server.port),
        "HTTP_API_PORT": str(free_port()),
        "JCLI_PORT": str(free_port()),
    }
    place, draw = Place(tmp_path, environment), Random(9)
    for _ in range(KILLS):
        await place.round(draw)
    log.info(
        "%d kills, %d changes answered, %d made but not answered",
        *(KILLS, place.changes, place.in_flight),
    )
    assert place.changes > 20 * KILLS
