"""Moving in and out: the store files of one gateway are the configuration of another.

contract/persistence-and-migration.md §6. What is typed and shown is in `typed_site.py`.
"""

import base64
import contextlib
import functools
import gzip
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

from compat_tests import typed_site
from compat_tests.stores.record import NOTHING, Installed
from compat_tests.targets.console import Console
from compat_tests.targets.external import External
from compat_tests.targets.gateway import Gateway, Target
from compat_tests.targets.jasmin import Jasmin, environment_folder
from compat_tests.targets.ours import Ours
from compat_tests.targets.site import Site
from compat_tests.waiting import eventually
from tests.services import RabbitMq, Redis, wait_for_port

STORES = Path(typed_site.__file__).parent / "stores"
NOT_EVERYWHERE = re.compile(r"(?m)^(custom_tlvs|smpps_cred authorization ip) .*\n?")
"""Lines that releases before 0.12 do not show."""

LOADED = {
    "user -l": f"Total Users: {typed_site.USERS + 1}",
    "smppccm -l": "Total connectors: 6",
    "filter -l": "Total Filters: 11",
    "httpccm -l": "Total Httpccs: 2",
    "mtrouter -l": "Total MT Routes: 4",
    "morouter -l": "Total MO Routes: 4",
    "mtinterceptor -l": "Total MT Interceptors: 2",
    "mointerceptor -l": "Total MO Interceptors: 2",
}


class Empty(Ours):
    """Ours with nothing but what it finds in its store."""

    @override
    def configure(self, site: Site, console_port: int) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Kept:
    """What a gateway leaves behind."""

    files: Mapping[str, bytes]
    log_folder: Path
    """Its connectors' logs are named in it, and Jasmin loads no connector whose log it cannot
    open."""


@pytest.fixture
def reader(target: Target | External, pytestconfig: pytest.Config) -> Target:
    """The gateway under test, with nothing configured."""
    if isinstance(target, External):
        pytest.skip("an external gateway's store is not ours to fill")
    if isinstance(target, Jasmin):
        return Installed(environment_folder())
    return Empty(pytestconfig.getoption("--ours-bin"))


@contextmanager
def running(
    target: Target, broker: RabbitMq, kept: "Kept | None" = None
) -> Iterator[tuple[Gateway, Console]]:
    """A gateway over this store, and a session of its console."""
    redis = Redis("--appendonly", "no")
    redis.start()
    gateway = Gateway(target, NOTHING, amqp=(broker.port, "moving"), redis=redis.port)
    try:
        if kept is not None:
            kept.log_folder.mkdir(parents=True, exist_ok=True)
            for name, octets in kept.files.items():
                (gateway.folder / "store" / name).write_bytes(octets)
        gateway.start()
        wait_for_port(gateway.console_port)
        with contextlib.closing(Console(gateway.console_port)) as console:
            yield gateway, console
    finally:
        gateway.stop()
        shutil.rmtree(gateway.folder, ignore_errors=True)
        if kept is not None:
            shutil.rmtree(kept.log_folder.parent, ignore_errors=True)
        redis.close()


async def everything(console: Console) -> dict[str, str]:
    """What the console shows once the start has loaded it all."""
    for command, last_line in LOADED.items():
        await eventually(
            functools.partial(_ends_with, console, command, last_line), last_line, within_s=30
        )
    return comparable(typed_site.shown(console))


def _ends_with(console: Console, command: str, last_line: str) -> bool:
    return last_line in console.command(command)


def comparable(shown: Mapping[str, str]) -> dict[str, str]:
    """Jasmin loads connectors side by side: their order is any."""
    kept = {command: NOT_EVERYWHERE.sub("", text).rstrip() for command, text in shown.items()}
    kept["smppccm -l"] = "\n".join(sorted(kept["smppccm -l"].splitlines()))
    return kept


def as_jasmin_loads(shown: Mapping[str, str]) -> dict[str, str]:
    """Everybody is enabled."""
    enabled = {
        "group -l": re.sub(r"(?m)^#!", "#", shown["group -l"]),
        "user -l": re.sub(r"(?m)^#!(\S+)", r"#\1 ", shown["user -l"]),
    }
    return {**shown, **enabled}


# covers: PERS-01 PERS-02 PERS-05 PERS-06
@pytest.mark.quirk("Q95")
@pytest.mark.parametrize("release", ["0.10.12", "0.11.0", "0.11.1", "0.12-dev"])
async def test_the_store_of_a_jasmin_is_taken_over(
    reader: Target, broker: RabbitMq, mended: Callable[[str], bool], release: str
) -> None:
    recorded = json.loads(gzip.decompress((STORES / f"{release}.json.gz").read_bytes()))
    files = {name: base64.b64decode(text) for name, text in recorded["files"].items()}
    expected = comparable(recorded["shown"])
    with running(reader, broker, Kept(files, Path(recorded["log_folder"]))) as (_, console):
        shown = await everything(console)
    assert shown == (expected if mended("Q95") else as_jasmin_loads(expected))


# covers: PERS-01 PERS-02
@pytest.mark.quirk("Q95")
async def test_what_ours_kept_is_read(
    reader: Target,
    broker: RabbitMq,
    mended: Callable[[str], bool],
    pytestconfig: pytest.Config,
) -> None:
    """The way back: typed into ours, persisted, and the gateway under test started over it."""
    ours = Empty(pytestconfig.getoption("--ours-bin"))
    with running(ours, broker) as (gateway, console):
        typed_site.type_in(console, gateway.folder)
        expected = comparable(typed_site.shown(console))
        paths = (gateway.folder / "store").glob("jcli-prod.*")
        kept = Kept({path.name: path.read_bytes() for path in paths}, gateway.folder / "log")
    assert len(kept.files) == 9
    with running(reader, broker, kept) as (_, console):
        shown = await everything(console)
    assert shown == (expected if mended("Q95") else as_jasmin_loads(expected))
