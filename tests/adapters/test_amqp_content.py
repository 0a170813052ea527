"""Messages put together from their frames."""

import pytest

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_content import ContentReader
from jasmin_compat.wire.amqp_messages import QueueMessage


def header(body: bytes) -> bytes:
    return frames.content_header(QueueMessage(exchange="", routing_key="", body=body), False)


@pytest.mark.parametrize("sizes", [(), (5,), (2, 3), (1, 1, 1, 1, 1)], ids=str)
def test_a_body_of_any_number_of_frames(sizes: tuple[int, ...]) -> None:
    body = b"hello"[: sum(sizes)]
    reader = ContentReader()
    for _ in range(2):  # it can be used again
        reader.expect()
        assert reader.is_expecting
        taken = reader.take(frames.HEADER, header(body), 0, len(header(body)))
        at = 0
        for size in sizes:
            assert taken is None
            taken = reader.take(frames.BODY, body, at, at + size)
            at += size
        assert taken == (header(body), body)
        assert not reader.is_expecting


def test_frames_are_parts_of_what_came() -> None:
    reader = ContentReader()
    reader.expect()
    octets = b"<<" + header(b"abc") + b">>"
    assert reader.take(frames.HEADER, octets, 2, len(octets) - 2) is None
    assert reader.take(frames.BODY, b"--abc--", 2, 5) == (header(b"abc"), b"abc")


@pytest.mark.parametrize(
    "wrong",
    [
        [(frames.BODY, b"a")],
        [(frames.METHOD, b"a")],
        [(frames.HEADER, header(b"ab")), (frames.HEADER, header(b"ab"))],
        [(frames.HEADER, header(b"ab")), (frames.BODY, b"abc")],
        [(frames.HEADER, header(b"ab")), (frames.METHOD, b"a")],
    ],
    ids=["body first", "method first", "two headers", "body too long", "method inside"],
)
def test_frames_out_of_order_are_broken(wrong: list[tuple[int, bytes]]) -> None:
    reader = ContentReader()
    reader.expect()
    *right, last = wrong
    for kind, octets in right:
        reader.take(kind, octets, 0, len(octets))
    with pytest.raises(frames.BrokenFrame):
        reader.take(last[0], last[1], 0, len(last[1]))
