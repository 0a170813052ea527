"""A gateway somebody else runs, with the configuration of site `main`."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from compat_tests.targets import console
from compat_tests.targets.site import Site


@dataclass(frozen=True, slots=True)
class Place:
    """Where its parts are; None: the default."""

    http: str | None = None
    console: str | None = None
    amqp: str | None = None
    redis: str | None = None
    smsc_port: str | None = None
    logs: str | None = None


class External:
    """Target `external`."""

    name = "external"
    OPTIONS: ClassVar[dict[str, str]] = {
        "http": "host:port of its HTTP API (127.0.0.1:1401)",
        "console": "host:port of its console; left out: it is configured already",
        "amqp": "host:port/vhost of its broker (127.0.0.1:5672//)",
        "redis": "URL of its Redis (redis://127.0.0.1:6379/0)",
        "smsc-port": "port its connector `con1` connects to on this machine (2775)",
        "logs": "folder of its log files",
    }

    def __init__(self, place: Place) -> None:
        self.place = place
        self.redis_url = place.redis or "redis://127.0.0.1:6379/0"
        self.smsc_port = int(place.smsc_port or 2775)
        self.host, self.http_port = _address(place.http or "127.0.0.1:1401")
        self.amqp_url = f"amqp://guest:guest@{place.amqp or '127.0.0.1:5672//'}"
        self.amqp = urlsplit(self.amqp_url)

    def log(self, name: str) -> str:
        if self.place.logs is None:
            raise FileNotFoundError("where are its log files? --logs")
        return (Path(self.place.logs) / name).read_text(errors="replace")

    def configure(self, site: Site) -> None:
        if self.place.console is not None:
            host, port = _address(self.place.console)
            console.configure(site, port, host)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)
