"""How fast a worker of the REST API sends its batches (contract/http-api.md §19.4)."""

import math
from dataclasses import dataclass
from typing import Final

SLOWER: Final = 0.9
NOTICED_S: Final = 0.01
LEAST_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class PacePolicy:
    """Of each worker."""

    per_s: float = 8.0
    """Messages a second; 0: no limit, and then nothing is slowed down."""
    smart: bool = True
    """Slow down when messages take longer, and go back."""


class Pace:
    """One worker: when it may send next.

    Jasmin slows down by a tenth when a message took longer than the one before, by however little,
    and up by a tenth when it took less; so chance alone wears its rate down, without an end. Here
    longer means by `NOTICED_S`, anything else undoes one step, and a tenth of the rate stays.
    """

    def __init__(self, policy: PacePolicy) -> None:
        self.per_s = policy.per_s
        """Now."""
        self._policy = policy
        self._last_at = -math.inf
        self._last_took_s = math.inf

    def wait_s(self, now: float) -> float:
        """Before the next message; `now` is monotonic."""
        if not self.per_s:
            return 0.0
        return max(0.0, self._last_at + 1 / self.per_s - now)

    def sent(self, now: float, *, took_s: float) -> None:
        """A message was sent, or refused, in so long a time."""
        self._last_at = now
        if self._policy.smart:
            is_slower = took_s > self._last_took_s + NOTICED_S
            change = SLOWER if is_slower else 1 / SLOWER
            least, most = self._policy.per_s * LEAST_SHARE, self._policy.per_s
            self.per_s = min(max(self.per_s * change, least), most)
        self._last_took_s = took_s
