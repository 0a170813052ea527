"""Have a folder's own entries on disk: after a file was made or renamed in it."""

import os
from pathlib import Path


def sync_folder(path: Path) -> None:
    """fsync; a rename may be lost with the power before. Raises: OSError."""
    folder = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
