"""The folders Jasmin takes from the environment (contract/config.md §2)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Folders; without a slash at their end."""

    config: str = "/etc/jasmin"
    resource: str = "/etc/jasmin/resource"
    store: str = "/etc/jasmin/store"
    log: str = "/var/log/jasmin"

    def fill_in(self, text: str) -> str:
        """Replace `{CONFIG_PATH}`, `{RESOURCE_PATH}`, `{STORE_PATH}` and `{LOG_PATH}`."""
        for name in ("config", "resource", "store", "log"):
            text = text.replace("{" + name.upper() + "_PATH}", getattr(self, name))
        return text


def paths_from(environment: Mapping[str, str]) -> Paths:
    """In Kubernetes the log folder is one per pod; any host name will do (W-CFG-17)."""
    root = environment.get("ROOT_PATH", "/").rstrip("/")
    config = environment.get("CONFIG_PATH", f"{root}/etc/jasmin").rstrip("/")
    log = environment.get("LOG_PATH", f"{root}/var/log/jasmin")
    if "KUBERNETES_SERVICE_HOST" in environment:
        log = f"{root}/var/log/jasmin/{environment.get('HOSTNAME', 'default-hostname')}"
    return Paths(
        config=config,
        resource=environment.get("RESOURCE_PATH", f"{config}/resource").rstrip("/"),
        store=environment.get("STORE_PATH", f"{config}/store").rstrip("/"),
        log=log.rstrip("/"),
    )
