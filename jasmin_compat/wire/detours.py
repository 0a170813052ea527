"""Detours of a queue message: the delay ladder and the dead letters (design D5).

A delayed message lies in one of eight ordinary queues, a dead one in `<queue>.dead`; both get
there, and back, through the default exchange, so that nobody else bound to `messaging` sees a
second copy. Where it had been published stands in `x-jc-exchange` and `x-jc-key` meanwhile and
afterwards, because consumers tell messages apart by it (contract/amqp-topology.md §3.3, §3.4).
All these headers are text: Jasmin's AMQP library can read them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from jasmin_compat.wire.amqp_messages import HeaderValue, QueueMessage, Undecodable

RUNGS_S = (1, 2, 5, 10, 30, 60, 180, 300)

_EXCHANGE = "x-jc-exchange"
_KEY = "x-jc-key"
_TO = "x-jc-to"
_DUE = "x-jc-due"
_UNTIL = "x-jc-until"
_REASON = "x-jc-reason"
_DIED = "x-jc-died"


def rung_queue(rung_s: int) -> str:
    return f"jasmin_compat.delay.{rung_s}"


def dead_queue(queue: str) -> str:
    return f"{queue}.dead"


def straight_to(queue: str, message: QueueMessage) -> QueueMessage:
    """The message on its way to one queue only, remembering where it was published first."""
    headers = {_EXCHANGE: message.exchange, _KEY: message.routing_key, **message.headers}
    return replace(message, exchange="", routing_key=queue, headers=headers)


def as_published(message: QueueMessage) -> QueueMessage:
    """The message as it was published first: undoes `straight_to`."""
    if _KEY not in message.headers:
        return message
    headers = dict(message.headers)
    exchange, key = str(headers.pop(_EXCHANGE, "")), str(headers.pop(_KEY))
    return replace(message, exchange=exchange, routing_key=key, headers=headers)


@dataclass(frozen=True, slots=True)
class Delayed:
    """What a message in the ladder says of itself."""

    to: str
    due: float
    """Unix seconds; when it leaves this rung."""
    until: float
    """Unix seconds; when it is wanted. Later than `due` if one rung does not last so long."""


def delayed(message: QueueMessage, *, to: str, now: float, until: float) -> QueueMessage:
    """The message as it goes into the ladder, to be in queue `to` at `until`."""
    wait_s = max(0.0, until - now)
    rung_s = next((rung for rung in RUNGS_S if rung >= wait_s), RUNGS_S[-1])
    due = min(until, now + rung_s)
    marks = {_TO: to, _DUE: f"{due:.3f}"}
    if until > due:
        marks[_UNTIL] = f"{until:.3f}"
    out = straight_to(rung_queue(rung_s), message)
    return replace(out, headers={**out.headers, **marks})


def read_delayed(message: QueueMessage) -> Delayed:
    """Raises:
    Undecodable: the message was not put there by `delayed`.
    """
    headers = message.headers
    try:
        due = float(headers[_DUE])
        return Delayed(str(headers[_TO]), due, float(headers.get(_UNTIL, due)))
    except (KeyError, ValueError) as error:
        raise Undecodable(f"not a delayed message: {error!r}") from error


def out_of_ladder(message: QueueMessage) -> QueueMessage:
    """The message without its marks of the ladder."""
    return replace(message, headers=without(message.headers, _TO, _DUE, _UNTIL))


def dead(message: QueueMessage, *, queue: str, reason: str, now: float) -> QueueMessage:
    """The message as it goes into the dead letters of its queue."""
    out = straight_to(dead_queue(queue), message)
    return replace(out, headers={**out.headers, _REASON: reason[:500], _DIED: f"{now:.0f}"})


def why_dead(message: QueueMessage) -> tuple[str, str]:
    """The reason, and the Unix time as text; empty when it was not put there by `dead`."""
    return str(message.headers.get(_REASON, "")), str(message.headers.get(_DIED, ""))


def raised(message: QueueMessage) -> QueueMessage:
    """A dead message without its marks of death."""
    return replace(message, headers=without(message.headers, _REASON, _DIED))


def without(headers: Mapping[str, HeaderValue], *names: str) -> dict[str, HeaderValue]:
    return {name: value for name, value in headers.items() if name not in names}
