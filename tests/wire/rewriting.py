"""Messages of a Jasmin read by us and written again; `python -m tests.wire.rewriting` does lines.

Each line of standard input is a message as compat_tests/jasmin_side/bodies.py prints them, or tells
of a recorded one; the answer is ours for the same values.
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pamqp import decode

from jasmin_compat.gateway.messages import ConnectorId, MsgId
from jasmin_compat.gateway.users import GroupId, User, UserId
from jasmin_compat.wire import bill_messages, dlr_messages, mo_messages, submit_messages
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.field_tables import encode_table
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickled_bills import read_bill, write_bill
from jasmin_compat.wire.pickles import unpickle

BILL = "submit_sm_bill"


def rewritten(message: QueueMessage) -> QueueMessage:
    """What we write for what we read. Raises: Undecodable."""
    for prefix, rewrite in _BY_KEY.items():
        if message.routing_key.startswith(prefix):
            return rewrite(message)
    raise AssertionError(message.routing_key)


def _response(message: QueueMessage) -> QueueMessage:
    """Nobody here reads it: what is in it, by the machine."""
    found: Any = unpickle(message.body)
    return submit_messages.write_submit_resp(
        MsgId(message.message_id),
        ConnectorId(message.routing_key.rpartition(".")[2]),
        command_status=found.state["status"],
        message_id=found.state["params"].get("message_id", b""),
        now=datetime.fromisoformat(str(message.headers["created_at"])),
    )


_BY_KEY: dict[str, Callable[[QueueMessage], QueueMessage]] = {
    "submit.sm.resp.": _response,
    "submit.sm.": lambda m: submit_messages.write_submit(submit_messages.read_submit(m)),
    "dlr.": lambda m: dlr_messages.write_lookup(dlr_messages.read_lookup(m)),
    "dlr_thrower.": lambda m: dlr_messages.write_callback(dlr_messages.read_callback(m)),
    "deliver.sm.": lambda m: mo_messages.write_mo(mo_messages.read_mo(m)),
    "deliver_sm_thrower.": lambda m: mo_messages.write_routed(mo_messages.read_routed(m)),
    "bill_request.": lambda m: bill_messages.write_late_bill(bill_messages.read_late_bill(m)),
}


def bill_again(octets: bytes) -> bytes:
    """A bill we write for the account in it."""
    found: Any = unpickle(octets)
    account = found.state["user"].state
    group: Instance = account["group"]
    user = User(
        uid=UserId(account["uid"]),
        gid=GroupId(str(group.state["gid"])),
        username=account["username"],
        password_md5=account["password"],
        enabled=account["enabled"],
    )
    return write_bill(read_bill(octets), user)


def _line_of(line: dict[str, Any]) -> dict[str, Any]:
    table, properties = bytes.fromhex(line["table"]), line["properties"]
    theirs: Any = decode.field_table(table)[1]
    message = QueueMessage(
        exchange=line["exchange"],
        routing_key=line["key"],
        body=bytes.fromhex(line["body"]),
        message_id=properties["message-id"],
        headers=theirs,
        reply_to=properties.get("reply-to"),
        priority=properties.get("priority"),
    )
    ours = rewritten(message)
    kept = {name: value for name, value in theirs.items() if isinstance(value, bytes)}
    if line["key"].startswith("deliver.sm."):
        kept["created_at"] = theirs["created_at"]  # a moment after it was received
    pickles = {name: value for name, value in ours.headers.items() if isinstance(value, bytes)}
    if BILL in pickles:
        pickles[BILL] = bill_again(pickles[BILL])
    if ours.body[:1] == b"\x80":
        pickles["body"] = ours.body
    told = {"message-id": ours.message_id, "reply-to": ours.reply_to, "priority": ours.priority}
    return {
        "exchange": ours.exchange,
        "key": ours.routing_key,
        "properties": {name: value for name, value in told.items() if value is not None},
        "table": encode_table({**ours.headers, **kept}).hex(),
        "body": ours.body.hex(),
        "pickles": {name: octets.hex() for name, octets in pickles.items()},
    }


if __name__ == "__main__":
    for each in sys.stdin:
        sys.stdout.write(json.dumps(_line_of(json.loads(each))) + "\n")
