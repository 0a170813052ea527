"""The body of `/secure/sendbatch` becomes messages to single recipients (contract §19.4)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jasmin_compat.servers.rest.login import Login
from jasmin_compat.servers.rest.parameters import texts, with_dashes, with_login

MAX_AHEAD_S: Final = 366 * 86_400
"""A message cannot be scheduled later; Jasmin has no bound."""


class BadBatch(Exception):
    """It has not the form of a batch: Jasmin breaks on it."""


class BadSchedule(Exception):
    """`schedule_at` cannot be kept; title and description are Jasmin's."""

    def __init__(self, title: str, description: str) -> None:
        super().__init__(title)
        self.title = title
        self.description = description


class TooMuch(Exception):
    """It holds more than allowed; the text says of what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """Of one batch."""

    max_messages: int = 20_000
    max_octets: int = 67_108_864
    """Of all its messages, each with what it has of the globals: a short request makes many."""
    published_at_once: int = 50
    """Of one batch, so that messages of others find room at the broker."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to one recipient."""

    login: Login
    """That of the request, unless the message or the globals bring another."""
    to: tuple[str, ...]
    params: dict[str, object]
    """The rest, with dashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a request asks for."""

    drafts: tuple[Draft, ...]
    countdown_s: float
    """Whole, if it was given in seconds."""
    callback_url: str
    errback_url: str


def read_batch(body: object, login: Login, *, now: datetime, limits: BatchLimits) -> Batch:
    """Of parsed JSON; `now` is naive local time. The schedule is looked at first.

    Raises:
        BadSchedule, BadBatch, TooMuch.
    """
    if not isinstance(body, dict):
        raise BadBatch("no object")
    config = body.get("batch_config", {})
    if not isinstance(config, dict):
        raise BadBatch("batch_config is no object")
    countdown_s = _countdown_s(config.get("schedule_at"), now)
    drafts: list[Draft] = []
    octets = 0
    for login_of_it, params, recipients in _messages(body, login):
        octets += len(json.dumps(params)) * len(recipients)
        if octets > limits.max_octets:
            raise TooMuch(f"{limits.max_octets} octets")
        if len(drafts) + len(recipients) > limits.max_messages:
            raise TooMuch(f"{limits.max_messages} messages")
        drafts += [Draft(login_of_it, tuple(texts(to)), {**params, "to": to}) for to in recipients]
    return Batch(
        drafts=tuple(drafts),
        countdown_s=countdown_s,
        callback_url=_url(config, "callback_url"),
        errback_url=_url(config, "errback_url"),
    )


def _url(config: dict[str, object], name: str) -> str:
    return str(config[name]) if config.get(name) else ""


def _messages(
    body: dict[str, object], login: Login
) -> Iterator[tuple[Login, dict[str, object], list[object]]]:
    """Whose each is, what it says, and to whom.

    What a message says wins over the globals; one without recipient or content is no message.
    """
    messages = body.get("messages", ())
    if not isinstance(messages, list | dict | str | tuple):
        raise BadBatch("messages is no list")
    for message in messages:
        params = with_dashes(_merged(login, body.get("globals", {}), message))
        own = Login(_text(params.pop("username")), _text(params.pop("password")))
        if "to" in params and ("content" in params or "hex-content" in params):
            to = params["to"]
            recipients = to if isinstance(to, list) else [to]
            yield own, {**params, "to": None}, recipients


def _merged(login: Login, *levels: object) -> dict[str, object]:
    """Each level is an object, or a list of pairs, as Python's dict.update takes them."""
    merged = with_login({}, login)
    for level in levels:
        try:
            merged.update(level)  # type: ignore[call-overload]
        except (TypeError, ValueError) as error:
            raise BadBatch("a message or the globals are no object") from error
    if not all(isinstance(name, str) for name in merged):
        raise BadBatch("a name is no text")
    return merged


def _text(value: object) -> str:
    return next(texts(value), "")


def _countdown_s(at: object, now: datetime) -> float:
    if at is None:
        return 0
    if not isinstance(at, str):
        raise BadBatch("schedule_at is no text")
    try:
        when = datetime.strptime(at, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return _seconds(at)
    if when < now:
        raise BadSchedule("Cannot schedule batch in past date", f"Invalid past date given: {when}")
    return _bounded((when - now).total_seconds(), at)


def _seconds(at: str) -> float:
    found = re.match(r"^(\d+)s$", at)
    if found is None:
        raise BadSchedule(
            "Cannot parse scheduled_at value",
            f"Got unknown format: {at}, correct formats are 'YYYY-MM-DD mm:hh:ss' or number of "
            "seconds, c.f. http://docs.jasminsms.com/en/latest/apis/rest",
        )
    digits = found[1]
    return _bounded(int(digits) if len(digits) < 100 else MAX_AHEAD_S + 1, at)


def _bounded(countdown_s: float, at: str) -> float:
    if countdown_s > MAX_AHEAD_S:
        raise BadSchedule(
            "Cannot parse scheduled_at value", f"Got a time more than a year ahead: {at[:40]}"
        )
    return countdown_s
