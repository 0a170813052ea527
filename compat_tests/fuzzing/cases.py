"""Broken and odd HTTP: what one client sends on one connection, made of a seed and a number.

The same seed and number make the same octets, always, whatever ran before.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote_from_bytes

from tests import golden

End = Literal["wait", "half-close", "reset"]
"""After the last octet: wait for the answer; say that nothing more comes; cut the connection."""


@dataclass(frozen=True, slots=True)
class Step:
    """Octets, and how long the client waits before it sends them."""

    octets: bytes
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Case:
    """One connection."""

    number: int
    kind: str
    steps: tuple[Step, ...]
    end: End

    @property
    def octets(self) -> bytes:
        return b"".join(step.octets for step in self.steps)

    def as_get(self) -> "Case":
        """The same, so that an answer has its words."""
        steps = [
            replace(step, octets=step.octets.replace(b"HEAD ", b"GET ")) for step in self.steps
        ]
        return replace(self, steps=tuple(steps))


def recorded() -> list[bytes]:
    """The recorded requests: all of them are HTTP."""
    cases = golden.load("http_api")["cases"]
    return [bytes.fromhex(case["request_hex"]) for case in cases if "id" in case]


def case(seed: int, number: int) -> Case:
    rng = random.Random(f"{seed}/{number}")
    kind = rng.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
    steps = KINDS[kind][1](rng)
    end: End = rng.choices(("wait", "half-close", "reset"), (18, 1, 1))[0]
    return Case(number, kind, steps, end)


# ---------------------------------------------------------------- octets

BITS = (
    *(b"\0", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b" ", b"\t", b":", b"/", b"?", b"#"),
    *(b"%", b"%zz", b"%00", b"%ff%fe", b"&", b";", b"=", b"+", b"\xff\xfe", b"\xc0\x80", b"\x80"),
    *(b"\xed\xa0\x80", "\u0663\u2028\U0001f600".encode(), b"{", b"}", b"[", b'"', b"\\u", b"'"),
    *(b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.10", b"PRI * HTTP/2.0"),
    *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n"),
    *(b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\n", b"Host: \r\n", b"null", b"NaN"),
    *(b"0", b"-1", b"1e999", b"9" * 30, b"9" * 5000, b"a" * 200, b"a" * 20000, b"../", b"%2e%2e"),
)


def mutated(rng: random.Random, octets: bytes) -> bytes:
    """Changed in one to eight places."""
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        octets = rng.choice(_MUTATIONS)(rng, octets)
    return octets


def _place(rng: random.Random, octets: bytes) -> tuple[int, int]:
    """A short span somewhere."""
    start = rng.randrange(len(octets) + 1)
    return start, min(len(octets), start + rng.choice((1, 1, 2, 5, 40)))


def _flip(rng: random.Random, octets: bytes) -> bytes:
    start, _ = _place(rng, octets)
    return octets[:start] + rng.randbytes(1) + octets[start + 1 :]


def _cut(rng: random.Random, octets: bytes) -> bytes:
    start, end = _place(rng, octets)
    return octets[:start] + octets[end:]


def _insert(rng: random.Random, octets: bytes) -> bytes:
    start, _ = _place(rng, octets)
    return octets[:start] + rng.choice(BITS) + octets[start:]


def _repeat(rng: random.Random, octets: bytes) -> bytes:
    start, end = _place(rng, octets)
    return octets[:end] + octets[start:end] * rng.choice((1, 1, 10, 300)) + octets[end:]


def _splice(rng: random.Random, octets: bytes) -> bytes:
    other = rng.choice(RECORDED)
    return octets[: rng.randrange(len(octets) + 1)] + other[rng.randrange(len(other)) :]


def _number(rng: random.Random, octets: bytes) -> bytes:
    """One of its numbers becomes another."""
    digits = [n for n, octet in enumerate(octets) if 48 <= octet <= 57]
    if not digits:
        return octets
    start = end = rng.choice(digits)
    while end < len(octets) and 48 <= octets[end] <= 57:
        end += 1
    return octets[:start] + rng.choice(_NUMBERS) + octets[end:]


def _end(rng: random.Random, octets: bytes) -> bytes:
    return octets[: rng.randrange(len(octets) + 1)]


_MUTATIONS = (_flip, _flip, _cut, _insert, _insert, _repeat, _splice, _number, _number, _end)
_NUMBERS = (
    *(b"0", b"-1", b"+1", b"1.5", b"0x10", b"1e9", b"255", b"256", b"65536", b"4294967296"),
    *(b"18446744073709551616", b"9" * 25, b"9" * 4301, "\u0663".encode(), b"00000000001", b" 1"),
)
RECORDED = recorded()

# ---------------------------------------------------------------- requests

ARGUMENTS: dict[str, tuple[object, ...]] = {
    "username": ("full", "full", "full", "q_bal", "q_cnt", "d_src", "udis", "", "x" * 17, "\u00e9"),
    "password": ("pwd", "pwd", "pwd", "bad", "", "p\u00e9", 5, None),
    "to": ("15550001", "25550001", "85550001", "45550001", "95550001", "+1", "", "1" * 21, 1, "x"),
    "content": ("hello", "", "a" * 161, "\u20ac" * 400, "x" * 5000, "\0", 5, None, ["a"], {"a": 1}),
    "hex-content": ("00", "0", "zz", "ab" * 141, "ab" * 2000, "", 5),
    "from": ("A", "", "x" * 21, "\u0623", "a\0b", 1234, 1.5, None, True, ["a"], "y" * 5000),
    "coding": ("0", "8", "3", "11", "", 0, 8, 1.5, None, 10**400, [8]),
    "priority": ("0", "3", "4", 1, None, "1\n", True),
    "sdt": ("000000000100000R", "991231235959900R", "261331235959000+", "x", "", 5, None),
    "validity-period": ("1", "0", "99999999999", "9" * 5000, "", -1, 1.5, None, 10**30),
    "dlr": ("yes", "no", "", "YES", True, None),
    "dlr-url": ("http://127.0.0.1:1/x", "ftp://x", "http://" + "x" * 20000, "", 5, "http://\0"),
    "dlr-level": ("1", "2", "3", "4", 2, None, [1]),
    "dlr-method": ("GET", "post", "PUT", "", 5, None),
    "tags": ("1,2", "", ",", "a b", "77", 77, ["77"], "x" * 5000),
    "custom_tlvs": (
        *('[[5121, null, "Int1", 7]]', "garbage", "", [[0x1401, None, "Int4", 2**40]]),
        *({"0x1401": "a"}, {"a": 1}, [1, 2], [[None] * 4], [["x", 1, 2, 3]], "[" * 5000),
        *([[99999, 1, "Int1", 1]], [[0x1401, None, None, "\ud800"]], [["0x1401", None, "Int1", 1]]),
        *([[0x1401, 10**9, "OctetString", "beef"]], [{"tag": 5121, "type": "Int1", "value": 3}]),
    ),
    "foo": ("bar", ""),
}  # fmt: skip
_WANTED = ("username", "password", "to", "content")


def arguments(rng: random.Random) -> dict[str, object]:
    """Most of what is mandatory, and some of the rest."""
    names = [name for name in _WANTED if rng.random() < 0.97]
    more = rng.sample(list(ARGUMENTS), rng.choice((0, 1, 2, 2, 5)))
    chosen = {name: rng.choice(ARGUMENTS[name]) for name in dict.fromkeys((*names, *more))}
    for name in _WANTED:
        if name in chosen and rng.random() < 0.8:
            chosen[name] = ARGUMENTS[name][0]
    return chosen


def request(
    rng: random.Random, method: str, target: str, body: bytes = b"", kind: str | None = None
) -> bytes:
    lines = [f"{method} {target} HTTP/{rng.choice(('1.1', '1.1', '1.1', '1.0'))}", "Host: gw"]
    if rng.random() < 0.8:
        lines.append("Connection: close")
    if kind is not None:
        lines.append(f"Content-Type: {kind}")
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def _octets(value: object) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "surrogatepass")


def _query(rng: random.Random, chosen: dict[str, object]) -> str:
    safe = rng.choice(("", "", "+;/", "%&"))
    pairs = [f"{name}={quote_from_bytes(_octets(v), safe)}" for name, v in chosen.items()]
    return rng.choice("&&&;").join(pairs)


def _get(rng: random.Random) -> bytes:
    path = rng.choice(("/send", "/send", "/rate", "/balance", "/ping", "/metrics", "/"))
    method = rng.choice(("GET", "GET", "GET", "HEAD", "POST"))
    return request(rng, method, f"{path}?{_query(rng, arguments(rng))}")


def _form(rng: random.Random) -> bytes:
    kind = "application/x-www-form-urlencoded" + rng.choice(("", "; charset=utf-8", ";;;", "\t"))
    return request(rng, "POST", "/send", _query(rng, arguments(rng)).encode(), kind)


def _json(rng: random.Random) -> bytes:
    body = json.dumps(arguments(rng), ensure_ascii=rng.random() < 0.8)
    octets = body.encode("utf-8", "surrogatepass")
    if rng.random() < 0.4:
        octets = rng.choice(_BAD_JSON)
    elif rng.random() < 0.2:
        octets = mutated(rng, octets)
    method = rng.choice(("POST", "POST", "POST", "GET", "HEAD"))
    return request(rng, method, rng.choice(("/send", "/send", "/rate")), octets, "application/json")


_BAD_JSON = (
    *(b"[" * 100_000, b'{"a":' * 20_000, b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"{", b"nul", b"NaN"),
    *(b'{"to": "\\ud800"}', b'{"\\ud800": 1}', b'{"to": 1e999}', b'{"to": -Infinity}', b"1" * 5000),
    *(b'{"to": 1, "to": "2"}', b"[]", b'""', b"null", b"\0", b'{"to":"' + b"1" * 100_000 + b'"}'),
    b'{"username": "full", "password": "pwd", "to": "1", "content": "a", "coding": 1e400}',
    b'{"username": "full", "password": "pwd", "to": "1", "content": "a", "validity-period": NaN}',
    b'{"username": "full", "password": "pwd", "to": "1", "content": "a", "from": 1e999}',
    b'{"username": {"a": 1}, "password": "pwd", "to": "1", "content": "a"}',
)


def _multipart(rng: random.Random) -> bytes:
    boundary = rng.choice((b"XX", b"", b"a" * 70, b"X X", b"\xff", b"--"))
    parts = []
    for name, value in arguments(rng).items():
        head = b'Content-Disposition: form-data; name="%s"' % name.encode()
        parts.append(b"--" + boundary + b"\r\n" + head + b"\r\n\r\n" + _octets(value) + b"\r\n")
    body = b"".join(parts) + b"--" + boundary + b"--\r\n"
    if rng.random() < 0.6:
        body = mutated(rng, body)
    shown = boundary.decode("latin-1")
    kind = "multipart/form-data" + rng.choice((f"; boundary={shown}", f'; boundary="{shown}', ""))
    return request(rng, "POST", "/send", body, kind)


def _valid(rng: random.Random) -> bytes:
    return rng.choice((_get, _get, _form, _json, _multipart))(rng)


# ---------------------------------------------------------------- kinds


def arguments_case(rng: random.Random) -> tuple[Step, ...]:
    return (Step(_valid(rng)),)


def mutation_case(rng: random.Random) -> tuple[Step, ...]:
    return (Step(mutated(rng, rng.choice(RECORDED))),)


def request_line_case(rng: random.Random) -> tuple[Step, ...]:
    rest = b"\r\nHost: gw\r\nConnection: close\r\n\r\n"
    words = [rng.choice(_METHODS), rng.choice(_TARGETS), rng.choice(_VERSIONS)]
    if rng.random() < 0.2:
        del words[rng.randrange(3)]
    line = rng.choice((b" ", b" ", b" ", b"\t", b"  ", b"")).join(words)
    return (Step((mutated(rng, line) if rng.random() < 0.5 else line) + rest),)


_METHODS = (
    *(b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PATCH"),
    *(b"get", b"G\0T", b"GE(T", b"M" * 5000, b"", b"<b>", "GÉT".encode()),
)
_TARGETS = (
    *(b"/ping", b"/send", b"/", b"*", b"", b"//", b"ping", b"http://gw/ping", b"gw:80", b"/%"),
    *(b"/%zz", b"/%00", b"/\xff", b"/a" * 8000, b"/ping#x", b"/ping?" + b"a=b&" * 4000, b"/send;x"),
    *(b"/send?" + b"%" * 3000, b"/send?to=" + b"1" * 16000, b"/./ping", b"/../ping", b"/ping%2f"),
    *(b"http://[::1/", b"http://[v1.x]/ping", b"/send?\xff\xfe=\x80", b"//gw/ping", b"/?=&=&;;"),
)
_VERSIONS = (
    *(b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.2", b"HTTP/9.9"),
    *(b"HTTP/1.1 ", b"http/1.1", b"HTTP/", b"HTTP/1", b"HTTP/1.", b"HTTP/1.1.1", b"XTTP/1.1", b""),
)


def headers_case(rng: random.Random) -> tuple[Step, ...]:
    lines = [rng.choice(_HEADERS) for _ in range(rng.choice((1, 1, 2, 5)))]
    if rng.random() < 0.1:
        lines = [b"X-%d: y" % n for n in range(rng.choice((100, 499, 501, 3000)))]
    body = rng.choice((b"", b"", b"to=1", b"0\r\n\r\n", b"5\r\nabcde\r\n0\r\n\r\n"))
    start = rng.choice((b"GET /ping", b"POST /send", b"POST /ping", b"HEAD /send")) + b" HTTP/1.1"
    end = rng.choice((b"\r\n", b"\r\n", b"\r\n", b"\n"))
    return (Step(end.join([start, *lines, b"", b""]) + body),)


_HEADERS = (
    *(b"Content-Length: 4", b"Content-Length: -1", b"Content-Length: +4", b"Content-Length: 4, 4"),
    *(b"Content-Length: 0x4", b"Content-Length: " + b"9" * 40, b"Content-Length: 99999999"),
    *(b"Content-Length:", b"Content-Length: 1 2", "Content-Length: \u0664".encode()),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: x"),
    *(b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding : chunked", b"TE: trailers"),
    *(b"Content-Type: application/json", b"Content-Type: multipart/form-data", b"Content-Type:"),
    *(b"Content-Type: multipart/form-data; boundary=" + b"b" * 5000, b"Content-Type: \xff"),
    *(b"Content-Type: application/x-www-form-urlencoded", b"Content-Encoding: gzip"),
    *(b"Connection: keep-alive", b"Connection: close, keep-alive", b"Connection: upgrade"),
    *(b"Upgrade: h2c", b"Upgrade: websocket", b"Expect: 100-continue", b"Expect: x", b"Expect:"),
    *(b"Host: a", b"Host: b", b"Host: \xff", b": x", b"no colon", b" folded", b"\tfolded"),
    *(b"a b: c", b"X: " + b"y" * 16000, b"X: " + b"y" * 40000, b"X" * 9000 + b": y", b"X: \0"),
    *(b"X-Forwarded-For: 1.2.3.4", b"Cookie: a=b", b"Range: bytes=0-", b"X: \r", b"\r"),
)  # fmt: skip


def chunks_case(rng: random.Random) -> tuple[Step, ...]:
    kind = rng.choice(("application/x-www-form-urlencoded", "application/json", "text/plain"))
    head = (
        f"POST /send HTTP/1.1\r\nHost: gw\r\nContent-Type: {kind}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    ).encode()
    pieces = [head]
    for _ in range(rng.choice((1, 2, 2, 10, 200))):
        octets = rng.choice((b"to=1&", b"content=a&", b"{", b"a" * 300, b"\xff"))
        size = b"%x" % len(octets) if rng.random() < 0.9 else rng.choice(_SIZES)
        pieces.append(size + rng.choice(_EXTENSIONS) + b"\r\n" + octets + rng.choice(_CHUNK_ENDS))
    pieces.append(rng.choice((b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"", b"0\r\n")))
    if rng.random() < 0.3:
        return tuple(Step(piece, rng.choice((0.0, 0.0, 0.01))) for piece in pieces)
    return (Step(b"".join(pieces)),)


_SIZES = (
    *(b"0", b"-1", b"+5", b"0x5", b"zz", b"", b"f" * 20, b"7fffffffffffffff", b"5 ", b" 5"),
    *(b"00000000000000005", b"ffffffff", b"5\r", b"1" * 20000),
)
_EXTENSIONS = (b"", b"", b"", b"", b"", b"", b";a=b", b";" + b"x" * 20000, b";\0", b"\t")
_CHUNK_ENDS = (b"\r\n",) * 12 + (b"", b"\n", b"\r", b"\r\n\r\n")


def pipeline_case(rng: random.Random) -> tuple[Step, ...]:
    """Several requests in one breath, some of them broken."""
    made = [rng.choice((_valid, _recorded_alive, _recorded_alive))(rng) for _ in range(8)]
    octets = b"".join(made[: rng.choice((2, 3, 8))])
    if rng.random() < 0.5:
        octets = mutated(rng, octets)
    if rng.random() < 0.3:
        middle = rng.randrange(len(octets) + 1)
        return Step(octets[:middle]), Step(octets[middle:], 0.02)
    return (Step(octets),)


def _recorded_alive(rng: random.Random) -> bytes:
    return rng.choice(RECORDED).replace(b"Connection: close\r\n", b"", 1)


def slow_case(rng: random.Random) -> tuple[Step, ...]:
    """An octet or a line at a time, for longer than a client is given."""
    octets = rng.choice((_valid, _recorded_alive))(rng)[:400]
    size, pause_s = rng.choice(((1, 0.3), (1, 0.1), (20, 0.3), (200, 1.5)))
    pieces = [octets[n : n + size] for n in range(0, len(octets), size)]
    return tuple(Step(piece, pause_s) for piece in pieces)


def noise_case(rng: random.Random) -> tuple[Step, ...]:
    return (Step(rng.choice(_NOISE) + rng.randbytes(rng.choice((0, 1, 16, 500, 5000)))),)


_NOISE = (
    *(b"", b"", b"\r\n", b"\r\n" * 500, b"\0", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"SSH-2.0-x\r\n", b"GET", b"GET /ping HTTP/1.1\r\n"),
    b"GET /ping HTTP/1.1\r\nHost: gw\r\nContent-Length: 100\r\n\r\n",
)


KINDS: dict[str, tuple[int, Callable[[random.Random], tuple[Step, ...]]]] = {
    "arguments": (30, arguments_case),
    "mutation": (30, mutation_case),
    "request line": (8, request_line_case),
    "headers": (10, headers_case),
    "chunks": (8, chunks_case),
    "pipeline": (8, pipeline_case),
    "slow": (1, slow_case),
    "noise": (5, noise_case),
}
"""Weight, and what makes one."""
