"""Random requests to `/send`, `/rate` and `/balance`: valid, borderline, broken; any transport."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from compat_tests.peers import http_client

Pairs = tuple[tuple[str, Any], ...]
"""Arguments in their order; a value that is no text is one of JSON."""

BOUNDARY = "XCOMPATX"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it is drawn and shown; `octets` is what goes out."""

    method: str
    path: str
    transport: str
    """query, form, json, multipart or plain: where the arguments stand."""
    arguments: Pairs
    in_query: int = 0
    """How many of them stand in the query all the same."""
    content_type: str | None = None
    """Instead of the transport's own."""

    @property
    def octets(self) -> bytes:
        aside = len(self.arguments) if self.transport == "query" else self.in_query
        query = urlencoded(self.arguments[:aside])
        target = f"{self.path}?{query}" if query else self.path
        body, kind = _body(self.transport, self.arguments[aside:])
        return http_client.request(self.method, target, body, self.content_type or kind)

    def of(self, name: str) -> Any:
        """The value that counts, or None."""
        return next((value for known, value in self.arguments if known == name), None)


def urlencoded(pairs: Pairs) -> str:
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)


def quote(value: Any) -> str:
    return quote_from_bytes(octets_of(value), safe="")


def octets_of(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def _body(transport: str, pairs: Pairs) -> tuple[bytes, str | None]:
    match transport:
        case "form":
            return urlencoded(pairs).encode(), "application/x-www-form-urlencoded"
        case "json":
            shown = {n: v.decode("latin-1") if isinstance(v, bytes) else v for n, v in pairs}
            return json.dumps(shown).encode(), "application/json"
        case "multipart":
            parts = [
                f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
                + octets_of(value)
                + b"\r\n"
                for name, value in pairs
            ]
            body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
            return body, f"multipart/form-data; boundary={BOUNDARY}"
        case "plain":
            return urlencoded(pairs).encode(), "text/plain"
    return b"", None


# ---------------------------------------------------------------- values

USERS = (
    *("full", "no_http_send", "no_http_balance", "no_http_rate", "no_http_long_con"),
    *("no_dlr_level", "no_http_dlr_met", "no_src_addr", "no_priority", "no_validity_per"),
    *("no_schedule_del", "no_hex_content", "f_dst", "f_src", "f_prio", "f_vp", "f_content"),
    *("d_src", "q_bal", "q_balearly", "q_cnt", "q_zero", "q_thr", "q_thr0", "udis", "ugdis"),
    *("groutu", "nobody"),
)
QUOTAS = {
    "q_bal": ("balance 5.5",),
    "q_balearly": ("balance 10", "early_percent 25"),
    "q_cnt": ("sms_count 3",),
}
"""Whom requests change, and what they have at the start of each sequence."""

WHO = ("full",) * 30 + USERS + tuple(QUOTAS) * 2

LENGTHS = (
    *(0, 1, 69, 70, 71, 133, 134, 135, 139, 140, 141, 153, 159, 160, 161, 268, 269, 306, 307),
    *(335, 336, 459, 460, 612, 613, 670, 671, 765, 766, 918, 1500),
)
GSM = "abc XYZ 019 @\u00a3$\u00e9_\u0394\u00c7[]{}^~|\\\u20ac\n\r"
ANY_TEXT = st.text(
    st.one_of(
        st.sampled_from(GSM),
        st.characters(exclude_categories=("Cs",)),
        st.sampled_from("\0\t`\u0623"),
    ),
    max_size=20,
)


@st.composite
def contents(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 2)):
        return draw(st.one_of(st.sampled_from(("hello", "hello world", "routeme")), ANY_TEXT))
    piece = draw(
        st.sampled_from(("a", "abcdefghij", "\u20ac", "a\u20ac", "\u00e9", "\u0623", "\U0001f600"))
    )
    length = draw(st.sampled_from(LENGTHS))
    return (piece * length)[:length]


HEX = st.tuples(st.sampled_from(("ab", "0041", "1b65", "d83dde00")), st.sampled_from(LENGTHS)).map(
    lambda drawn: (drawn[0] * drawn[1])[: 2 * drawn[1]]
)
Values = st.SearchStrategy[str]


def _of(*values: str) -> Values:
    return st.sampled_from(values)


VALUES: dict[str, tuple[Values, Values]] = {
    "to": (
        _of("15550001", "25550001", "35550001", "45550001", "55550001", "85550001", "+15550001"),
        _of(
            *("65550001", "95550001", "1" * 20, "1" * 21, "2" * 25, "0015550001", "15550001\n"),
            *("", "+", "++1", "1 2", "abc", "-1", "1,2", "\u0661"),
        ),
    ),
    "content": (contents(), ANY_TEXT),
    "hex-content": (
        HEX,
        _of("", "0", "00", "zz", "AAb", "0x41", "41 42", "4142\n", "00410623d83dde00"),
    ),
    "from": (_of("ACME", "1234", "+1234", "x" * 11), _of("ACMEX", "", "x" * 20, "x" * 21, "a\0b")),
    "coding": (
        _of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "13", "14"),
        _of("11", "12", "15", "", "00", "08", "-1", "x", "8.0", "8\n"),
    ),
    "priority": (_of("0", "1", "2", "3"), _of("4", "-1", "00", "x", "", "1\n")),
    "sdt": (
        _of("000000000100000R", "991231235959000+", "261231235959048-", "000000000000000R"),
        _of(
            *("991231235959900R", "261231235959049-", "261331235959000+", "2612312359590000+"),
            *("x", "", "000000000100000r", "210000000000000R", "000013000000000R"),
            *("000000990000000R", "000000000100000R\n", "000000000000099+"),
        ),
    ),
    "validity-period": (
        _of("0", "1", "9", "10", "19", "1440"),
        _of("999999", "99999999999", "9" * 30, "-1", "x", "1.5", "", " 5", "5\n"),
    ),
    "dlr": (_of("yes", "no"), _of("YES", "1", "", "yes\n")),
    "dlr-url": (
        _of("http://127.0.0.1:1/x", "https://x/?a=b&c=d", "http://\u00e9"),
        _of("HTTP://x/", "ftp://x/", "http://", "", "http://x\n"),
    ),
    "dlr-level": (_of("1", "2", "3"), _of("0", "4", "", "1\n")),
    "dlr-method": (_of("GET", "post", "pOsT"), _of("PUT", "", "get\n")),
    "tags": (
        _of("1", "77", "5,77", "vip-1", "0077"),
        _of("", ",", "1,,2", "a b", "a_b", "x" * 200, "\u00e9", "77\n"),
    ),
    "foo": (_of("bar"), _of("")),
    "Username": (_of("full"), _of("")),
}
"""What is mostly drawn, and what is drawn now and then."""
JSON_VALUES = st.one_of(
    st.sampled_from((None, True, False, 0, 1, 2, 8, 15550001, 1.5, -1, 10**30)),
    st.sampled_from(([], ["15550001"], ["a", 1], {}, {"a": 1}, [[1]])),
)
OPTIONAL = {
    "/send": tuple(name for name in VALUES if name not in {"to", "content", "foo", "Username"}),
    "/rate": ("coding", "from", "priority", "validity-period", "tags", "content", "hex-content"),
    "/balance": (),
}
UNKNOWN = ("foo", "Username", "to", "sdt", "dlr")
"""To some resource."""


# ---------------------------------------------------------------- requests


def seldom(draw: st.DrawFn, one_in: int) -> bool:
    """Drawn so that Hypothesis leaves it out where it can."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1


def _value(draw: st.DrawFn, name: str) -> str:
    usual, odd = VALUES[name]
    return draw(odd if seldom(draw, 5) else usual)


@st.composite
def _arguments(draw: st.DrawFn, path: str, transport: str) -> Pairs:
    username = draw(st.sampled_from(WHO))
    password = draw(_of("bad", "", "x" * 17, "p\u00e9")) if seldom(draw, 16) else "pwd"
    pairs: list[tuple[str, Any]] = [("username", username), ("password", password)]
    if path != "/balance":
        pairs.append(("to", _value(draw, "to")))
    if path == "/send":
        pairs.append(("content", _value(draw, "content")))
    names = draw(st.lists(st.sampled_from(OPTIONAL[path] or UNKNOWN), max_size=3, unique=True))
    if path == "/balance" and not seldom(draw, 4):
        names = []
    for name in names:
        pairs.append((name, _value(draw, name)))
        if name == "hex-content" and not seldom(draw, 5):
            pairs = [pair for pair in pairs if pair[0] != "content"]
    if seldom(draw, 10):
        pairs = draw(_disturbed(pairs))
    if transport == "json" and pairs and seldom(draw, 3):
        place = draw(st.integers(0, len(pairs) - 1))
        pairs[place] = (pairs[place][0], draw(JSON_VALUES))
    return tuple(dict(pairs).items()) if transport == "json" else tuple(pairs)


@st.composite
def _disturbed(draw: st.DrawFn, pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """One left out, blank, repeated, moved, unknown, or of octets that are no UTF-8."""
    place = draw(st.integers(0, len(pairs) - 1))
    name, value = pairs[place]
    match draw(_of("without", "blank", "again", "first", "unknown", "octets")):
        case "without":
            return pairs[:place] + pairs[place + 1 :]
        case "blank":
            return [*pairs[:place], (name, ""), *pairs[place + 1 :]]
        case "again":
            return [*pairs, (name, _value(draw, name) if name in VALUES else value)]
        case "unknown":
            name = draw(st.sampled_from(UNKNOWN))
            return [*pairs[:place], (name, _value(draw, name)), *pairs[place:]]
        case "first":
            return [pairs[place], *pairs[:place], *pairs[place + 1 :]]
    return [*pairs[:place], (name, b"\xff\xfe"), *pairs[place + 1 :]]


@st.composite
def requests(draw: st.DrawFn) -> Request:
    path = draw(st.sampled_from(("/send",) * 8 + ("/rate", "/rate", "/balance")))
    transport = "query"
    if path == "/send" or seldom(draw, 8):
        transport = draw(_of("query", "query", "query", "form", "json", "json", "multipart"))
    if transport == "query":
        method = draw(_of("HEAD", "POST")) if seldom(draw, 8) else "GET"
    else:
        method = draw(_of("GET", "HEAD", "PUT")) if seldom(draw, 12) else "POST"
        transport = "plain" if seldom(draw, 20) else transport
    arguments = draw(_arguments(path, transport))
    in_query = 0
    if transport != "query" and seldom(draw, 4):
        in_query = draw(st.integers(0, len(arguments)))
    content_type = None
    if transport in {"form", "json"} and seldom(draw, 12):
        kind = "application/" + ("json" if transport == "json" else "x-www-form-urlencoded")
        content_type = draw(_of(f"{kind}; charset=utf-8", kind.upper(), "text/plain"))
    return Request(method, path, transport, arguments, in_query, content_type)


SEQUENCES = st.lists(requests(), min_size=1, max_size=4)
"""Sent one after the other: each finds the quotas the one before has left."""
