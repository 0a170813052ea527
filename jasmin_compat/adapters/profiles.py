"""Profiles as Jasmin's store files, in the folders Jasmin has them in (routing.md §9).

In a thread: 100,000 users are some seconds of work. Jasmin writes over its files where they stand
and loses them when it dies meanwhile; here every file is on disk beside the old one before the
first takes its place.
"""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Final

from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import Clock, ProfileRead, SiteNotSaved, SiteUnreadable
from jasmin_compat.runtime.folders import sync_folder
from jasmin_compat.wire.store_files import (
    CONNECTORS,
    FILES,
    FILTERS,
    HTTP_CONNECTORS,
    header,
    is_profile_name,
    read_store,
    write_store,
)
from jasmin_compat.wire.store_names import STORES
from jasmin_compat.wire.store_values import BadStore

_NEW: Final = ".new"
_HEADER_OCTETS: Final = 1024
_MODE: Final = 0o600
"""Digests of passwords are in it, and the connectors' passwords as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFolders:
    """Where Jasmin keeps what; mostly the same folder."""

    router: Path
    """[router] store_path."""
    connectors: Path
    """[client-management] store_path."""
    console: Path
    """STORE_PATH of the environment, for filters and HTTP connectors, whatever the cfg says."""

    def path(self, profile: str, name: str) -> Path:
        """`name` is one of FILES."""
        folder = self.router
        if name == CONNECTORS:
            folder = self.connectors
        elif name in {FILTERS, HTTP_CONNECTORS}:
            folder = self.console
        return folder / f"{profile}.{name}"


class StoreProfiles:
    """ports.Profiles on Jasmin's files."""

    def __init__(
        self,
        folders: StoreFolders,
        *,
        connector_defaults: Mapping[str, object],
        log_folder: str,
        release: str,
        clock: Clock,
    ) -> None:
        """`connector_defaults` are for keys a store does not have. `log_folder` is where connectors
        log that name no file. `release` is said to Jasmin.
        """
        self._folders = folders
        self._connector_defaults = connector_defaults
        self._log_folder = log_folder.rstrip("/")
        self._release = release
        self._clock = clock
        self._turn = threading.Lock()
        """A call that was cancelled goes on in its thread."""

    async def read(self, profile: str) -> ProfileRead | None:
        if not is_profile_name(profile):
            raise SiteUnreadable(f"{profile} is no name of a profile")
        return await asyncio.to_thread(self._read, profile)

    async def write(self, profile: str, site: Site) -> None:
        if not is_profile_name(profile):
            raise SiteNotSaved(f"{profile} is no name of a profile")
        await asyncio.to_thread(self._write, profile, site)

    def _read(self, profile: str) -> ProfileRead | None:
        with self._turn:
            found = {name: _octets(self._folders.path(profile, name)) for name in FILES}
        files = {name: octets for name, octets in found.items() if octets is not None}
        if not files:
            return None
        try:
            site, lost = read_store(
                files,
                connector_defaults=self._connector_defaults,
                log_folder=self._log_folder,
            )
        except BadStore as reason:
            raise SiteUnreadable(f"{profile}.{reason}") from reason
        return ProfileRead(site=site, not_carried_over=lost)

    def _write(self, profile: str, site: Site) -> None:
        """Each file is whole at any time; a crash between two renames leaves old and new ones."""
        date = time.asctime(time.localtime(self._clock.unix()))
        head = header(date, self._release)
        pieces = write_store(site, header=head, log_folder=self._log_folder)
        paths = [self._folders.path(profile, name) for name in FILES]
        with self._turn:
            try:
                for name, of_file in groupby(pieces, key=itemgetter(0)):
                    path = self._folders.path(profile, name)
                    _write_beside(path, (piece for _, piece in of_file))
                _put_in_place(paths)
            finally:
                _remove_new(paths)


def _octets(path: Path) -> bytes | None:
    """None where there is no such file; of one that is too large as much as shows it."""
    try:
        with path.open("rb") as file:
            return file.read(STORES.max_octets + _HEADER_OCTETS)
    except FileNotFoundError:
        return None
    except OSError as reason:
        raise SiteUnreadable(f"{path}: {reason.strerror}") from reason


def _remove_new(paths: list[Path]) -> None:
    """Those that did not take their place."""
    for path in paths:
        with contextlib.suppress(OSError):
            os.unlink(f"{path}{_NEW}")


def _write_beside(path: Path, pieces: Iterable[bytes]) -> None:
    try:
        with _open_beside(path) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
    except OSError as reason:
        raise SiteNotSaved(f"{path}: {reason.strerror}") from reason


def _put_in_place(paths: list[Path]) -> None:
    try:
        for path in paths:
            os.replace(f"{path}{_NEW}", path)
        for folder in {path.parent for path in paths}:
            sync_folder(folder)
    except OSError as reason:
        raise SiteNotSaved(f"{reason.filename}: {reason.strerror}") from reason


@contextlib.contextmanager
def _open_beside(path: Path) -> Iterator[BinaryIO]:
    """A new file with the rights of the one it is to replace."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):  # of a process that died
        os.unlink(f"{path}{_NEW}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with open(os.open(f"{path}{_NEW}", flags, _MODE), "wb") as file:
        with contextlib.suppress(FileNotFoundError):
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
        yield file
