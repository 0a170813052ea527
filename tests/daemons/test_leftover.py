"""`jasmin-compat leftover` against a real broker."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.command_line import main
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import submit_binding
from tests.adapters.test_amqp_topology import listed
from tests.daemons.broker_site import as_jasmin, settings_arguments, settle_all
from tests.services import RabbitMq

pytestmark = pytest.mark.amqp

VHOST = "leftover"
GONE = submit_binding("gone")


def message(number: int) -> QueueMessage:
    return QueueMessage(
        exchange="messaging",
        routing_key=GONE.queue,
        body=b"four",
        message_id=f"m{number}",
        headers={"created_at": f"2026-11-24 10:00:0{number}"},
    )


# covers: W-AMQP-15
def test_what_a_removed_connector_left_is_shown_and_deleted(
    rabbitmq: RabbitMq, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rabbitmq.add_vhosts(VHOST)
    settings = settings_arguments(tmp_path, rabbitmq.port, VHOST)
    assert main(["leftover", "gone", *settings]) == 0
    assert capsys.readouterr().out == "There is no queue submit.sm.gone\n"

    settle_all(rabbitmq, VHOST, GONE, [message(number) for number in range(3)], [])
    for _ in range(2):  # it stays
        assert main(["leftover", "gone", "--limit", "2", *settings]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "[msgid:m0] created 2026-11-24 10:00:00, 4 octets",
            "[msgid:m1] created 2026-11-24 10:00:01, 4 octets",
            "1 more",
            "submit.sm.gone: 3 messages",
        ]
    assert main(["leftover", "gone", "--drop", *settings]) == 0
    assert capsys.readouterr().out == "submit.sm.gone: deleted with 3 messages\n"
    assert GONE.queue not in listed(rabbitmq, VHOST, "queues")


def test_the_queue_of_a_connector_that_is_there_is_left_alone(
    rabbitmq: RabbitMq, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rabbitmq.add_vhosts("leftover-none")
    carrier = submit_binding("carrier")
    lasting = QueueMessage(exchange="messaging", routing_key=carrier.queue, body=b"x")
    as_jasmin(rabbitmq, "leftover-none", carrier, lasting)
    settings = settings_arguments(tmp_path, rabbitmq.port, "leftover-none")
    assert main(["leftover", "carrier", "--drop", *settings]) == 1
    assert "connector carrier is there" in capsys.readouterr().err
    queues = listed(rabbitmq, "leftover-none", "queues", "messages")
    assert queues[carrier.queue] == {"messages": 1}
