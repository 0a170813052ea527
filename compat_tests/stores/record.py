"""Records the store of a real Jasmin of any release, and what its console shows of it.

python -m compat_tests.stores.record FOLDER NAME

FOLDER is a virtual environment with that Jasmin; `typed_site.py` is typed into its console, and
NAME.json.gz written beside this file. What is recorded is never edited.
"""

import argparse
import base64
import gzip
import json
import shutil
from pathlib import Path

from compat_tests import typed_site
from compat_tests.targets.console import Console
from compat_tests.targets.gateway import Gateway
from compat_tests.targets.jasmin import Jasmin
from compat_tests.targets.site import Site
from tests.services import RabbitMq, Redis, wait_for_port

HERE = Path(__file__).parent
LEFT_OUT = {
    "0.10.12": (*typed_site.SINCE_0_12, *typed_site.SINCE_0_11),
    "0.11.0": typed_site.SINCE_0_12,
    "0.11.1": typed_site.SINCE_0_12,
    "0.12-dev": (),
}
NOTHING = Site(name="moving", users=(), connectors=(), default_route=None, daemons=("jasmind",))


class Installed(Jasmin):
    """A Jasmin in an environment somebody made; its console is left as it is."""

    def configure(self, site: Site, console_port: int) -> None:
        pass


def record(home: Path, without: tuple[str, ...]) -> dict[str, object]:
    """Run it, type everything, take what it kept."""
    broker, redis = RabbitMq(), Redis("--appendonly", "no")
    broker.start()
    redis.start()
    gateway = Gateway(Installed(home), NOTHING, amqp=(broker.port, "/"), redis=redis.port)
    try:
        gateway.start()
        wait_for_port(gateway.console_port)
        console = Console(gateway.console_port)
        typed_site.type_in(console, gateway.folder, without=without)
        shown = typed_site.shown(console)
        console.close()
        files = sorted((gateway.folder / "store").iterdir())
        return {
            "log_folder": str(gateway.folder / "log"),
            "files": {f.name: base64.b64encode(f.read_bytes()).decode() for f in files},
            "shown": shown,
        }
    finally:
        gateway.stop()
        shutil.rmtree(gateway.folder)
        redis.close()
        broker.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m compat_tests.stores.record")
    parser.add_argument("folder", type=Path)
    parser.add_argument("name", choices=LEFT_OUT)
    chosen = parser.parse_args()
    recorded = record(chosen.folder.absolute(), LEFT_OUT[chosen.name])
    octets = json.dumps(recorded, indent=1, sort_keys=True).encode()
    (HERE / f"{chosen.name}.json.gz").write_bytes(gzip.compress(octets, mtime=0))


if __name__ == "__main__":
    main()
