"""Queue messages: what stands on RabbitMQ, and our values (contract/amqp-topology.md §3, §4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jasmin_compat.smpp.twins import quick_init


class Undecodable(Exception):
    """A queue message that is not what its queue is for; the text says what is wrong with it."""


HeaderValue = str | int | bytes
"""`S`, `I` (unsigned 32 bit) and `S` with raw octets: all that Jasmin's AMQP library can read."""


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """One AMQP message, independent of any client library."""

    exchange: str
    """`messaging`, `billing`, or empty for the default exchange."""
    routing_key: str
    body: bytes
    message_id: str = ""
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)
    reply_to: str | None = None
    priority: int | None = None
    redelivered: bool = False
    """Of a message being handled: somebody may have had it before. Set by flows/consume.py."""

    @property
    def shown_id(self) -> str:
        """The message-id for a log line."""
        return shown(self.message_id)


def shown(text: str) -> str:
    """One line of printable ASCII, whoever wrote the text: it ends in logs and on terminals."""
    if text.isascii() and text.isprintable():
        return text
    return text.encode("unicode_escape").decode("ascii")
