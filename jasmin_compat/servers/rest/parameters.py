"""JSON members become arguments of the HTTP API (contract/http-api.md §19.3).

In Jasmin the REST API asks the HTTP API: by GET, or with `custom_tlvs` by a POST of JSON. So a
number becomes text on the first way and stays a number on the second.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import unquote_to_bytes

from jasmin_compat.servers.http.params import Arguments
from jasmin_compat.servers.rest.login import Login

Members = Mapping[str, object]
TLVS = "custom_tlvs"


class BadText(Exception):
    """Half of a surrogate pair: no octets stand for it. The text is Python's."""


def with_dashes(members: Members) -> dict[str, object]:
    """`hex_content` is `hex-content`; of two that become the same the later one counts. Only
    `custom_tlvs` keeps its name, and null is as if it were not there."""
    dashed: dict[str, object] = {}
    for name, value in members.items():
        if name != TLVS:
            new = name.replace("_", "-")
            dashed.pop(new, None)
            dashed[new] = value
    if members.get(TLVS) is not None:
        dashed[TLVS] = members[TLVS]
    return dashed


def with_login(members: Members, login: Login) -> dict[str, object]:
    """The credentials win over what stands in the body."""
    return {**members, "username": login.username, "password": login.password}


def send_arguments(dashed: Members) -> Arguments:
    """Raises: BadText."""
    return as_json(dashed) if TLVS in dashed else as_query(dashed)


def balance_arguments(login: Login) -> Arguments:
    """Raises: BadText."""
    return as_query(with_login({}, login))


def rate_arguments(query: bytes, login: Login) -> Arguments:
    """All of the query; a name without `=` is there, and empty. Of several values the first.

    Raises:
        BadText
    """
    members: dict[str, object] = {}
    for piece in query.split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            members.setdefault(_unquoted(name), _unquoted(value))
    return as_query(
        {name.replace("_", "-"): value for name, value in with_login(members, login).items()}
    )


def _unquoted(octets: bytes) -> str:
    return unquote_to_bytes(octets.replace(b"+", b" ")).decode(errors="replace")


def as_query(members: Members) -> Arguments:
    """As through a query: texts, of a list the first, and nothing where there is none."""
    arguments: Arguments = {}
    for name, value in members.items():
        for text in texts(value):
            arguments[_octets(name)] = _octets(text)
            break
    return arguments


def as_json(members: Members) -> Arguments:
    """As through a JSON body: typed, but for texts."""
    return {
        _octets(name): _octets(value) if isinstance(value, str) else value  # type: ignore[misc]
        for name, value in members.items()
    }


def texts(value: object) -> Iterator[str]:
    """What a JSON value becomes in a query, as Python's requests writes it."""
    if value is None:
        return
    for item in value if isinstance(value, list | dict) else (value,):
        if isinstance(item, list | dict):
            yield from map(str, item)
        elif item is not None:
            yield str(item)


def _octets(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadText(str(error)) from error
