"""What came twice, and why it may (design D9): found in a world's books, shown as one table."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

PROPERTY = "came twice"
"""Under this name a test's rows go to the summary, from whichever worker."""
NOT_OURS_TO_REPEAT = "may not come twice"


@dataclass(frozen=True, slots=True)
class Window:
    """From before the fault until everything was there again and had time to reconnect."""

    began: float
    ended: float

    def explains(self, repeat: "Repeat") -> bool:
        """The message was on its way when the fault came, and the repetition came after that."""
        return repeat.asked_at <= self.ended and repeat.at >= self.began


@dataclass(frozen=True, slots=True)
class Repeat:
    """One thing that came again: when, and when its message was asked for."""

    asked_at: float
    at: float


def repeats(seen: Iterable[tuple[float, Sequence[float]]]) -> list[Repeat]:
    """All but the first of each; `seen` has when its message was asked for, and when it came."""
    return [Repeat(asked_at, at) for asked_at, times in seen for at in times[1:]]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of thing in the books of one fault."""

    fault: str
    accepted: int
    what: str
    twice: int
    cause: str
    """Why it may come twice with this fault; empty: it may not."""
    elsewhere: int
    """Of these, how many the fault does not explain."""

    @property
    def is_as_promised(self) -> bool:
        return not self.elsewhere if self.cause else not self.twice

    def as_property(self) -> tuple[str, dict[str, Any]]:
        return PROPERTY, asdict(self)

    @classmethod
    def of_property(cls, value: dict[str, Any]) -> Self:
        return cls(**value)


def row(fault: str, accepted: int, what: str, cause: str, *, seen: list[Repeat], at: Window) -> Row:
    elsewhere = [repeat for repeat in seen if not at.explains(repeat)]
    return Row(fault, accepted, what, len(seen), cause, len(elsewhere))


def table(rows: Iterable[Row]) -> str:
    """Aligned columns, a fault named once."""
    lines = [("fault", "accepted", "came twice", "times", "cause")]
    before = ""
    for each in rows:
        head = ("", "") if each.fault == before else (each.fault, str(each.accepted))
        before = each.fault
        lines.append((*head, each.what, str(each.twice), each.cause or NOT_OURS_TO_REPEAT))
    widths = [max(len(line[n]) for line in lines) for n in range(5)]
    return "\n".join(
        f"{fault:{widths[0]}}  {accepted:>{widths[1]}}  {what:{widths[2]}}  {times:>{widths[3]}}"
        f"  {cause}"
        for fault, accepted, what, times, cause in lines
    )
