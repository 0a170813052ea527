"""The table of the mixed sites, and what all of them need."""

from collections.abc import Callable

import pytest

from compat_tests.mixed.running import Row
from compat_tests.targets.ours import Ours

ROWS = pytest.StashKey[list[Row]]()
HEADS = ("accepted", "submitted", "callbacks due", "callbacks made", "twice")


@pytest.fixture(scope="session")
def ours(pytestconfig: pytest.Config) -> Ours:
    return Ours(pytestconfig.getoption("--ours-bin"))


@pytest.fixture
def told(pytestconfig: pytest.Config) -> Callable[[Row], None]:
    """Puts a row into the table."""
    return pytestconfig.stash.setdefault(ROWS, []).append


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    rows = config.stash.get(ROWS, [])
    if rows:
        width = max(len(row.scenario) for row in rows)
        terminalreporter.write_line(f"\n{'mixed site':{width}}" + "".join(f"  {h}" for h in HEADS))
    for row in rows:
        counts = (row.accepted, row.submitted, row.due, row.made, row.twice)
        cells = "".join(f"  {n:>{len(h)}}" for h, n in zip(HEADS, counts, strict=True))
        terminalreporter.write_line(f"{row.scenario:{width}}{cells}")
