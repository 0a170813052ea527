"""HTTPS of both APIs, by their settings."""

import shutil
import ssl
from pathlib import Path

import aiohttp
import pytest

from jasmin_compat.adapters.memory_queues import MemoryQueues
from jasmin_compat.daemons.frame import CannotStart
from jasmin_compat.daemons.https import https
from jasmin_compat.daemons.parts import run_parts
from jasmin_compat.settings.sections import HttpApi
from tests.daemons.frames import frame, running
from tests.daemons.test_http_part import part_of
from tests.fakes import FakeClock
from tests.services import free_port

PEM = Path(__file__).parents[1] / "tls" / "localhost.pem"


# covers: W-HTTP-01
async def test_the_api_is_served_by_https_and_reads_its_certificate_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="jasmin-daemon")
    port, pem = free_port(), str(shutil.copy(PEM, tmp_path / "own.pem"))
    environment = {
        "HTTP_API_PORT": str(port),
        "HTTP_API_TLS_CERT": pem,
        "HTTP_API_TLS_KEY": pem,
    }
    trust = ssl.create_default_context(cafile=str(PEM))
    async with frame(tmp_path, **environment) as of_test:
        parts = [part_of(of_test, MemoryQueues(clock=FakeClock()))]
        async with (
            running(of_test, lambda: run_parts(of_test, parts)),
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as client,
        ):
            url = f"https://localhost:{port}/ping"
            async with client.get(url) as answer:
                assert await answer.text() == "Jasmin/PONG"
            for call in of_test.at_hangup:
                call()
            shutil.copy("/dev/null", pem)
            for call in of_test.at_hangup:
                call()
            async with client.get(url, headers={"Connection": "close"}) as answer:
                assert answer.status == 200
            with pytest.raises(aiohttp.ClientError):
                await client.get(url.replace("https", "http"))
    told = [text.strip() for text in caplog.messages if "certificate" in text]
    assert told[0] == "HTTPApi has read its certificate again."
    assert told[1].startswith(f"HTTPApi keeps its certificate: {pem}, {pem}: ")


async def test_without_a_certificate_it_is_plain(tmp_path: Path) -> None:
    async with frame(tmp_path) as of_test:
        assert https(of_test, HttpApi(), part="HTTPApi") is None
        with pytest.raises(CannotStart, match="Cannot start HTTPApi: /nowhere, /nowhere: No such"):
            https(of_test, HttpApi(tls_cert="/nowhere", tls_key="/nowhere"), part="HTTPApi")
        assert of_test.at_hangup == []
