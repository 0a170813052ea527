"""One process of a name, and no stale lock (contract/config.md §8)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jasmin_compat.runtime.lock import NotLocked, only_one

HOLD = """
import sys
from pathlib import Path
from jasmin_compat.runtime.lock import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def end(process: "subprocess.Popen[bytes]", how: signal.Signals | None = None) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    if how is not None:
        process.send_signal(how)
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


# covers: CONF-08
def test_a_second_process_stays_out_until_the_first_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "jasmind.lock"
    other = holder(path)
    with pytest.raises(NotLocked, match=f"held by process {other.pid}"), only_one(path, wait_s=0.1):
        pass
    end(other)
    assert not path.exists()
    with only_one(path, wait_s=0.1):
        assert path.read_text() == f"{os.getpid()}\n"
    assert not path.exists()


# covers: W-CFG-13
def test_after_sigkill_the_file_that_stays_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "jasmind.lock"
    end(holder(path), signal.SIGKILL)
    assert path.exists()
    with only_one(path, wait_s=0.0):
        assert path.read_text() == f"{os.getpid()}\n"


# covers: W-CFG-13
def test_a_file_a_jasmin_left_behind_blocks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "jasmind.lock"
    path.touch()
    with only_one(path, wait_s=0.0):
        pass


def test_a_waiting_process_gets_it_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "jasmind.lock"
    with only_one(path):
        waiting = subprocess.Popen(
            [sys.executable, "-c", HOLD.replace("1]))", "1]), wait_s=30)"), str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
    assert waiting.stdout is not None
    assert waiting.stdout.read() == b"held\n"
    assert waiting.wait(10) == 0
    waiting.stdout.close()


def test_a_link_is_not_followed_and_a_folder_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "link.lock").symlink_to(tmp_path / "victim")
    for name in ("link.lock", "none/x.lock"):
        with pytest.raises(NotLocked, match=name), only_one(tmp_path / name, wait_s=0.0):
            pass
    assert not (tmp_path / "victim").exists()
