"""Queue messages as values."""

from jasmin_compat.wire.amqp_messages import QueueMessage


def test_a_message_needs_only_where_and_what() -> None:
    message = QueueMessage(exchange="messaging", routing_key="submit.sm.c", body=b"x")
    assert (message.headers, message.reply_to, message.priority) == ({}, None, None)
