"""Where copies of the site are kept: as Jasmin's store files, in the folders its settings name."""

from pathlib import Path
from typing import Final

from jasmin_compat.adapters.profiles import StoreFolders, StoreProfiles
from jasmin_compat.daemons.policies import connector_defaults
from jasmin_compat.ports import Clock
from jasmin_compat.settings.read import SettingsRead

DEFAULT_PROFILE: Final = "jcli-prod"
"""Jasmin loads it at each start."""


def open_profiles(read: SettingsRead, *, clock: Clock, folder: Path | None = None) -> StoreProfiles:
    """Those of a gateway with these settings; with `folder`, those of one that has all in there."""
    folders = StoreFolders(
        router=folder or Path(read.settings.router.store_path),
        connectors=folder or Path(read.settings.client_management.store_path),
        console=folder or Path(read.paths.store),
    )
    return StoreProfiles(
        folders,
        connector_defaults=connector_defaults(read.settings.smpp_client),
        log_folder=read.paths.log,
        release=read.settings.jasmin_compat.release,
        clock=clock,
    )
