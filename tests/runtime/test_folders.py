"""A folder is synced, and nothing of it stays open."""

import os
from pathlib import Path

import pytest

from jasmin_compat.runtime.folders import sync_folder


def test_the_folder_itself_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.readlink(f"/proc/self/fd/{fd}")))
    open_before = len(os.listdir("/proc/self/fd"))
    sync_folder(tmp_path)
    assert synced == [str(tmp_path)]
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        sync_folder(tmp_path / "gone")
