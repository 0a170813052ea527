"""What real daemons declare, beside what those of Jasmin were recorded to (design D5)."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from compat_tests.targets.gateway import Gateway
from compat_tests.targets.ours import Ours
from compat_tests.targets.site import Connector, Site, User
from tests import golden
from tests.services import RabbitMq, Redis, free_port
from tests.waiting import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]

RECORDED = golden.load("amqp_topology")["snapshots"]["after_second_connector_not_started"]
NOT_YET = {"deliver_sm_thrower"}
"""Of deliversmd, which is not built yet: nobody publishes there either."""
EXCHANGES = {"messaging", "billing"}
QUORUM = "[['x-queue-type', 'longstr', 'quorum']]"
"""RabbitMQ before 4.0 takes no -1 for the limit of deliveries."""
OUR_OWN = ("jasmin_compat.", "amq.")
Rows = list[dict[str, Any]]


def site(durability: str) -> Site:
    nowhere = {"host": "127.0.0.1", "port": str(free_port())}
    return Site(
        name=f"topology-{durability}",
        users=(User("u", "p"),),
        connectors=(Connector("con1", nowhere), Connector("con2", nowhere)),
        default_route="con1",
        cfg={"dlr": {"pid": "dlrlookupd-01"}, "amqp-broker": {"durability": durability}},
    )


@pytest.fixture
def declared(durability: str, rabbitmq: RabbitMq, redis_server: Redis) -> Iterator[dict[str, Rows]]:
    """Exchanges, queues and bindings when all daemons are at work."""
    vhost = f"topology-{durability}"
    rabbitmq.add_vhosts(vhost)
    gateway = Gateway(
        Ours(), site(durability), amqp=(rabbitmq.port, vhost), redis=redis_server.port
    )

    def listed(what: str, *columns: str) -> Rows:
        shown = rabbitmq.ctl(f"list_{what}", "-p", vhost, "--formatter", "json", *columns)
        rows: Rows = json.loads(shown)
        return rows

    def is_consumed() -> bool:
        names = {row["queue_name"] for row in listed("consumers", "queue_name")}
        return names >= {"DLRLookup-dlrlookupd-01", "dlr_thrower"}

    try:
        gateway.start()
        asyncio.run(until(is_consumed, within_s=30))
        yield {
            "exchanges": listed("exchanges", "name", "type", "durable", "auto_delete", "arguments"),
            "queues": listed(
                *("queues", "name", "durable", "auto_delete", "exclusive", "arguments")
            ),
            "bindings": listed(
                *("bindings", "source_name", "destination_name", "routing_key", "arguments")
            ),
        }
    finally:
        gateway.stop()


def theirs(rows: Rows, *columns: str) -> set[tuple[str, ...]]:
    """Those that have a namesake in Jasmin, as text."""
    return {tuple(json.dumps(row[column]) for column in columns) for row in rows if is_theirs(row)}


def is_theirs(row: dict[str, Any]) -> bool:
    """An exchange of Jasmin's, or a queue, or what binds one to the other."""
    if "source_name" in row and row["source_name"] not in EXCHANGES:
        return False
    name = row.get("destination_name") or row["name"]
    return bool(name) and not name.startswith(OUR_OWN) and name not in NOT_YET


# covers: AMQP-01 W-AMQP-06
@pytest.mark.parametrize("durability", ["durable", "quorum", "jasmin"])
def test_the_topology_is_jasmins_but_for_its_durability(
    declared: dict[str, Rows], durability: str
) -> None:
    for what, columns in (
        ("exchanges", ("name", "type", "auto_delete", "arguments")),
        ("queues", ("name", "auto_delete")),
        ("bindings", ("source_name", "destination_name", "routing_key", "arguments")),
    ):
        assert theirs(declared[what], *columns) == theirs(RECORDED[what], *columns)
    is_durable = durability != "jasmin"
    objects = [row for row in declared["exchanges"] if row["name"] in EXCHANGES]
    queues = [row for row in declared["queues"] if is_theirs(row)]
    assert {row["durable"] for row in (*objects, *queues)} == {is_durable}
    kinds = {str(row["arguments"]) for row in queues}
    assert kinds == {QUORUM if durability == "quorum" else "[]"}
