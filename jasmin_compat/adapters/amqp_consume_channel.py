"""The channel of one consumer: deliveries read off its frames, tags settled, acks batched."""

import asyncio
from typing import Protocol

from jasmin_compat.adapters import amqp_frames as frames
from jasmin_compat.adapters.amqp_content import ContentReader
from jasmin_compat.adapters.amqp_transport import Tap


class ChannelOwner(Protocol):
    """Who gets what comes on a channel."""

    def take(
        self, channel: "ConsumeChannel", delivered: frames.Delivered, header: bytes, body: bytes
    ) -> None: ...
    def lost(self, channel: "ConsumeChannel") -> None: ...


class ConsumeChannel:
    """One consumer's channel: tags that are settled, and acks to be written.

    Acks wait for the end of the loop's turn. Those that complete the sequence of tags from the
    oldest on are written as one (`multiple`); those that leave a gap behind them, singly.
    """

    def __init__(self, tap: Tap, number: int, owner: "ChannelOwner") -> None:
        self.ended = asyncio.Event()
        """No more comes: it is over, or its consumer was cancelled."""
        self.why = ""
        self.is_over = False
        """Nothing can be settled any more."""
        self.is_cancelled = False
        """By the broker, which has deleted the queue: what is put back into it is gone."""
        self.unsettled = 0
        self.idle = asyncio.Event()
        """Set while nothing is unsettled."""
        self.idle.set()
        self._tap = tap
        self._number = number
        self._owner = owner
        self._content = ContentReader()
        self._delivered: frames.Delivered | None = None
        self._oldest = 1
        """All tags below are settled."""
        self._settled: set[int] = set()
        """Tags above, in no order."""
        self._acks: set[int] = set()
        """Tags to be acked at the end of the turn."""

    def receive(self, kind: int, data: bytes, start: int, end: int) -> bool:
        if kind == frames.METHOD:
            if frames.read_method_id(data, start) != frames.BASIC_DELIVER:
                return False
            self._delivered = frames.read_deliver(data, start)
            self._content.expect()
            return True
        if not self._content.is_expecting:
            return False
        content = self._content.take(kind, data, start, end)
        if content is not None and self._delivered is not None:
            self.unsettled += 1
            self.idle.clear()
            self._owner.take(self, self._delivered, *content)
        return True

    def ack(self, tag: int) -> None:
        if self.is_over:
            return
        if not self._acks:
            self._tap.remind(self)
        self._acks.add(tag)
        self._one_less()

    def requeue(self, tag: int) -> None:
        if self.is_over:
            return
        self._tap.write(frames.nack(self._number, tag))
        self._settled.add(tag)
        self._one_less()

    def _one_less(self) -> None:
        self.unsettled -= 1
        if not self.unsettled:
            self.idle.set()

    def take_settled(self) -> bytes:
        acked = last = 0
        while True:
            if self._oldest in self._acks:
                self._acks.remove(self._oldest)
                last, acked = self._oldest, acked + 1
            elif self._oldest in self._settled:
                self._settled.remove(self._oldest)
            else:
                break
            self._oldest += 1
        written = frames.ack(self._number, last, multiple=acked > 1) if acked else b""
        for tag in sorted(self._acks):
            written += frames.ack(self._number, tag, multiple=False)
        self._settled |= self._acks
        self._acks.clear()
        return b"" if self.is_over else written

    def cancel(self, reason: str) -> None:
        """basic.cancel: what came already is ours alone, and can be settled."""
        if not self.ended.is_set():
            self.is_cancelled = True
            self.why = reason
            self.ended.set()

    def lose(self, reason: str) -> None:
        """Nothing can be settled any more; the broker delivers again what was not."""
        if not self.is_over:
            self._tap.drop(self._number, self)
            self.why = reason
            self.is_over = True
            self.ended.set()
            self.idle.set()
            self._owner.lost(self)
