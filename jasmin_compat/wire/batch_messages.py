"""Messages of batches and their reports on our own queues: JSON, never a password (W-REST-01).

In Jasmin these are Celery's tasks (contract/amqp-topology.md §7); nobody else reads either.
"""

import json
from typing import Any

from jasmin_compat.gateway.batches import BatchMessage, BatchReport
from jasmin_compat.gateway.users import UserId
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.amqp_names import BATCH_MESSAGES, BATCH_REPORTS


def write_batch_message(message: BatchMessage) -> QueueMessage:
    return QueueMessage(
        exchange=BATCH_MESSAGES.exchange,
        routing_key=BATCH_MESSAGES.routing_key,
        message_id=f"{message.batch_id}-{message.number}",
        body=_octets(
            {
                "batch_id": message.batch_id,
                "number": message.number,
                "uid": message.uid,
                "username": message.username,
                "to": message.to,
                "params": message.params,
                "callback_url": message.callback_url,
                "errback_url": message.errback_url,
                "due": message.due,
            }
        ),
    )


def read_batch_message(message: QueueMessage) -> BatchMessage:
    """Raises: Undecodable."""
    fields = _Fields(message.body)
    uid = fields.optional_text("uid")
    return BatchMessage(
        batch_id=fields.text("batch_id"),
        number=int(fields.number("number")),
        uid=None if uid is None else UserId(uid),
        username=fields.text("username"),
        to=fields.texts("to"),
        params=fields.table("params"),
        callback_url=fields.text("callback_url"),
        errback_url=fields.text("errback_url"),
        due=fields.number("due"),
    )


def write_batch_report(report: BatchReport, *, message_id: str) -> QueueMessage:
    """`message_id` is that of the message it is about."""
    return QueueMessage(
        exchange=BATCH_REPORTS.exchange,
        routing_key=BATCH_REPORTS.routing_key,
        message_id=message_id,
        body=_octets(
            {
                "url": report.url,
                "batch_id": report.batch_id,
                "to": report.to,
                "status": report.status,
                "text": report.text,
            }
        ),
    )


def read_batch_report(message: QueueMessage) -> BatchReport:
    """Raises: Undecodable."""
    fields = _Fields(message.body)
    return BatchReport(
        url=fields.text("url"),
        batch_id=fields.text("batch_id"),
        to=fields.texts("to"),
        status=1 if fields.number("status") else 0,
        text=fields.text("text"),
    )


def _octets(fields: dict[str, object]) -> bytes:
    return json.dumps(fields).encode()


class _Fields:
    """The members of a JSON object, by the kind they must be of; each raises Undecodable."""

    def __init__(self, octets: bytes) -> None:
        try:
            members = json.loads(octets)
        except (ValueError, RecursionError) as error:
            raise Undecodable(f"no JSON: {error}") from error
        if not isinstance(members, dict):
            raise Undecodable("no JSON object")
        self._members: dict[str, Any] = members

    def text(self, name: str) -> str:
        value = self._members.get(name)
        if not isinstance(value, str):
            raise Undecodable(f"{name} is no text")
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._members.get(name) is None else self.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._members.get(name)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise Undecodable(f"{name} is no list of texts")
        return tuple(values)

    def number(self, name: str) -> float:
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
            raise Undecodable(f"{name} is no number")
        return value

    def table(self, name: str) -> dict[str, object]:
        value = self._members.get(name)
        if not isinstance(value, dict):
            raise Undecodable(f"{name} is no object")
        return value
