"""`jasmin-compat migrate-broker` against a real broker."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.command_line import main
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import lookup_binding, submit_binding
from tests.adapters.test_amqp_topology import listed
from tests.daemons.broker_site import as_jasmin, settings_arguments
from tests.services import RabbitMq

pytestmark = pytest.mark.amqp


# covers: W-AMQP-06
def test_jasmins_queues_become_durable_and_jasmins_again(
    rabbitmq: RabbitMq,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rabbitmq.add_vhosts("migrate")
    message = QueueMessage(exchange="messaging", routing_key="submit.sm.carrier", body=b"x")
    as_jasmin(rabbitmq, "migrate", submit_binding("carrier"), message)
    lookup = QueueMessage(exchange="messaging", routing_key="dlr.deliver_sm", body=b"DELIVRD")
    as_jasmin(rabbitmq, "migrate", lookup_binding("dlrlookupd-01"), lookup)
    settings = settings_arguments(tmp_path, rabbitmq.port, "migrate")

    before = listed(rabbitmq, "migrate", "queues", "durable", "messages")
    assert main(["migrate-broker", "--pid", "dlrlookupd-01", *settings]) == 0
    lines = capsys.readouterr().out.splitlines()
    anew = "to be made anew (durable is false, wanted true)"
    assert lines[0].startswith(f"exchange messaging: {anew}")
    changed = f"{anew}; 1 messages, 0 consumers"
    assert f"queue submit.sm.carrier: {changed}" in lines
    assert f"queue DLRLookup-dlrlookupd-01: {changed}" in lines
    assert "queue dlr_thrower: to be declared" in lines
    assert lines[-1].startswith("Nothing was changed. To make it as [amqp-broker] durability = dur")
    assert listed(rabbitmq, "migrate", "queues", "durable", "messages") == before

    apply = ["migrate-broker", "--apply", *settings]
    assert main(apply) == 1  # of the second lookup it does not know
    assert "exchange messaging: PRECONDITION_FAILED" in capsys.readouterr().err
    apply += ["--pid", "dlrlookupd-01"]
    assert main(apply) == 0
    assert capsys.readouterr().out.splitlines() == [
        "exchange messaging: made anew",
        "queue DLRLookup-dlrlookupd-01: made anew, 1 messages before, 1 after",
        "queue submit.sm.carrier: made anew, 1 messages before, 1 after",
        "The broker is as [amqp-broker] durability = durable",
    ]
    queues = listed(rabbitmq, "migrate", "queues", "durable", "messages")
    assert queues["submit.sm.carrier"] == {"durable": True, "messages": 1}
    assert queues["DLRLookup-dlrlookupd-01"] == {"durable": True, "messages": 1}
    assert main(["migrate-broker", "--pid", "dlrlookupd-01", *settings]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "What there is, is as [amqp-broker] durability = durable; nothing to do."
    )

    monkeypatch.setenv("AMQP_BROKER_DURABILITY", "jasmin")
    assert main(apply) == 0
    queues = listed(rabbitmq, "migrate", "queues", "durable", "messages")
    assert queues["submit.sm.carrier"] == {"durable": False, "messages": 1}
    assert queues["DLRLookup-dlrlookupd-01"] == {"durable": False, "messages": 1}
