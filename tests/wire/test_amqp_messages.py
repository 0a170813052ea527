"""Queue messages as values."""

import pytest

from jasmin_compat.wire.amqp_messages import QueueMessage, shown


def test_a_message_needs_only_where_and_what() -> None:
    message = QueueMessage(exchange="messaging", routing_key="submit.sm.c", body=b"x")
    assert (message.headers, message.reply_to, message.priority) == ({}, None, None)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("b8a1-'\\", "b8a1-'\\"),
        ("a\nERROR forged", "a\\nERROR forged"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202e\xe9", "\\u202e\\xe9"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_anybody_wrote_is_shown_in_one_line(text: str, line: str) -> None:
    assert shown(text) == line
    message = QueueMessage(exchange="", routing_key="q", body=b"", message_id=text)
    assert message.shown_id == line
