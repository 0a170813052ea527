"""Which of our requests are on the wire, under which sequence numbers (SMPP 3.4 §2.6, §5.1.4)."""

from typing import Final

from jasmin_compat.smpp.events import SentRequest

MAX_SEQUENCE_NUMBER: Final = 0x7FFFFFFF


class Window:
    """Numbers requests and keeps those without an answer, oldest first."""

    def __init__(self, last_sequence_number: int = 0) -> None:
        self._last = last_sequence_number
        self._sent: dict[int, SentRequest] = {}
        self._own: dict[int, int] = {}

    def __len__(self) -> int:
        """How many of the owner's requests wait; the session's own take no place."""
        return len(self._sent)

    @property
    def oldest(self) -> SentRequest | None:
        return next(iter(self._sent.values()), None)

    @property
    def waiting(self) -> tuple[SentRequest, ...]:
        return tuple(self._sent.values())

    def next_number(self) -> int:
        """A number nobody waits under: 1 to 0x7FFFFFFF, then from 1 again."""
        number = self._last
        while True:
            number = number + 1 if number < MAX_SEQUENCE_NUMBER else 1
            if number not in self._sent and number not in self._own:
                self._last = number
                return number

    def sent(self, number: int, command_id: int, now: float) -> None:
        """A request of the owner went out."""
        self._sent[number] = SentRequest(number, command_id, now)

    def sent_own(self, number: int, command_id: int) -> None:
        """A request of the session itself went out: bind, unbind, enquire_link."""
        self._own[number] = command_id

    def answered(self, number: int) -> SentRequest | None:
        """Forget a request of the owner: it got its answer, or will not get one."""
        return self._sent.pop(number, None)

    def answered_own(self, number: int) -> int | None:
        """Forget a request of the session, and say which it was."""
        return self._own.pop(number, None)

    def clear(self) -> None:
        self._sent.clear()
        self._own.clear()
