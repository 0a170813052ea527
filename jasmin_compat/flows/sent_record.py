"""What of a message the SMSC has answered: in the store, and here while the store is away (D9)."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from jasmin_compat.gateway.messages import MsgId, QueuedSubmit
from jasmin_compat.gateway.submission import SegmentSent, wants_receipt
from jasmin_compat.ports import Clock, Store, StoreAway

ASK_AGAIN_S: Final = 0.25
T = TypeVar("T")


class SentRecord:
    """The answered segments of the messages of one connector.

    A message with a DLR waits for a store that is away, because its receipts need the record; one
    without goes on, counted as a possible repeat.
    """

    def __init__(self, store: Store, clock: Clock, *, wait_s: float) -> None:
        self._store = store
        self._clock = clock
        self._wait_s = wait_s
        self._is_away = False
        """As the last call said."""
        self._unrecorded: dict[MsgId, tuple[SegmentSent, ...]] = {}
        """Answered, but not taken by the store: what comes again must know all the same."""

    async def sent_before(self, queued: QueuedSubmit, *, is_fresh: bool) -> tuple[SegmentSent, ...]:
        """What is known to be answered. A fresh message, which nobody had before, does not pay for
        asking; but with a DLR it is not to be sent while its answer could not be recorded.

        Raises:
            StoreAway: a message with a DLR waited `wait_s` in vain, or need not wait: the store is
                known to be away.
        """
        here = self._unrecorded.get(queued.msgid, ())
        must_wait = wants_receipt(queued)
        takes_writes = self._store.counts.takes_writes
        if is_fresh and not (must_wait and (self._is_away or not takes_writes())):
            return here
        try:
            recorded = await self._ask(lambda: self._store.sent(queued.msgid), is_patient=must_wait)
        except StoreAway:
            if must_wait:
                raise
            self._store.counts.repeats_possible += 1
            return here
        if must_wait and not takes_writes():  # it answers, but is full, or lacks replicas
            raise StoreAway("the store takes no writes")
        known = {segment.index: segment for segment in (*recorded, *here)}
        return tuple(known[index] for index in sorted(known))

    async def add(self, queued: QueuedSubmit, segments: tuple[SegmentSent, ...]) -> None:
        """Record answers, and those of earlier attempts the store did not take.

        Raises:
            StoreAway: a message with a DLR waited `wait_s` in vain; the answers are kept here.
        """
        segments = (*self._unrecorded.get(queued.msgid, ()), *segments)
        if not segments:
            return
        self._unrecorded[queued.msgid] = segments
        must_wait = wants_receipt(queued)
        try:
            await self._ask(
                lambda: self._store.record_sent(queued.msgid, segments), is_patient=must_wait
            )
        except StoreAway:
            if must_wait:
                raise
            self._store.counts.repeats_possible += 1
        else:
            del self._unrecorded[queued.msgid]

    def forget(self, msgid: MsgId) -> None:
        """The message has ended: its answers need not be kept here any more."""
        self._unrecorded.pop(msgid, None)

    async def _ask(self, question: Callable[[], Awaitable[T]], *, is_patient: bool) -> T:
        """Raises StoreAway: at once, or if patient after `wait_s`."""
        until = self._clock.monotonic() + (self._wait_s if is_patient else 0)
        while True:
            try:
                answer = await question()
            except StoreAway:
                self._is_away = True
                if self._clock.monotonic() >= until or not self._store.counts.takes_writes():
                    raise  # known to be away: others may have the place
            else:
                self._is_away = False
                return answer
            await self._clock.sleep(ASK_AGAIN_S)
