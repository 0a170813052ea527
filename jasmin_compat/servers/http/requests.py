"""What a request brings: its arguments from query and body (contract/http-api.md §2)."""

import asyncio

from aiohttp import web

from jasmin_compat.servers.http.params import (
    Arguments,
    media_type,
    read_json,
    read_multipart,
    read_query,
)

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class TooLarge(Exception):
    """The body is larger than allowed."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class BrokenBody(Exception):
    """The body breaks its transfer coding, or its sender went away in the middle of it."""


def query_of(request: web.BaseRequest) -> bytes:
    """The octets behind `?`; aiohttp shows those that are no UTF-8 as surrogates."""
    _, _, query = request.raw_path.partition("?")
    return query.encode(errors="surrogateescape")


async def arguments_of(request: web.BaseRequest, *, timeout_s: float) -> Arguments:
    """Query, then a form's body (POST), then a JSON body; a later value replaces an earlier one.

    Raises:
        TooLarge, TooSlow, BrokenBody, Unreadable, BadForm.
    """
    arguments = read_query(query_of(request))
    content_type = request.headers.get("Content-Type")
    if content_type is None:
        return arguments
    if content_type == _JSON:
        arguments |= read_json(await body_of(request, timeout_s))
    elif request.method == "POST":
        kind = media_type(content_type)
        if kind == _FORM:
            arguments |= read_query(await body_of(request, timeout_s))
        elif kind == _MULTIPART and (body := await body_of(request, timeout_s)):
            arguments |= read_multipart(body, content_type)
    return arguments


async def body_of(request: web.BaseRequest, timeout_s: float) -> bytes:
    """Raises: TooLarge, TooSlow, BrokenBody."""
    expects = request.headers.get("Expect", "").lower() == "100-continue"
    if expects and request.version >= (1, 1) and request.transport is not None:
        request.transport.write(_CONTINUE)
    try:
        if request.content.is_eof():  # it came with the head, as most do: nothing to wait for
            return await request.read()
        async with asyncio.timeout(timeout_s):
            return await request.read()
    except TimeoutError as error:
        raise TooSlow from error
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise BrokenBody from error
