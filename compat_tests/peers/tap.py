"""A third party's tap: a queue of its own on an exchange, messages kept with their AMQP wire types.

Speaks AMQP 0-9-1 over a plain socket; the header table is parsed here, because every client library
turns wire types into its own.
"""

import asyncio
import contextlib
import pickletools
import struct
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pamqp import commands, frame
from pamqp.header import ProtocolHeader

from compat_tests.waiting import WITHIN_S, Bell

T = TypeVar("T")
METHOD = 1
PROPERTIES = (
    ("content_type", "s", 15),
    ("content_encoding", "s", 14),
    ("headers", "F", 13),
    ("delivery_mode", "B", 12),
    ("priority", "B", 11),
    ("correlation_id", "s", 10),
    ("reply_to", "s", 9),
    ("expiration", "s", 8),
    ("message_id", "s", 7),
    ("timestamp", "T", 6),
    ("type", "s", 5),
    ("user_id", "s", 4),
    ("app_id", "s", 3),
    ("cluster_id", "s", 2),
)
FIXED = {"b": ">b", "B": ">B", "t": ">?", "s": ">h", "u": ">H", "I": ">i", "l": ">q", "T": ">Q"}


@dataclass(frozen=True, slots=True)
class Tapped:
    """A message as it lay on the wire. `headers` and `wire_types` have the same names."""

    exchange: str
    routing_key: str
    properties: dict[str, Any]
    headers: dict[str, Any]
    wire_types: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def msgid(self) -> str:
        return str(self.properties.get("message_id"))

    @property
    def pickle_protocol(self) -> int:
        return self.body[1]

    def globals(self) -> set[str]:
        """The classes its pickled body names; nothing is loaded."""
        return pickle_globals(self.body)


def pickle_globals(pickled: bytes) -> set[str]:
    """`module.Name` of each class a pickle names, by disassembly only."""
    names: set[str] = set()
    texts: list[str] = []
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name == "GLOBAL":
            names.add(str(argument).replace(" ", "."))
        elif opcode.name == "STACK_GLOBAL":
            names.add(".".join(texts[-2:]))
        elif isinstance(argument, str):
            texts.append(argument)
    return names


class Tap:
    """Bound to an exchange with `#`, from `open` to `close`."""

    def __init__(self) -> None:
        self.messages: list[Tapped] = []
        self.bell = Bell()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._task: asyncio.Task[None] | None = None

    async def open(self, host: str, port: int, vhost: str, *, exchange: str = "messaging") -> None:
        self._reader, self._writer = await asyncio.open_connection(host, port)
        self._writer.write(ProtocolHeader().marshal())
        await self._method(commands.Connection.Start)
        self._send(
            commands.Connection.StartOk(
                client_properties={}, mechanism="PLAIN", response="\0guest\0guest", locale="en_US"
            ),
            channel=0,
        )
        tune = await self._method(commands.Connection.Tune)
        self._send(commands.Connection.TuneOk(tune.channel_max, tune.frame_max, 0), channel=0)
        self._send(commands.Connection.Open(virtual_host=vhost), channel=0)
        await self._method(commands.Connection.OpenOk)
        self._send(commands.Channel.Open())
        await self._method(commands.Channel.OpenOk)
        self._send(commands.Queue.Declare(exclusive=True, auto_delete=True))
        queue = (await self._method(commands.Queue.DeclareOk)).queue
        self._send(commands.Queue.Bind(queue=queue, exchange=exchange, routing_key="#"))
        await self._method(commands.Queue.BindOk)
        self._send(commands.Basic.Consume(queue=queue, no_ack=True))
        await self._method(commands.Basic.ConsumeOk)
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._writer.close()

    def of(self, msgid: str, key: str = "") -> list[Tapped]:
        """Messages with this message-id, and a routing key that starts so."""
        return [m for m in self.messages if m.msgid == msgid and m.routing_key.startswith(key)]

    async def got(self, msgid: str, key: str = "", count: int = 1) -> list[Tapped]:
        await self.bell.until(
            lambda: len(self.of(msgid, key)) >= count, f"{count} messages {key or '#'} of {msgid}"
        )
        return self.of(msgid, key)

    # ---- frames

    def _send(self, method: Any, channel: int = 1) -> None:
        self._writer.write(frame.marshal(method, channel))

    async def _frame(self) -> tuple[int, bytes, bytes]:
        head = await self._reader.readexactly(7)
        kind, _, size = struct.unpack(">BHI", head)
        payload = await self._reader.readexactly(size)
        end = await self._reader.readexactly(1)
        return kind, payload, head + payload + end

    async def _method(self, expected: type[T]) -> T:
        async with asyncio.timeout(WITHIN_S):
            _, _, octets = await self._frame()
        method = frame.unmarshal(octets)[2]
        assert isinstance(method, expected), method
        return method

    async def _read(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):  # no broker
            await self._read_all()

    async def _read_all(self) -> None:
        while True:
            kind, _, octets = await self._frame()
            if kind != METHOD:
                continue
            method = frame.unmarshal(octets)[2]
            if isinstance(method, commands.Basic.Deliver):
                _, payload, _ = await self._frame()
                size, properties, types = parse_content_header(payload)
                body = b""
                while len(body) < size:
                    body += (await self._frame())[1]
                headers = properties.pop("headers", {})
                self.messages.append(
                    Tapped(method.exchange, method.routing_key, properties, headers, types, body)
                )
                self.bell.ring()


def parse_content_header(payload: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Body size, properties (headers among them), and the wire type of each header."""
    size, flags = struct.unpack_from(">QH", payload, 4)
    at = 14
    properties: dict[str, Any] = {}
    types: dict[str, str] = {}
    for name, kind, bit in PROPERTIES:
        if not flags >> bit & 1:
            continue
        if kind == "F":
            properties[name], types, at = _table(payload, at)
        elif kind == "s":
            octets, at = _short(payload, at)
            properties[name] = octets.decode()
        else:
            properties[name] = struct.unpack_from(FIXED[kind], payload, at)[0]
            at += struct.calcsize(FIXED[kind])
    return size, properties, types


def _short(octets: bytes, at: int) -> tuple[bytes, int]:
    end = at + 1 + octets[at]
    return octets[at + 1 : end], end


def _table(octets: bytes, at: int) -> tuple[dict[str, Any], dict[str, str], int]:
    end = at + 4 + int.from_bytes(octets[at : at + 4], "big")
    at += 4
    values: dict[str, Any] = {}
    types: dict[str, str] = {}
    while at < end:
        name, at = _short(octets, at)
        kind = chr(octets[at])
        types[name.decode()] = kind
        values[name.decode()], at = _value(kind, octets, at + 1)
    return values, types, end


def _value(kind: str, octets: bytes, at: int) -> tuple[Any, int]:
    if kind in {"S", "x"}:
        end = at + 4 + int.from_bytes(octets[at : at + 4], "big")
        raw = octets[at + 4 : end]
        try:
            return raw.decode(), end
        except UnicodeDecodeError:
            return raw, end
    if kind == "V":
        return None, at
    if kind == "F":
        table, _, end = _table(octets, at)
        return table, end
    layout = FIXED[kind]
    return struct.unpack_from(layout, octets, at)[0], at + struct.calcsize(layout)
