"""The demonstration does not call it a success when a callback is missing."""

import aiohttp
import pytest
from aiohttp import web

from jasmin_compat.daemons.demo_show import CallbackReceiver, Show, tell_and_wait
from jasmin_compat.runtime.clock import SystemClock


async def test_callbacks_that_do_not_come_are_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    async def accept(_request: web.Request) -> web.Response:
        return web.Response(text='Success "11111111-1111-4111-8111-111111111111"')

    app = web.Application()
    app.add_routes([web.get("/send", accept)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    show = Show(SystemClock())
    receiver = CallbackReceiver(show)
    async with receiver.listening(), aiohttp.ClientSession() as http:
        arguments = {"id": "11111111-1111-4111-8111-111111111111", "level": "1"}
        async with http.get(f"http://127.0.0.1:{receiver.port}/dlr", params=arguments) as answer:
            assert await answer.text() == "ACK/Jasmin"
        assert not await tell_and_wait(show, receiver, http_port=port, within_s=0.1)
    await runner.cleanup()
    assert "callbacks did not come" in capsys.readouterr().out
