"""Whose queue gets the reports of this site."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.lookups import lookup_pid
from tests.daemons.frames import frame

JASMINS = "[dlr]\npid = dlrlookupd-01\n"


# covers: W-AMQP-14
@pytest.mark.parametrize(
    ("beside", "variables", "is_here", "pid"),
    [
        (None, {}, False, "main"),
        (JASMINS, {}, False, "dlrlookupd-01"),
        (JASMINS, {}, True, "main"),
        (JASMINS, {"DLR_PID": "own"}, False, "own"),
        ("[dlr]\npid = x\n[amqp-broker]\nport = no\n", {}, False, "main"),
    ],
    ids=[
        "nothing said",
        "Jasmin's dlrlookupd.cfg",
        "looked up here",
        "said for jasmind itself",
        "a file that cannot be read",
    ],
)
async def test_the_pid(
    tmp_path: Path, beside: str | None, variables: dict[str, str], is_here: bool, pid: str
) -> None:
    if beside is not None:
        (tmp_path / "dlrlookupd.cfg").write_text(beside)
    async with frame(tmp_path, **variables) as of_test:
        assert lookup_pid(of_test.read, is_here=is_here) == pid
