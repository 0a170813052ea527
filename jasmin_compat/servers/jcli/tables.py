"""Layouts of lists: padded columns, and the plain tables of statistics (`cli/*.py`, tabulate)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest


@dataclass(frozen=True, slots=True)
class Columns:
    """A list: a heading over rows, unless there are none, and a line that counts them."""

    widths_chars: tuple[int, ...]
    """Each column is padded to it; what is longer pushes the rest to the right, as in Jasmin."""
    names: tuple[str, ...]

    def show(self, rows: Sequence[Iterable[object]], counted_as: str) -> str:
        """`counted_as` is what stands before the number, such as `Total Groups`."""
        lines = [self._line(row) for row in (self.names, *rows)] if rows else []
        return "\n".join([*lines, f"{counted_as}: {len(rows)}"]) + "\n"

    def _line(self, row: Iterable[object]) -> str:
        cells = zip(row, self.widths_chars, strict=True)
        return "#" + " ".join(str(cell).ljust(width) for cell, width in cells)


def plain(names: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """What tabulate makes of it as `plain`, with numbers to the left.

    A column is as wide as its longest cell, and two wider than its name; two spaces between.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [
        max([len(name) + 2, *map(len, column)])
        for name, *column in zip_longest(names, *cells, fillvalue="")
    ]
    lines = [names, *cells]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )
