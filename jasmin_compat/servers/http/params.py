"""HTTP arguments: where they come from, and Jasmin's check of them (contract/http-api.md §2, §3.1).

The check runs before anybody is authenticated; what it refuses is answered at once.
"""

import json
import re
from collections.abc import Iterable, Mapping
from email.message import Message
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

Value = bytes | int | float | bool | list[object] | dict[str, object] | None
"""Octets from a query or form; JSON bodies bring their own types, texts as UTF-8 octets."""
Arguments = dict[bytes, Value]
"""By name, in order of arrival."""


class BadArguments(Exception):
    """The request is refused for its arguments; `reason` is Jasmin's sentence, in octets."""

    status = 400

    def __init__(self, reason: bytes) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreadable(BadArguments):
    """The arguments could not even be read: Jasmin calls this its own error."""

    status = 500

    def __init__(self, reason: str) -> None:
        super().__init__(f"Unknown error: {reason}".encode(errors="surrogatepass"))


class BadForm(Exception):
    """A multipart body that breaks its own format; Twisted closes the connection on it."""


MAX_URL_OCTETS: Final = 15_000
"""Of a `dlr-url`, which travels in a message header: six times as many still fit there, and so
many does it become if all of it is to be encoded (wire/field_tables.py). Jasmin has no bound."""


class Argument(NamedTuple):
    """A row of the table of arguments."""

    name: bytes
    pattern: re.Pattern[bytes] | None = None
    """`$` lets one trailing newline pass, as in Jasmin."""
    is_mandatory: bool = False


SEND: tuple[Argument, ...] = (  # the order is the order of checks
    Argument(b"to", re.compile(rb"^\+{0,1}\d+$"), is_mandatory=True),
    Argument(b"from"),
    Argument(b"coding", re.compile(rb"^(0|1|2|3|4|5|6|7|8|9|10|13|14){1}$")),
    Argument(b"username", re.compile(rb"^.{1,16}$"), is_mandatory=True),
    Argument(b"password", re.compile(rb"^.{1,16}$"), is_mandatory=True),
    Argument(b"priority", re.compile(rb"^[0-3]$")),
    Argument(b"sdt", re.compile(rb"^\d{15}(\+|-|R)$")),
    Argument(b"validity-period", re.compile(rb"^\d+$")),
    Argument(b"dlr", re.compile(rb"^(yes|no)$"), is_mandatory=True),
    Argument(b"dlr-url", re.compile(rb"^(http|https)\://.*$")),
    Argument(b"dlr-level", re.compile(rb"^[1-3]$")),
    Argument(b"dlr-method", re.compile(rb"^(get|post)$", re.IGNORECASE)),
    Argument(b"tags", re.compile(rb"^([-a-zA-Z0-9,])*$")),
    Argument(b"content"),
    Argument(b"hex-content"),
    Argument(b"custom_tlvs"),
)


# ---------------------------------------------------------------- reading


def read_query(octets: bytes) -> Arguments:
    """A query or urlencoded form: `;` separates like `&`, blank values count, the first of several
    values of a name is taken, and a piece without `=` is nothing (twisted.web.http.parse_qs)."""
    arguments: Arguments = {}
    if b";" in octets:
        octets = octets.replace(b";", b"&")
    for piece in octets.split(b"&"):
        name, equals, value = piece.partition(b"=")
        if b"%" in piece or b"+" in piece:
            name, value = _unquoted(name), _unquoted(value)
        if equals and name not in arguments:
            arguments[name] = value
    return arguments


def _unquoted(octets: bytes) -> bytes:
    return unquote_to_bytes(octets.replace(b"+", b" "))


def read_json(octets: bytes) -> Arguments:
    """Each member of a JSON object is an argument.

    Raises:
        Unreadable: no JSON, or no object.
    """
    try:
        members = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(members, dict):
        raise Unreadable(f"'{type(members).__name__}' object has no attribute 'items'")
    try:
        return {
            name.encode(): value.encode() if isinstance(value, str) else value
            for name, value in members.items()
        }
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise Unreadable(str(error)) from error


def read_multipart(octets: bytes, content_type: str) -> Arguments:
    """A multipart/form-data body (RFC 7578); the file name of a part is ignored.

    Raises:
        BadForm: no boundary, or a part that names no field.
    """
    octets_as_text = content_type.encode(errors="surrogateescape").decode("latin-1")
    boundary = _parameter(octets_as_text, "boundary")
    if boundary is None or not boundary.isascii():
        raise BadForm("no boundary (RFC 2046 §5.1.1)")
    arguments: Arguments = {}
    pieces = (b"\r\n" + octets).split(b"\r\n--" + boundary.encode())
    for piece in pieces[1:]:  # before the first boundary stands a preamble
        if piece.startswith(b"--"):
            break
        head, blank, value = piece.partition(b"\r\n\r\n")
        if not blank:
            raise BadForm("a part without a blank line")
        arguments.setdefault(_field_name(head), value)
    return arguments


def _field_name(head: bytes) -> bytes:
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            field = _parameter(value.strip(), "name")
            if field is not None:
                return field.encode("latin-1")
    raise BadForm("a part without a field name")


def _parameter(value: str, name: str) -> str | None:
    """A parameter of a structured header, unquoted."""
    header = Message()
    header["content-type"] = value.replace("\r", " ").replace("\n", " ")
    found = header.get_param(name)
    return found if isinstance(found, str) else None


def media_type(content_type: str) -> str:
    """What stands before the parameters; Twisted compares it as it is, in lower case."""
    return content_type.partition(";")[0].strip()


# ---------------------------------------------------------------- checking


def with_send_defaults(arguments: Arguments) -> Arguments:
    """What `/send` puts in before it checks (contract §3.2-3 to 6).

    Raises:
        Unreadable: a dlr-method that is no text.
    """
    arguments.setdefault(b"custom_tlvs", [])
    arguments.setdefault(b"coding", b"0")
    if b"dlr-url" in arguments or b"dlr-level" in arguments:
        arguments[b"dlr"] = b"yes"
    if arguments.setdefault(b"dlr", b"no") == b"yes":
        arguments.setdefault(b"dlr-level", 1)
        arguments.setdefault(b"dlr-method", b"POST")
    if b"dlr-method" in arguments:
        method = arguments[b"dlr-method"]
        if not isinstance(method, bytes):
            raise Unreadable(f"'{type(method).__name__}' object has no attribute 'upper'")
        arguments[b"dlr-method"] = method.upper()
    return arguments


def check(arguments: Arguments, table: Mapping[bytes, Argument]) -> None:
    """Jasmin's algorithm: for each argument that came, whether it is known, then the whole table.

    So a missing mandatory argument wins over an unknown one unless that came first; one pass over
    the table is enough, since the next ones would find the same.

    Raises:
        BadArguments: the first thing wrong.
    """
    if not arguments:
        raise BadArguments(
            b"Mandatory arguments not found, please refer to the HTTPAPI specifications."
        )
    _check_known([next(iter(arguments))], table)
    for name, pattern, is_mandatory in table.values():
        if name not in arguments:
            if is_mandatory:
                raise BadArguments(b"Mandatory argument [%s] is not found." % name)
        elif pattern is not None:
            value = arguments[name]
            if not isinstance(value, bytes) or pattern.match(value) is None:
                _check_value(name, pattern, value)
    if not arguments.keys() <= table.keys():
        _check_known(arguments, table)


def _check_known(names: Iterable[bytes], table: Mapping[bytes, Argument]) -> None:
    for name in names:
        if name not in table:
            raise BadArguments(b"Argument [%s] is unknown." % name)


def _check_value(name: bytes, pattern: re.Pattern[bytes], value: Value) -> None:
    if isinstance(value, list | dict):
        return
    if value is None:
        raise Unreadable("expected string or bytes-like object, got 'NoneType'")
    text = value if isinstance(value, bytes) else str(value).encode()
    if pattern.match(text) is None:
        raise BadArguments(b"Argument [%s] has an invalid value: [%s]." % (name, text))


def _check_url(url: Value) -> None:
    """Of what Jasmin lets pass, what no report could be sent to (Q50, Q143)."""
    if isinstance(url, list | dict):
        shown = json.dumps(url).encode()
        raise BadArguments(b"Argument [dlr-url] has an invalid value: [%s]." % shown)
    if isinstance(url, bytes) and len(url) > MAX_URL_OCTETS:
        raise BadArguments(b"Argument [dlr-url] is longer than %d octets." % MAX_URL_OCTETS)


_SEND = {argument.name: argument for argument in SEND}


_RATE: Final = {
    argument.name: argument
    for argument in SEND
    if argument.name
    in {
        *(b"to", b"from", b"coding", b"username", b"password", b"priority", b"validity-period"),
        *(b"tags", b"content", b"hex-content"),
    }
}
_BALANCE: Final = {
    argument.name: argument for argument in SEND if argument.name in {b"username", b"password"}
}


def check_rate(arguments: Arguments) -> Arguments:
    """Everything `/rate` checks before it authenticates (contract §14).

    Raises:
        BadArguments: the first thing wrong.
    """
    arguments.setdefault(b"coding", b"0")
    if b"hex-content" not in arguments:
        arguments.setdefault(b"content", b"")
    check(arguments, _RATE)
    if b"content" in arguments and b"hex-content" in arguments:
        raise BadArguments(_NOT_BOTH)
    return arguments


def check_balance(arguments: Arguments) -> Arguments:
    """Everything `/balance` checks before it authenticates (contract §15).

    Raises:
        BadArguments: the first thing wrong.
    """
    check(arguments, _BALANCE)
    return arguments


_NOT_BOTH: Final = b"content and hex-content cannot be used both in same request."


def check_send(arguments: Arguments) -> Arguments:
    """Everything `/send` checks before it authenticates (contract §3.2).

    Raises:
        BadArguments: the first thing wrong.
    """
    arguments = with_send_defaults(arguments)
    check(arguments, _SEND)
    if b"dlr-url" in arguments:
        _check_url(arguments[b"dlr-url"])
    if b"content" not in arguments and b"hex-content" not in arguments:
        raise BadArguments(b"content or hex-content not present.")
    if b"content" in arguments and b"hex-content" in arguments:
        raise BadArguments(_NOT_BOTH)
    return arguments
