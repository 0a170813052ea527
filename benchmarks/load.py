"""Sends a number of messages to /send over kept connections, in a process of its own.

load.py HTTP_PORT COUNT [--connections 20] [--dlr-url URL]; prints one JSON object.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Iterator


class Load:
    """Closed loop: each connection sends its next request when it has the answer."""

    def __init__(self, port: int, count: int, dlr_url: str | None) -> None:
        self._port, self._numbers = port, iter(range(count))
        self._dlr = (
            f"&dlr=yes&dlr-level=3&dlr-method=GET&dlr-url={dlr_url}" if dlr_url is not None else ""
        )
        self.accepted = self.refused = 0
        self.answer_s: list[float] = []

    async def run(self, connections: int) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(connections):
                tasks.create_task(self._connection())

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        for request in self._requests():
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            body = await _body(reader, head.lower())
            self.answer_s.append(time.perf_counter() - started)
            if head.startswith(b"HTTP/1.1 200") and body.startswith(b'Success "'):
                self.accepted += 1
            else:
                self.refused += 1
        writer.close()

    def _requests(self) -> Iterator[bytes]:
        for n in self._numbers:
            target = (
                f"/send?username=bench&password=bench&from=BENCH&to=33600{n:06}"
                f"&content=Hello+number+{n}{self._dlr}"
            )
            yield f"GET {target} HTTP/1.1\r\nHost: gw\r\n\r\n".encode()


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if b"transfer-encoding: chunked" in head:
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return body
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    return await reader.readexactly(int(length))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--dlr-url")
    a = parser.parse_args()
    load = Load(a.port, a.count, a.dlr_url)
    started = time.perf_counter()
    asyncio.run(load.run(a.connections))
    took_s = time.perf_counter() - started
    cuts = statistics.quantiles(load.answer_s, n=100)
    print(
        json.dumps(
            {
                "accepted": load.accepted,
                "refused": load.refused,
                "accept_per_s": round(a.count / took_s, 1),
                "p50_ms": round(cuts[49] * 1e3, 2),
                "p99_ms": round(cuts[98] * 1e3, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
