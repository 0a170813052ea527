"""dlrd as a process: what every daemon does."""

from tests.contracts.daemon_contract import DaemonContract


class TestProcess(DaemonContract):
    name = "dlrd"
    part = "DLRThrower"
