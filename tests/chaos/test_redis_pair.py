"""The Redis of the chaos test: a master that dies is replaced, and comes back as replica."""

from collections.abc import Iterator

import pytest

from tests.chaos.redis_pair import RestlessPair
from tests.services import MissingProgram

pytestmark = pytest.mark.process


@pytest.fixture
def pair() -> Iterator[RestlessPair]:
    try:
        pair = RestlessPair()
    except MissingProgram as reason:
        pytest.skip(f"{reason} is not installed")
    try:
        pair.start()
        yield pair
    finally:
        pair.close()


def test_a_failover_and_a_restart_lose_nothing(pair: RestlessPair) -> None:
    first = pair.named()
    with pair.client() as client:
        client.set("a", "1")
        assert client.wait(1, 1000) == 1
    pair.fail_over()
    second = pair.named()
    assert second is not first
    pair.bring_back(knows=True)
    with pair.client() as client:
        assert client.get("a") == "1"
        client.set("b", "2")
        assert client.wait(1, 1000) == 1
    pair.stop_both()
    pair.bring_back()
    with pair.client() as client:
        assert client.mget("a", "b") == ["1", "2"]
