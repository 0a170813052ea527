"""The real Jasmin 0.11.0, in an environment of its own under `.cache/`."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from compat_tests.targets import console
from compat_tests.targets.site import Site

REPO = Path(__file__).parent.parent.parent
REQUIREMENTS = Path(__file__).with_name("jasmin-0.11.0.txt")
AMQP_SPEC = "lib/python3*/site-packages/txamqp/specs/standard/amqp0-9-1.stripped.xml"


class NoPython311(Exception):
    """Jasmin 0.11.0 runs on Python 3.11 and none was found."""


def environment_folder() -> Path:
    """The virtual environment with Jasmin, made on first use; named after its requirements."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = REPO / ".cache" / f"jasmin-0.11.0-{digest}"
    if not (folder / ".complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([_python311(), "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "pip"), "--quiet", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True)
        (folder / ".complete").touch()
    return folder


def _python311() -> str:
    if sys.version_info[:2] == (3, 11):
        return sys.executable
    found = os.environ.get("PYTHON311") or shutil.which("python3.11")
    if found is None:
        raise NoPython311("install python3.11, or name it in PYTHON311")
    return found


class Jasmin:
    """Target `jasmin`."""

    name = "jasmin"

    def __init__(self, home: Path | None = None) -> None:
        """`home` is the virtual environment of another release."""
        self._home = home or environment_folder()

    def executable(self, daemon: str, folder: Path) -> Path:
        """A copy of its script whose lock file lies in `folder`: Jasmin's is fixed to /tmp."""
        script = (self._home / "bin" / f"{daemon}.py").read_text()
        copy = folder / f"{daemon}.py"
        copy.write_text(script.replace(f'"/tmp/{daemon}', f'"{folder}/{daemon}'))
        copy.chmod(0o755)
        return copy

    def environment(self, site: Site, folder: Path) -> Mapping[str, str]:
        """The AMQP specification: its package brings none, txAMQP does."""
        return {
            "AMQP_BROKER_SPEC": str(next(self._home.glob(AMQP_SPEC))),
            "PYTHONWARNINGS": "ignore",
            "PYTHONPATH": "",
        }

    def after_kill(self, folder: Path) -> None:
        """Its lock files outlive it, and then it does not start."""
        for stale in folder.glob("*.lock"):
            stale.unlink()

    def configure(self, site: Site, console_port: int) -> None:
        console.configure(site, console_port)
