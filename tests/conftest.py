"""Fixtures every test may ask for: private servers, started once per run."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from tests.faults import books
from tests.services import MissingProgram, RabbitMq, Redis, RedisPair

hypothesis.settings.register_profile("repo", deadline=None)  # on a busy machine 200 ms say nothing
hypothesis.settings.load_profile("repo")

REQUIRED = os.environ.get("JASMIN_COMPAT_REQUIRE_SERVICES") == "1"


def _missing(reason: MissingProgram) -> None:
    if REQUIRED:
        raise reason
    pytest.skip(f"{reason} is not installed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long ones first: with several workers none of them works alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("fault") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the faults made come twice, in one table."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.getreports(kind)]
    rows = [
        books.Row.of_property(value)
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == books.PROPERTY
    ]
    if rows:
        terminalreporter.section("what came twice, by cause (design D9)")
        terminalreporter.write_line(books.table(rows))


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMq]:
    """A running private RabbitMQ; a test that stops it starts it again."""
    try:
        server = RabbitMq()
    except MissingProgram as reason:
        _missing(reason)
        return
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A running private Redis; a test that stops it starts it again, and each flushes it."""
    try:
        server = Redis()
    except MissingProgram as reason:
        _missing(reason)
        return
    server.start()
    yield server
    server.close()


@pytest.fixture
def redis_pair() -> Iterator[RedisPair]:
    """A running Redis with a replica and a Sentinel, of one test."""
    try:
        pair = RedisPair()
    except MissingProgram as reason:
        _missing(reason)
        return
    try:
        pair.start()
        yield pair
    finally:
        pair.close()
