"""The gateway of this repository, started by its console scripts and configured by a site file."""

import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from compat_tests.targets.site import GROUP, Site


class Ours:
    """Target `ours`."""

    name = "ours"

    def __init__(self, bin_dir: Path | None = None) -> None:
        self._bin = bin_dir or Path(sys.executable).parent

    def executable(self, daemon: str, folder: Path) -> Path:
        return self._bin / daemon

    def environment(self, site: Site, folder: Path) -> Mapping[str, str]:
        path = folder / "site.yaml"
        path.write_text(yaml.safe_dump(as_yaml(site), sort_keys=False))
        off = {f"HEALTH_{daemon.upper()}_PORT": "0" for daemon in ("jasmind", "dlrlookupd", "dlrd")}
        return {"JASMIN_COMPAT_SITE": str(path), "JASMIN_COMPAT_LOCK_PATH": str(folder), **off}

    def after_kill(self, folder: Path) -> None:
        """Nothing to do: its locks end with it."""

    def configure(self, site: Site, console_port: int) -> None:
        """Nothing: the site file was read at start."""


def as_yaml(site: Site) -> dict[str, object]:
    """The site in the form of configs/site.example.yaml."""
    routes = []
    if site.default_route is not None:
        routes.append({"type": "default", "connector": site.default_route})
    return {
        "groups": [{"gid": GROUP}],
        "users": [
            {"uid": u.username, "gid": GROUP, "username": u.username, "password": u.password}
            for u in site.users
        ],
        "smpp_connectors": [{"cid": c.cid, **c.keys} for c in site.connectors],
        "mt_routes": routes,
    }
