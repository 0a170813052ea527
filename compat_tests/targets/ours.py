"""The gateway of this repository, started by its console scripts, configured as Jasmin is."""

import sys
from collections.abc import Mapping
from pathlib import Path

from compat_tests.targets import console
from compat_tests.targets.site import Site


class Ours:
    """Target `ours`."""

    name = "ours"

    def __init__(self, bin_dir: Path | None = None) -> None:
        self._bin = bin_dir or Path(sys.executable).parent

    def executable(self, daemon: str, folder: Path) -> Path:
        return self._bin / daemon

    def environment(self, site: Site, folder: Path) -> Mapping[str, str]:
        off = {f"HEALTH_{daemon.upper()}_PORT": "0" for daemon in ("jasmind", "dlrlookupd", "dlrd")}
        return {"JASMIN_COMPAT_LOCK_PATH": str(folder), **off}

    def after_kill(self, folder: Path) -> None:
        """Nothing to do: its locks end with it."""

    def configure(self, site: Site, console_port: int) -> None:
        console.configure(site, console_port)
