"""What goes to a script worker and comes back: JSON, and pickles of PDUs in Jasmin's form.

The worker loads what we wrote. What it answers was made by a process that runs anybody's code: it
is read as JSON, and its PDUs through the allow-list of wire/pickles.py.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

HEAD: Final = struct.Struct(">I")
"""In front of each frame: its length."""
MAX_OCTETS: Final = 4 << 20
"""Of a frame; a message of 255 parts takes a tenth of it."""

MAX_SCRIPTS: Final = 1000
"""Known to a worker at a time; at the bound all are forgotten, there and here."""


class BadReply(Exception):
    """Octets that are no reply of a worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A script for one message."""

    kind: Literal["evaluate", "intercept"]
    digest: str
    """Of the source."""
    source: str | None
    """None where the worker should know it."""
    pdu: bytes
    """Its chain of SubmitSM, pickled."""
    user: bytes
    tags: tuple[str, ...]
    locks: tuple[str, ...]
    at: str
    """ISO 8601, local."""


@dataclass(frozen=True, slots=True)
class NeedsSource:
    """The worker does not know the script (any more)."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The script raised, or is none."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The script set a status: as it left them."""

    smpp_status: int | str | None
    http_status: int | str | None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The message may go on; or what a filter says."""

    result: bool = False
    pdu: bytes = b""
    """As in a job; empty where the script has not changed it."""
    tags: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker's first: it waits for jobs."""


Reply = NeedsSource | Failed | Stopped | Done | Ready
_KINDS: Final = {kind.__name__: kind for kind in (NeedsSource, Failed, Stopped, Done, Ready)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a job, and how it went."""

    reply: Reply
    took_s: float = 0.0
    """Of the script alone."""
    printed: str = ""
    """The beginning of it."""
    has_children: bool = False
    """Processes that the script has started still run."""


def write_job(job: Job) -> bytes:
    return _frame({name: getattr(job, name) for name in Job.__dataclass_fields__})


def read_job(octets: bytes) -> Job:
    """`octets` are ours, less the length in front."""
    values = json.loads(octets)
    for name in ("pdu", "user"):
        values[name] = values[name].encode("latin-1")
    return Job(**values)


def write_ran(ran: Ran) -> bytes:
    reply = ran.reply
    values = {name: getattr(reply, name) for name in type(reply).__dataclass_fields__}
    return _frame(
        {
            "is": type(reply).__name__,
            "reply": values,
            "took_s": ran.took_s,
            "printed": ran.printed,
            "has_children": ran.has_children,
        }
    )


def _frame(values: dict[str, Any]) -> bytes:
    body = json.dumps(values, default=_latin1).encode()
    return HEAD.pack(len(body)) + body


def _latin1(octets: bytes) -> str:
    return octets.decode("latin-1")


def read_ran(octets: bytes) -> Ran:
    """Raises: BadReply."""
    try:
        values = json.loads(octets)
        kind, found = _KINDS[values["is"]], values["reply"]
        return Ran(
            reply=_done(**found) if kind is Done else kind(**found),
            took_s=float(values["took_s"]),
            printed=str(values["printed"]),
            has_children=values["has_children"] is True,
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise BadReply(f"{type(error).__name__}: {error}") from error


def _done(*, result: object, pdu: str, tags: list[object], locks: list[object]) -> Done:
    return Done(
        result=result is True,
        pdu=pdu.encode("latin-1"),
        tags=tuple(map(str, tags)),
        locks=tuple(map(str, locks)),
    )
