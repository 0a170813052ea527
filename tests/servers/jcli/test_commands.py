"""Every recorded session of a real Jasmin, octet by octet, from the wire to the site and back.

Each session is played as golden/tools/cap_jcli.py did, one after the other on one site.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from jasmin_compat.adapters.memory_quotas import MemoryQuotas
from jasmin_compat.adapters.memory_site import MemorySite
from jasmin_compat.adapters.scripts import ScriptPolicy, ScriptSources
from jasmin_compat.flows.admin import Administration, AdminPorts
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import UserId
from jasmin_compat.ports import ConnectorStatus
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.runtime.current import Current
from jasmin_compat.servers.jcli.commands import commands
from jasmin_compat.servers.jcli.console import MainDialogue
from jasmin_compat.servers.jcli.counted import HttpApiStats, SmppClientStats, SmppServerStats
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.profiles import PARTS
from tests.fakes import MemoryProfiles
from tests.golden import load
from tests.servers.jcli.consoles import LINE_END, Played, as_text, door, logged_in
from tests.servers.jcli.offices import FixedStats

SCENARIOS = {s["name"]: s["exchanges"] for s in load("jcli_transcripts")["scenarios"]}


def _each(said: str) -> str:
    return "".join(said.format(part) + "\n" for part in PARTS)


def _standing(con1: str) -> str:
    """`smppccm -l`, with what it says of con1."""
    return (
        "smppccm -l\n#Connector id                        Service Session          Starts Stops\n"
        f"#con1                                {con1}\n"
        "#all_keys                            stopped NONE             0      0    \n"
        "#defaults                            stopped NONE             0      0    \n"
        "Total connectors: 3\njcli : "
    )


def _bad_pattern(pattern: str) -> str:
    line = f"mt_messaging_cred valuefilter content {pattern}\n"
    return f"{line}Error: content is not a regex pattern: {pattern}\n> "


DIFFERENCES = {
    # nothing is ever less than nan: the balance would last for ever
    ("user-cred-add", 44): (
        "mt_messaging_cred quota balance nan\n"
        "Error: balance is not a valid value (nan), it must be None or a positive number\n> "
    ),
    # too long to log in with
    ("user-update", 8): ("password waytoolongpassword17\nError: Invalid password length !\n> "),
    # Jasmin drops the session
    ("user-bad-regex-0", 1): _bad_pattern("["),
    ("user-bad-regex-1", 1): _bad_pattern("("),
    ("user-bad-regex-2", 1): _bad_pattern("*"),
    # the password was the same: nothing is restarted, so one start and one stop fewer from then on
    ("smppccm-start-stop", 16): "ok\nSuccessfully updated connector [con1]\njcli : ",
    ("smppccm-start-stop", 17): "",
    ("smppccm-start-stop", 18): _standing("started BOUND_TRX        1      0    "),
    ("smppccm-start-stop", 27): _standing("stopped NONE             1      1    "),
    ("smppccm-start-stop", 33): _standing("started BOUND_TRX        2      1    "),
    # all is loaded when the prompt comes: Jasmin writes the line of smppcc after it
    ("persist-load", 2): (f"load\n{_each('{} configuration loaded (profile:jcli-prod)')}jcli : "),
    ("persist-load", 6): (
        f"load -p other\n{_each('{} configuration loaded (profile:other)')}jcli : "
    ),
    # Jasmin tries to write there
    ("persist-load", 15): (
        f"persist --profile=x/y\n{_each('Failed to persist {} configuration (profile:x/y)')}"
        "Error: a profile's name is made of letters, digits, _, - and .\njcli : "
    ),
}


class Bound:
    """ports.Connectors whose SMSC is always there."""

    def __init__(self, site: Current[Site]) -> None:
        self._site = site
        self._starts: Counter[str] = Counter()
        self._stops: Counter[str] = Counter()
        self._running: set[str] = set()

    async def settle(self, cids: Iterable[ConnectorId], *, anew: bool = False) -> None:
        for cid in cids:
            wanted = cid in self._site().connectors and self._site().started.get(cid, False)
            if cid in self._running and (anew or not wanted):
                self._running.discard(cid)
                self._stops[cid] += 1
            if anew:
                self._starts[cid] = self._stops[cid] = 0
            if wanted and cid not in self._running:
                self._running.add(cid)
                self._starts[cid] += 1

    def status(self, cid: ConnectorId) -> ConnectorStatus:
        runs = cid in self._running
        return ConnectorStatus(
            is_started=runs,
            session="BOUND_TRX" if runs else "NONE",
            starts=self._starts[cid],
            stops=self._stops[cid],
        )


def _at(time: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23 {time}")


CON1 = SmppClientStats(
    created_at=_at("13:50:14"),
    last_received_pdu_at=_at("13:50:26"),
    last_sent_pdu_at=_at("13:50:26"),
    last_sequence_number_at=_at("13:50:26"),
    last_sequence_number=1,
    connected_at=_at("13:50:26"),
    bound_at=_at("13:50:26"),
    disconnected_at=_at("13:50:25"),
    connected_count=3,
    bound_count=3,
    disconnected_count=2,
)
STARTED = _at("13:49:35")
FIXTURES = "/var/tmp/jcli-fixtures"


async def _unbound(_uid: UserId) -> None:
    """Nobody is bound."""


def _new_office() -> Office:
    current = Current(Site())
    sources = ScriptSources(ScriptPolicy(), monotonic=SystemClock().monotonic)
    return Office(
        admin=Administration(
            current,
            AdminPorts(
                store=MemorySite(),
                profiles=MemoryProfiles(),
                connectors=Bound(current),
                quotas=MemoryQuotas(),
            ),
        ),
        stats=FixedStats(
            connectors={"con1": CON1},
            api=HttpApiStats(created_at=STARTED),
            server=SmppServerStats(created_at=STARTED),
        ),
        read_file=sources.read_file,
        read_script=sources.read_script,
        unbind=_unbound,
        default_log_file=lambda cid: f"//var/log/jasmin/default-{cid}.log",
    )


@pytest.fixture
def fixtures(tmp_path: Path) -> str:
    """The files that the recorded sessions name."""
    (tmp_path / "ok.py").write_text("result = True\n")
    (tmp_path / "bad.py").write_text("def (:\n")
    (tmp_path / "mo.py").write_text("routable.addTag('x')\n")
    return str(tmp_path)


# covers: JCLI-01 JCLI-02 JCLI-03 JCLI-04 JCLI-05 JCLI-13 JCLI-14 JCLI-15 JCLI-16 JCLI-17 JCLI-21
async def test_every_recorded_session_is_answered_as_recorded(fixtures: str) -> None:
    """But for DIFFERENCES, of which each is made."""
    office = _new_office()
    known = commands(office)
    found: dict[tuple[str, int], str] = {}
    for number, (name, exchanges) in enumerate(SCENARIOS.items(), 2):
        opened = partial(MainDialogue, known)
        if name.startswith("login-"):
            played = Played(door(opened), number=number)
        else:
            played = await logged_in(opened)
        for index, exchange in enumerate(exchanges):
            sent = exchange.get("send_hex", "") if "event" not in exchange else ""
            typed = bytes.fromhex(sent).replace(FIXTURES.encode(), fixtures.encode())
            shown = as_text(await played.types(typed)) if typed else as_text(played.shown())
            if shown.replace(fixtures, FIXTURES) != exchange["recv"]:
                found[name, index] = shown.replace(LINE_END, "\n")
    assert found == DIFFERENCES
