"""A site moves in, is kept, put back and moves out, as an operator sees it: through processes."""

import asyncio
import base64
import gzip
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from compat_tests import typed_site
from compat_tests.stores.record import LEFT_OUT
from compat_tests.targets.console import Console
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.smpp_io.simulator import Simulator, serving
from jasmin_compat.smpp_io.smsc_plan import SmscPlan
from tests.daemons.frames import environment
from tests.daemons.processes import ROOT, WITHIN_S, daemon
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

pytestmark = [pytest.mark.process, pytest.mark.amqp, pytest.mark.redis]
LISTS = ("group -l", "user -l", "smppccm -l", "mtrouter -l", "filter -l")


@pytest.fixture
async def smsc_port() -> AsyncIterator[int]:
    """Of an SMSC that takes every bind."""
    smsc = Simulator(
        SmscPlan(), random=Random(7), now=SystemClock().local_now, account=lambda _: None
    )
    async with serving(smsc) as listener:
        yield listener.port


@pytest.fixture
def there(tmp_path: Path, rabbitmq: RabbitMq, redis_server: Redis) -> dict[str, str]:
    return {
        "LOG_PATH": str(tmp_path),
        "AMQP_BROKER_PORT": str(rabbitmq.port),
        "REDIS_CLIENT_PORT": str(redis_server.port),
        "HTTP_API_PORT": str(free_port()),
        "JCLI_PORT": str(free_port()),
    }


class Operator:
    """At the console of a running gateway."""

    def __init__(self, console: Console) -> None:
        self.console = console

    async def types(self, *lines: str) -> str:
        """What is shown for the last line."""
        said = ""
        for line in lines:
            said = await asyncio.to_thread(self.console.command, line)
        return said

    async def adds(self, start: str, *lines: str) -> None:
        await asyncio.to_thread(self.console.session, start, lines)

    async def sees(self) -> list[str]:
        return [await self.types(line) for line in LISTS]

    async def sees_bound(self, cid: str) -> bool:
        listed = (await self.types("smppccm -l")).splitlines()
        return any(f"#{cid} " in line and "BOUND_TRX" in line for line in listed)


@asynccontextmanager
async def gateway(folder: Path, there: dict[str, str]) -> AsyncIterator[Operator]:
    """Killed at the end: what is not on disk is lost."""
    with daemon(folder, "serve", **there) as running:
        await until(running.is_ready, within_s=WITHIN_S)
        console = await asyncio.to_thread(Console, int(there["JCLI_PORT"]))
        yield Operator(console)
        console.close()


def command(folder: Path, there: dict[str, str], *arguments: str) -> str:
    """`jasmin-compat …` beside it."""
    return subprocess.run(
        [sys.executable, "-m", "jasmin_compat", *arguments],
        cwd=ROOT,
        env=environment(folder, **there),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def stored(folder: Path, profile: str) -> list[Path]:
    return list(folder.glob(f"{profile}.*"))


async def make_site(at: Operator, smsc_port: int) -> None:
    await at.adds("group -a", "gid g")
    await at.adds("user -a", "uid u", "gid g", "username u", "password p")
    await at.adds("user -a", "uid off", "gid g", "username off", "password p")
    await at.types("user -d off")
    for cid in ("runs", "stands"):
        await at.adds("smppccm -a", f"cid {cid}", f"port {smsc_port}")
    await at.types("smppccm -1 runs")
    await at.adds("filter -a", "type TagFilter", "fid f", "tag 7")
    await at.adds(
        "mtrouter -a",
        "type StaticMTRoute",
        "order 5",
        "connector smppc(runs)",
        "filters f",
        "rate 0.5",
    )
    await until(lambda: at.sees_bound("runs"), within_s=WITHIN_S)


# covers: JCLI-03 PERS-01 PERS-04 PERS-06
async def test_a_profile_puts_back_what_was_kept_and_what_ran_runs(
    tmp_path: Path, there: dict[str, str], smsc_port: int
) -> None:
    async with gateway(tmp_path, there) as at:
        await make_site(at, smsc_port)
        kept = await at.sees()
        assert "mtrouter configuration persisted (profile:x)" in await at.types("persist -p x")
        assert len(stored(tmp_path, "x")) == 9

        await at.types("smppccm -1 stands", "smppccm -r runs", "user -r u", "user -e off")
        await at.types("mtrouter -f", "filter -r f")
        changed = await at.sees()
        await at.adds("group -a", "gid late")
        assert "mtrouter configuration loaded (profile:x)" in await at.types("load -p x")
        await until(lambda: at.sees_bound("runs"), within_s=WITHIN_S)
        again = await at.sees()
        assert [shown(said) for said in again] == [shown(said) for said in kept]
        assert [shown(said) for said in again] != [shown(said) for said in changed]

    async with gateway(tmp_path, there) as at:  # nobody typed `persist` since
        await until(lambda: at.sees_bound("runs"), within_s=WITHIN_S)
        assert [shown(said) for said in await at.sees()] == [shown(said) for said in kept]


def shown(said: str) -> list[str]:
    """Without how often connectors started."""
    return [line.split("BOUND")[0].split("NONE")[0] for line in said.splitlines()]


# covers: PERS-02 PERS-04 PERS-06
async def test_a_store_that_was_left_moves_in_and_out_again(
    tmp_path: Path, there: dict[str, str], smsc_port: int
) -> None:
    old, new, back = tmp_path / "old", tmp_path / "new", tmp_path / "back"
    old.mkdir()
    new.mkdir()
    async with gateway(old, there) as at:
        await make_site(at, smsc_port)
        await at.types("persist")
        kept = await at.sees()
        site_file = command(old, there, "export")
    for path in stored(old, "jcli-prod"):
        path.rename(new / path.name)

    async with gateway(new, there) as at:
        await until(lambda: at.sees_bound("runs"), within_s=WITHIN_S)
        assert [shown(said) for said in await at.sees()] == [shown(said) for said in kept]
        assert command(new, there, "export") == site_file
        told = command(new, there, "export", "--jasmin-store", str(back))
        assert "2 SMPP connectors (1 to start)" in told
        assert told.endswith("Jasmin enables at each start what is disabled here: user off\n")
    to = back / "site.yaml"
    command(back, there, "import", "--to", str(to))
    assert to.read_text() == site_file


def recorded(release: str) -> dict[str, dict[str, str]]:
    path = ROOT / "compat_tests" / "stores" / f"{release}.json.gz"
    return dict(json.loads(gzip.decompress(path.read_bytes())))


def lay(files: dict[str, str], folder: Path) -> None:
    for name, octets in files.items():
        (folder / name).write_bytes(base64.b64decode(octets))


def without(lines: tuple[str, ...], said: str) -> str:
    return "\n".join(line for line in said.split("\n") if not line.startswith(lines))


# covers: PERS-02 PERS-05
@pytest.mark.parametrize("release", LEFT_OUT)
async def test_what_a_jasmin_kept_is_shown_as_that_jasmin_showed_it(
    tmp_path: Path, there: dict[str, str], release: str
) -> None:
    kept = recorded(release)
    lay(kept["files"], tmp_path)
    async with gateway(tmp_path, there) as at:
        seen = await asyncio.to_thread(typed_site.shown, at.console)
    newer = LEFT_OUT[release]
    assert {what: without(newer, said) for what, said in seen.items()} == {
        what: without(newer, said) for what, said in kept["shown"].items()
    }
