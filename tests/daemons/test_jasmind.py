"""jasmind as a process: what every daemon does, and the parts that flags add and leave out."""

from pathlib import Path

from tests.contracts.daemon_contract import DaemonContract
from tests.daemons.processes import WITHIN_S, daemon
from tests.waiting import until


class TestProcess(DaemonContract):
    name = "jasmind"
    part = "HTTPApi"

    # covers: CONF-07
    async def test_flags_say_which_parts_run(self, tmp_path: Path, there: dict[str, str]) -> None:
        flags = (
            *("--disable-http-api", "--disable-jcli"),
            *("--enable-dlr-lookup", "--enable-dlr-thrower"),
        )
        with daemon(tmp_path, self.name, *flags, **there) as running:
            await until(running.is_ready, within_s=WITHIN_S)
            status, output = running.stop()
        assert status == 0
        assert "  HTTPApi Started." not in output
        assert "  jCli Started." not in output
        assert "  DLRLookup Started." in output
        assert "  DLRThrower Started." in output
