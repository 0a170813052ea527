"""What the demonstration shows: requests, PDUs and callbacks, each with its time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlencode

import aiohttp

from jasmin_compat.daemons.frame import Frame
from jasmin_compat.ports import Clock

SHORT = "Hello from jasmin_compat"
LONG = "A long message is cut into parts; the SMSC reports the last one. " * 6
CALLBACKS = 4
"""Two messages, level 1 (the SMSC took it) and level 2 (the handset got it) of each."""
_ACK = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nACK/Jasmin"
_DULL = ("enquire_link", "bind_", "unbind")


class Show:
    """Lines on standard output; times are since it was made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()

    def line(self, who: str, text: str) -> None:
        at = self._clock.monotonic() - self._began
        print(f"{at:8.3f} s  {who:<8}  {text}", flush=True)

    def smpp(self, traced: str) -> None:
        """A line of TracedLink, as the SMSC sees it."""
        _at, way, _port, text = traced.split(" ", 3)
        if not text.startswith(_DULL):
            self.line("SMSC", ("gets   " if way == "<" else "sends  ") + text)

    def begin(self, frame: Frame, *, smsc_port: int, receiver_port: int) -> None:
        print(
            "jasmin_compat demo: everything on this machine, nothing installed\n"
            f"  gateway            HTTP on 127.0.0.1:{frame.settings.http_api.port}\n"
            f"  SMSC simulator     SMPP on 127.0.0.1:{smsc_port}\n"
            f"  callback receiver  HTTP on 127.0.0.1:{receiver_port}\n"
            f"  logs               {frame.read.paths.log} (gone at the end)\n",
            flush=True,
        )

    def what_next(self, *, http_port: int, receiver_port: int, frame: Frame) -> None:
        query = urlencode(
            {
                "username": "foo",
                "password": "bar",
                "to": "33612345678",
                "content": "your own text",
                "dlr": "yes",
                "dlr-level": "3",
                "dlr-url": f"http://127.0.0.1:{receiver_port}/dlr",
                "dlr-method": "GET",
            }
        )
        print(
            "\nThe gateway stays up. Try, in another terminal:\n"
            f"  curl 'http://127.0.0.1:{http_port}/send?{query}'\n"
            f"  curl http://127.0.0.1:{frame.settings.health.jasmind_port}/ready\n"
            f"  curl http://127.0.0.1:{frame.settings.health.jasmind_port}/metrics\n"
            f"  telnet 127.0.0.1 {frame.settings.jcli.port}    # jcliadmin, jclipwd\n"
            f"  tail -f {frame.read.paths.log}/messages.log\n"
            "Ctrl-C ends it.",
            flush=True,
        )


class CallbackReceiver:
    """Takes callbacks and acknowledges them, as a customer's application does."""

    def __init__(self, show: Show) -> None:
        self.port = 0
        self.came: set[tuple[str, str]] = set()
        """Message id and level."""
        self.changed = asyncio.Event()
        self._show = show

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                target = head.split(b" ", 2)[1].decode()
                arguments = dict(parse_qsl(target.partition("?")[2], keep_blank_values=True))
                self._note(arguments)
                writer.write(_ACK)
        writer.close()

    def _note(self, arguments: dict[str, str]) -> None:
        shown = " ".join(f"{name}={value!r}" for name, value in arguments.items() if value)
        self._show.line("receiver", f"gets   callback: {shown}")
        self.came.add((arguments.get("id", ""), arguments.get("level", "")))
        self.changed.set()


async def tell_and_wait(
    show: Show,
    receiver: CallbackReceiver,
    *,
    http_port: int,
    within_s: float,
) -> bool:
    """Send the two messages and wait for what comes back; whether everything came in time."""
    wanted: set[tuple[str, str]] = set()
    async with aiohttp.ClientSession() as http:
        for text in (SHORT, LONG):
            msgid = await _send(show, http, http_port, receiver.port, text)
            wanted |= {(msgid, "1"), (msgid, "2")}
    return await _all_came(show, receiver, wanted, within_s)


async def _send(
    show: Show, http: aiohttp.ClientSession, http_port: int, receiver_port: int, text: str
) -> str:
    """The message id of the answer."""
    arguments = {
        "username": "foo",
        "password": "bar",
        "from": "demo",
        "to": "33612345678",
        "content": text,
        "dlr": "yes",
        "dlr-level": "3",
        "dlr-url": f"http://127.0.0.1:{receiver_port}/dlr",
        "dlr-method": "GET",
    }
    show.line("client", f"sends  /send with {len(text)} characters, reports of level 3 wanted")
    url = f"http://127.0.0.1:{http_port}/send"
    async with http.get(url, params=arguments) as answer:
        body = await answer.text()
    show.line("client", f"gets   {answer.status} {body}")
    return body.removeprefix('Success "').removesuffix('"')


async def _all_came(
    show: Show, receiver: CallbackReceiver, wanted: set[tuple[str, str]], within_s: float
) -> bool:
    try:
        async with asyncio.timeout(within_s):
            while not wanted <= receiver.came:
                receiver.changed.clear()
                await receiver.changed.wait()
    except TimeoutError:
        missing = len(wanted - receiver.came)
        show.line("demo", f"{missing} of {CALLBACKS} callbacks did not come in {within_s:.0f} s")
        return False
    show.line("demo", f"all {CALLBACKS} callbacks came")
    return True
