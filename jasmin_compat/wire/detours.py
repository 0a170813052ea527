"""Detours of a queue message: the delay ladder and the dead letters (design D5).

A delayed message lies in one of eight ordinary queues, a dead one in `<queue>.dead`; both get
there, and back, through the default exchange, so that nobody else bound to `messaging` sees a
second copy. Where it had been published stands in `x-jc-exchange` and `x-jc-key` meanwhile and
afterwards, because consumers tell messages apart by it (contract/amqp-topology.md §3.3, §3.4).
All these headers are text: Jasmin's AMQP library can read them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from jasmin_compat.wire import amqp_names
from jasmin_compat.wire.amqp_messages import HeaderValue, QueueMessage, Undecodable, shown
from jasmin_compat.wire.amqp_names import (
    AGAIN,
    CRASHES,
    DEFAULT_EXCHANGE,
    DELAY_STEPS_S,
    DIED,
    DUE,
    FIRST,
    FIRST_EXCHANGE,
    FIRST_KEY,
    MOVING,
    REASON,
    TO,
    TRIES,
    UNTIL,
    WAITS,
    exchange_of,
)

_REASON_CHARS = 500
_QUEUE_OCTETS = 255


def straight_to(queue: str, message: QueueMessage) -> QueueMessage:
    """The message on its way to one queue only, remembering where it was published first."""
    headers = {FIRST_EXCHANGE: message.exchange, FIRST_KEY: message.routing_key, **message.headers}
    return replace(message, exchange=DEFAULT_EXCHANGE, routing_key=queue, headers=headers)


def as_published(message: QueueMessage) -> QueueMessage:
    """The message as it was published first: undoes `straight_to`, and what has moved it since."""
    if FIRST_KEY not in message.headers:
        if message.exchange == MOVING:
            return replace(message, exchange=exchange_of(message.routing_key))
        return message
    headers = dict(message.headers)
    exchange, key = str(headers.pop(FIRST_EXCHANGE, "")), str(headers.pop(FIRST_KEY))
    return replace(message, exchange=exchange, routing_key=key, headers=headers)


def for_any_reader(queue: str, message: QueueMessage) -> QueueMessage:
    """The message on its way to a queue whose consumer may be a Jasmin daemon.

    It does not know our headers and goes by the routing key, so the message takes its first
    exchange again, where others may be bound, too; unless the queue is named as the key.
    """
    if message.routing_key == queue:
        return replace(message, exchange=DEFAULT_EXCHANGE)
    return message


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
    step_s = next((step for step in DELAY_STEPS_S if step >= wait_s), DELAY_STEPS_S[-1])
    due = min(until, now + step_s)
    marks = {TO: to, DUE: f"{due:.3f}"}
    if until > due:
        marks[UNTIL] = f"{until:.3f}"
    out = straight_to(amqp_names.delay_queue(step_s), message)
    return replace(out, headers={**out.headers, **marks})


def read_delayed(message: QueueMessage) -> Delayed:
    """Raises:
    Undecodable: the message was not put there by `delayed`.
    """
    headers = message.headers
    try:
        due = float(headers[DUE])
        read = Delayed(str(headers[TO]), due, float(headers.get(UNTIL, due)))
    except (KeyError, ValueError) as error:
        raise Undecodable(f"not a delayed message: {error!r}") from error
    if not (math.isfinite(read.due) and math.isfinite(read.until)):
        raise Undecodable(f"not a delayed message: due {read.due}, until {read.until}")
    if len(read.to.encode()) > _QUEUE_OCTETS:
        raise Undecodable("not a delayed message: no queue has so long a name")
    return read


def out_of_ladder(message: QueueMessage) -> QueueMessage:
    """The message without its marks of the ladder."""
    return replace(message, headers=without(message.headers, TO, DUE, UNTIL))


def dead(message: QueueMessage, *, queue: str, reason: str, now: float) -> QueueMessage:
    """The message as it goes into the dead letters of its queue."""
    out = straight_to(amqp_names.dead_queue(queue), message)
    return replace(
        out, headers={**out.headers, REASON: shown(reason[:_REASON_CHARS]), DIED: f"{now:.0f}"}
    )


def why_dead(message: QueueMessage) -> tuple[str, str]:
    """The reason, and the Unix time as text; empty when it was not put there by `dead`."""
    return str(message.headers.get(REASON, "")), str(message.headers.get(DIED, ""))


def raised(message: QueueMessage) -> QueueMessage:
    """A dead message without its marks of death, and with its attempts before it again."""
    marks = (REASON, DIED, TRIES, FIRST, CRASHES, WAITS)
    return replace(message, headers=without(message.headers, *marks))


Again = Literal["dead", "moved", "published"]


def again(message: QueueMessage, why: Again) -> QueueMessage:
    """The message as it goes to a queue whose consumers may have had it before."""
    return replace(message, headers={**message.headers, AGAIN: why})


def is_put_back(message: QueueMessage) -> bool:
    """It was a dead letter, and is to be tried again."""
    return message.headers.get(AGAIN) == "dead"


def without(headers: Mapping[str, HeaderValue], *names: str) -> dict[str, HeaderValue]:
    return {name: value for name, value in headers.items() if name not in names}
