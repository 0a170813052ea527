"""Options, worlds and the report of the black-box suite."""

import json
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from compat_tests import quirks, sites
from compat_tests.targets.external import External, Place
from compat_tests.targets.gateway import Gateway, Target
from compat_tests.targets.jasmin import Jasmin, environment_folder
from compat_tests.targets.ours import Ours
from compat_tests.world import World, opened, opened_external
from tests.services import RabbitMq

pytest.register_assert_rewrite("compat_tests.replay")

QUIRKS = quirks.read()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("compat", "the gateway under test")
    group.addoption("--target", choices=["ours", "jasmin", "external", "mixed"], default="ours")
    group.addoption("--ours-bin", type=Path, help="folder of our console scripts")
    group.addoption(
        "--jasmin-side",
        action="store_true",
        help="use the environment of the real Jasmin for what its classes must say to our messages",
    )
    group.addoption("--outcomes", type=Path, help="write scenario → outcome here, as JSON")
    group.addoption("--outage-accounts", type=Path, help="folder for an account of each outage")
    for name, what in External.OPTIONS.items():
        group.addoption(f"--{name}", help=f"external: {what}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Sites of both gateways are a target of their own, with scenarios of its own."""
    is_mixed = config.getoption("--target") == "mixed"
    others = "scenarios" if is_mixed else "mixed"
    return True if collection_path == Path(__file__).parent / others else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--jasmin-side") and config.getoption("--target") != "jasmin":
        config.hook.pytest_deselected(items=[i for i in items if i.get_closest_marker("jasmin")])
        items[:] = [item for item in items if not item.get_closest_marker("jasmin")]
    items.sort(key=lambda item: item.get_closest_marker("outage") is None)  # the long one first
    for item in items:
        for number in quirk_numbers(item):
            if number not in QUIRKS:
                raise pytest.UsageError(f"{item.nodeid}: {number} is not in QUIRKS.md")


def quirk_numbers(item: pytest.Item) -> set[str]:
    return {number for mark in item.iter_markers("quirk") for number in mark.args}


class Outcomes:
    """Writes what became of each scenario, for the comparison of targets."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[str, dict[str, object]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            quirk = sorted(quirk_numbers(item))
            self._seen[item.nodeid] = {"outcome": "not run", "quirks": quirk, "why": ""}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        seen = self._seen[report.nodeid]
        if report.when == "call" or (report.outcome != "passed" and seen["outcome"] != "failed"):
            seen["outcome"] = report.outcome
        if report.outcome != "passed":
            seen["why"] = str(report.longrepr).strip().rpartition("\n")[2][:300]

    def pytest_sessionfinish(self) -> None:
        self._path.write_text(json.dumps(self._seen, indent=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed scenario shows the end of its gateway's logs."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        worlds = [value for value in item.funcargs.values() if isinstance(value, World)]
        for gateway in (w.gateway for w in worlds if isinstance(w.gateway, Gateway)):
            report.sections.append((f"logs of {gateway.site.name}", gateway.ends_of_logs()))
    return report


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--outcomes")
    if path is not None:
        config.pluginmanager.register(Outcomes(path))


@pytest.fixture(scope="session")
def target(pytestconfig: pytest.Config) -> Target | External:
    match pytestconfig.getoption("--target"):
        case "jasmin":
            return Jasmin()
        case "ours":
            return Ours(pytestconfig.getoption("--ours-bin"))
        case _:
            given = {k.replace("-", "_"): pytestconfig.getoption(k) for k in External.OPTIONS}
            return External(Place(**given))


@pytest.fixture(scope="session")
def broker() -> Iterator[RabbitMq]:
    """One private RabbitMQ; each site has a virtual host of its name."""
    server = RabbitMq()
    server.start()
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as definitions:
            json.dump(_virtual_hosts([*sites.SITES, "moving"]), definitions)
            definitions.flush()
            server.ctl("import_definitions", definitions.name)
        yield server
    finally:
        server.close()


def _virtual_hosts(names: list[str]) -> dict[str, object]:
    every = {"configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": name} for name in names],
        "permissions": [{"user": "guest", "vhost": name, **every} for name in names],
    }


async def _world(name: str, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    target = request.getfixturevalue("target")
    if isinstance(target, External):
        if name != "main":
            pytest.skip("an external gateway has the one configuration of site `main`")
        opening = opened_external(target)
    else:
        broker = request.getfixturevalue("broker")
        opening = opened(name, target, rabbitmq=broker, vhost=name)
    async with opening as world:
        yield world


@pytest_asyncio.fixture(scope="session")
async def main(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Site `main`: what most scenarios use."""
    async for world in _world("main", request):
        yield world


@pytest_asyncio.fixture(scope="session")
async def other(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Site `other`: keys with values that are not the defaults."""
    async for world in _world("other", request):
        yield world


@pytest_asyncio.fixture(scope="session")
async def limits(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Site `limits`: rates, timeouts, ages."""
    async for world in _world("limits", request):
        yield world


@pytest_asyncio.fixture(scope="session")
async def connectors(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Site `connectors`: many connectors, no route."""
    async for world in _world("connectors", request):
        yield world


@pytest_asyncio.fixture(scope="session")
async def routing(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Site `routing`: two bound connectors, no route."""
    async for world in _world("routing", request):
        yield world


@pytest_asyncio.fixture(scope="session")
async def scripts(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Site `scripts`: as `routing`, and scripts of interceptors are run."""
    async for world in _world("scripts", request):
        yield world


@pytest_asyncio.fixture(scope="session")
async def console(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Site `console`: empty, to be configured by scenarios."""
    async for world in _world("console", request):
        yield world


@pytest_asyncio.fixture(scope="session")
async def accounts(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Site `accounts`: connectors, to be given users and routes by scenarios."""
    async for world in _world("accounts", request):
        yield world


@pytest_asyncio.fixture(scope="module")
async def plugged(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Site `plugged`: a plug-in makes the message ids."""
    async for world in _world("plugged", request):
        yield world


@pytest_asyncio.fixture(scope="module")
async def spare(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Site `spare`: as `main`, to be stopped and killed; each scenario leaves it running."""
    async for world in _world("spare", request):
        yield world


@pytest_asyncio.fixture(scope="session", params=["listened", "listened_sar"])
async def listened(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Sites `listened` and `listened_sar`."""
    async for world in _world(request.param, request):
        yield world


@pytest.fixture(scope="session")
def jasmin_home(pytestconfig: pytest.Config, target: Target | External) -> Path | None:
    """The environment with the real Jasmin; None where it is not asked for."""
    wanted = pytestconfig.getoption("--jasmin-side") or isinstance(target, Jasmin)
    return environment_folder() if wanted else None


@pytest.fixture
def mended(request: pytest.FixtureRequest, target: Target | External) -> Callable[[str], bool]:
    """Ask whether the gateway under test mends a fault of Jasmin that the test is marked with."""
    marked = quirk_numbers(request.node)

    def is_mended(number: str) -> bool:
        assert number in marked, f"mark the test with quirk({number!r})"
        return quirks.is_mended(number, target.name)

    return is_mended


@pytest.fixture
def number(request: pytest.FixtureRequest) -> str:
    """A destination nobody else uses."""
    request.session.stash[_NUMBERS] = request.session.stash.get(_NUMBERS, 0) + 1
    return f"336{request.session.stash[_NUMBERS]:08}"


_NUMBERS = pytest.StashKey[int]()
