"""Daemons as processes: started by their command lines, watched through their health port."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.daemons.frames import environment
from tests.services import free_port

ROOT = Path(__file__).parents[2]
WITHIN_S = 20


class Daemon:
    """One running command."""

    def __init__(self, process: "subprocess.Popen[str]", health_port: int) -> None:
        self.process = process
        self._health_port = health_port

    def ready(self) -> dict[str, Any] | None:
        """The page, or nothing while nobody answers."""
        try:
            url = f"http://127.0.0.1:{self._health_port}/ready"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return dict(json.load(error))
        except OSError:
            return None

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()
        page = self.ready()
        return page is not None and page["ready"]

    def stop(self) -> tuple[int, str]:
        """SIGTERM; exit status and what it printed."""
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=WITHIN_S)
        return self.process.returncode, output


@contextmanager
def daemon(folder: Path, *arguments: str, **variables: str) -> Iterator[Daemon]:
    """`python -m jasmin_compat …` with ports and folders of its own."""
    health_port = free_port()
    health = {f"HEALTH_{d}_PORT": str(health_port) for d in ("JASMIND", "DLRLOOKUPD", "DLRD")}
    process = subprocess.Popen(
        [sys.executable, "-m", "jasmin_compat", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment(folder, **health), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Daemon(process, health_port)
    finally:
        process.kill()
        process.communicate()
