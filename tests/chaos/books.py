"""What came twice in a chaos run, and which fault may be the cause."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

SETTLED_S = 10.0
"""What was done so long before a fault is settled everywhere: acked, and recorded."""


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault, from before it began until everything was there again and had reconnected."""

    name: str
    began: float
    ended: float
    submit_again: str = ""
    call_again: str = ""
    leaves_unanswered: bool = False
    refuses: bool = True
    note: str = ""

    def covers(self, asked_at: float, told_at: float) -> bool:
        """A message was asked for and answered while it lasted, or in part."""
        return asked_at <= self.ended and told_at >= self.began

    def explains(self, seen: "Seen", again_at: float) -> bool:
        """Its message was on its way when the fault came, and it came again after that."""
        done_at = self.began if seen.done_at is None else seen.done_at
        is_on_its_way = seen.asked_at <= self.ended and done_at >= self.began - SETTLED_S
        return is_on_its_way and again_at >= self.began

    def why(self, what: str) -> str:
        return self.submit_again if what == SUBMIT else self.call_again


SUBMIT, CALL = "submit_sm", "callback"


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that may come once, and how often it came."""

    what: str
    whose: str
    asked_at: float
    """Its message."""
    done_at: float | None
    """When something showed that this was behind it; None: nothing did."""
    times: Sequence[float]
    """When it came."""


@dataclass(slots=True)
class Twice:
    """What came again, by what it is and the first fault that may be the cause."""

    by_cause: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(what, name of the fault, why it may)."""
    unexplained: list[Seen] = field(default_factory=list)


def came_twice(faults: Sequence[Happened], things: Iterable[Seen]) -> Twice:
    """`faults` in the order they began."""
    twice = Twice()
    for seen in things:
        for again in seen.times[1:]:
            may = (f for f in faults if f.why(seen.what) and f.explains(seen, again))
            cause = next(may, None)
            if cause is None:
                twice.unexplained.append(seen)
            else:
                twice.by_cause[seen.what, cause.name, cause.why(seen.what)] += 1
    return twice


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns; those of numbers to the right."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    to_the_right = [
        all(line[n].replace(".", "").isdigit() for line in lines[1:]) for n in range(len(head))
    ]
    return "\n".join(
        "  ".join(
            word.rjust(width) if right else word.ljust(width)
            for word, width, right in zip(line, widths, to_the_right, strict=True)
        ).rstrip()
        for line in lines
    )
