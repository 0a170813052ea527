"""Checked arguments of `/send` as typed values (contract/http-api.md §3.3).

What the check lets pass may still mean nothing: JSON brings its own types. Each function raises
Malformed then, with the text Jasmin shows, in the order Jasmin comes across it.
"""

from typing import cast

from jasmin_compat.gateway.messages import CallbackMethod, DlrLevel, DlrWish, Overrides
from jasmin_compat.gateway.refusals import BadHexContent, Malformed, Unsendable
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.submission_request import SendArguments, gsm_octets, hex_octets
from jasmin_compat.gateway.users import BadCredentials, User, authenticate
from jasmin_compat.servers.http.custom_tlvs import read_custom_tlvs
from jasmin_compat.servers.http.params import Arguments, Value
from jasmin_compat.wire.log_lines import DlrWord


def content_of(arguments: Arguments) -> bytes:
    """The message in octets. Only the text `0` as coding means conversion, not JSON's number.

    Raises:
        BadHexContent, Malformed.
    """
    if b"hex-content" in arguments:
        digits = arguments[b"hex-content"]
        if not isinstance(digits, bytes):
            raise BadHexContent(str(digits))
        return hex_octets(digits)
    content = arguments[b"content"]
    if not isinstance(content, bytes):
        raise _lacks(content, "encode")
    return gsm_octets(content) if arguments[b"coding"] == b"0" else content


def authenticated(arguments: Arguments, site: Site) -> User:
    """Whom the arguments name.

    Raises:
        BadCredentials, Malformed.
    """
    username, password = username_of(arguments), password_of(arguments)
    known = username in site.uids
    if password is None:
        raise _lacks(arguments[b"password"], "encode") if known else BadCredentials(username)
    return authenticate(site, username, as_ascii(password) if known else password)


def username_of(arguments: Arguments) -> str:
    return _text(arguments[b"username"])


def password_of(arguments: Arguments) -> str | None:
    """None is nobody's: a JSON value that is no text."""
    password = arguments[b"password"]
    return _text(password) if isinstance(password, bytes) else None


def as_ascii(password: str) -> str:
    """Jasmin hashes passwords as ASCII, once it has found the user.

    Raises:
        Malformed: another character.
    """
    try:
        password.encode("ascii")
    except UnicodeEncodeError as error:
        raise Malformed(str(error)) from error
    return password


def raw_content_of(arguments: Arguments) -> bytes:
    """The octets `/rate` counts: never converted to GSM 03.38 (W-HTTP-08).

    Raises:
        BadHexContent, Malformed.
    """
    if b"hex-content" in arguments:
        return content_of(arguments)
    content = arguments[b"content"]
    if not isinstance(content, bytes):
        raise _lacks(content, "encode")
    return content


def rate_arguments(arguments: Arguments) -> SendArguments:
    """A message as `/rate` sees it.

    Raises:
        BadHexContent, Malformed.
    """
    content = raw_content_of(arguments)
    return SendArguments(
        to=_octets(arguments[b"to"]),
        source_addr=_source_addr(arguments.get(b"from")),
        data_coding=_integer(arguments[b"coding"]),
        content=content,
        tags=_tags(arguments),
    )


def send_arguments(arguments: Arguments, content: bytes) -> SendArguments:
    """The rest, once the sender is known.

    Raises:
        Malformed, Unsendable: a value of a type that means nothing there.
    """
    coding = _integer(arguments[b"coding"])
    tlvs = read_custom_tlvs(arguments[b"custom_tlvs"])
    tags = _tags(arguments)
    wants_receipt = arguments[b"dlr"] == b"yes"
    return SendArguments(
        to=_octets(arguments[b"to"]),
        source_addr=_source_addr(arguments.get(b"from")),
        data_coding=coding,
        content=content,
        overrides=Overrides(
            priority=_optional_integer(arguments, b"priority"),
            schedule_delivery_time=_octets(arguments[b"sdt"]) if b"sdt" in arguments else None,
            validity_minutes=_optional_integer(arguments, b"validity-period"),
        ),
        wants_receipt=wants_receipt,
        dlr=_wish(arguments) if wants_receipt and b"dlr-url" in arguments else None,
        tags=tags,
        tlvs=tlvs,
    )


def dlr_shown(arguments: Arguments) -> DlrWord:
    """Jasmin compares texts: the default level, a number, is shown as `All`."""
    if arguments[b"dlr"] != b"yes":
        return "No"
    level = arguments[b"dlr-level"]
    return "SMS-C" if level == b"1" else "Terminal" if level == b"2" else "All"


def _wish(arguments: Arguments) -> DlrWish:
    return DlrWish(
        url=_text(_octets(arguments[b"dlr-url"])),
        level=cast(DlrLevel, _integer(arguments[b"dlr-level"])),
        method=cast(CallbackMethod, _text(arguments[b"dlr-method"])),
    )


def _tags(arguments: Arguments) -> tuple[str, ...]:
    if b"tags" not in arguments:
        return ()
    tags = arguments[b"tags"]
    if not isinstance(tags, bytes):
        raise _lacks(tags, "split")
    return tuple(tags.decode("ascii").split(","))


def _source_addr(value: Value) -> bytes | None:
    """Numbers are sent as their digits; Jasmin answers Success to them, and to what is neither,
    and loses the message (Q22)."""
    if isinstance(value, int | float):
        return str(value).encode()
    if isinstance(value, list | dict):
        raise Unsendable("Source address is neither text nor a number.")
    return value


def _octets(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise _lacks(value, "decode")
    return value


def _text(value: Value) -> str:
    """UTF-8 octets, or any JSON value as Python shows it."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Malformed(str(error)) from error


def _optional_integer(arguments: Arguments, name: bytes) -> int | None:
    return _integer(arguments[name]) if name in arguments else None


def _integer(value: Value) -> int:
    if isinstance(value, bytes | int | float):
        try:
            return int(value)
        except ValueError as error:  # more digits than Python reads
            raise Malformed(str(error)) from error
    kind = type(value).__name__
    raise Malformed(
        f"int() argument must be a string, a bytes-like object or a real number, not '{kind}'"
    )


def _lacks(value: Value, attribute: str) -> Malformed:
    return Malformed(f"'{type(value).__name__}' object has no attribute '{attribute}'")
