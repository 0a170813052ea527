"""Who failed how often: bounded, and forgotten with time."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class _Record:
    number: int
    last: float


class Failures:
    """By key; the one that failed longest ago goes first."""

    def __init__(self, *, most: int, forgotten_after_s: float) -> None:
        self._most = most
        self._forgotten_after_s = forgotten_after_s
        self._records: dict[Hashable, _Record] = {}

    def __len__(self) -> int:
        return len(self._records)

    def one_more(self, key: Hashable, *, now: float) -> int:
        """How many it is, this one included; `now` is monotonic."""
        record = self._records.pop(key, None)
        if record is None or now - record.last > self._forgotten_after_s:
            record = _Record(0, now)
        record.number, record.last = record.number + 1, now
        self._records[key] = record
        if len(self._records) > self._most:
            del self._records[next(iter(self._records))]
        return record.number

    def forget(self, key: Hashable) -> None:
        """It has succeeded."""
        self._records.pop(key, None)
