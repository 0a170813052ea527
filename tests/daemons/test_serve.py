"""The whole gateway in one process, in memory: accepts, says what it is, stops in order."""

import asyncio
from pathlib import Path
from urllib.request import urlopen

import pytest

from compat_tests.targets.console import configure
from compat_tests.targets.site import Connector, User
from compat_tests.targets.site import Site as ConsoleSite
from tests.daemons.processes import WITHIN_S, daemon
from tests.services import free_port
from tests.waiting import until

pytestmark = pytest.mark.process
SITE = """
groups: [{gid: g}]
users: [{uid: u, gid: g, username: u, password: p}]
smpp_connectors: [{cid: abc, host: 127.0.0.1, port: PORT}]
mt_routes: [{type: default, connector: abc}]
"""


async def test_in_memory_it_accepts_and_warns(tmp_path: Path) -> None:
    port = free_port()
    site = tmp_path / "site.yaml"
    site.write_text(SITE.replace("PORT", str(free_port())))
    arguments = ("serve", "--embedded", "--site", str(site))
    with daemon(tmp_path, *arguments, HTTP_API_PORT=str(port)) as running:
        await until(running.is_ready, within_s=WITHIN_S)
        page = running.ready()
        assert page is not None
        assert "die with this process" in page["checks"]["broker"]["warning"]
        url = f"http://127.0.0.1:{port}/send?username=u&password=p&to=336&content=x"
        answer = await asyncio.to_thread(lambda: urlopen(url, timeout=5).read())
        assert answer.startswith(b'Success "')
        status, output = running.stop()
    assert status == 0
    assert "accepted messages die with this process" in output


# covers: JCLI-01 CONF-07
async def test_what_is_made_at_the_console_is_sent_by(tmp_path: Path) -> None:
    port, console_port = free_port(), free_port()
    ports = {"HTTP_API_PORT": str(port), "JCLI_PORT": str(console_port)}
    with daemon(tmp_path, "serve", "--embedded", **ports) as running:
        await until(running.is_ready, within_s=WITHIN_S)
        user = User("u", "p")
        made = ConsoleSite("made", (user,), (Connector("abc", {}),), default_route="abc")
        await asyncio.to_thread(configure, made, console_port)
        url = f"http://127.0.0.1:{port}/send?username=u&password=p&to=336&content=x"
        answer = await asyncio.to_thread(lambda: urlopen(url, timeout=5).read())
        assert answer.startswith(b'Success "')
        status, output = running.stop()
    assert status == 0
    assert "  jCli Started." in output
    assert output.index("  jCli stopped.") < output.index("  HTTPApi stopped.")


async def test_a_site_with_mistakes_starts_nothing(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "groups: [{gid: g}]\nusers: [{uid: u, gid: nobody, username: u}]\n"
        "mt_routes: [{type: none}]\n"
    )
    with daemon(tmp_path, "serve", "--embedded", "--site", str(site)) as running:
        output, _ = running.process.communicate(timeout=WITHIN_S)
    assert running.process.returncode == 2
    assert output.count("site.yaml:") >= 2
    assert "Starting" not in output
