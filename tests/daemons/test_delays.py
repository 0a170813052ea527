"""`jasmin-compat delays` against a real broker."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.command_line import main
from jasmin_compat.gateway.messages import Delay
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import submit_binding
from tests.daemons.broker_site import depths, settings_arguments, settle_all
from tests.services import RabbitMq

pytestmark = pytest.mark.amqp


def test_what_waits_is_shown_and_put_back(
    rabbitmq: RabbitMq, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rabbitmq.add_vhosts("delays")
    message = QueueMessage(exchange="messaging", routing_key="submit.sm.carrier", body=b"x")
    settle_all(
        rabbitmq,
        "delays",
        submit_binding("carrier"),
        [message] * 3,
        [Delay(300), Delay(300), Delay(30)],
    )
    settings = settings_arguments(tmp_path, rabbitmq.port, "delays")

    assert main(["delays", *settings]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "jasmin_compat.delay.30: 1 messages",
        "jasmin_compat.delay.300: 2 messages",
    ]

    assert main(["delays", "--flush", *settings]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "submit.sm.carrier: 3 put back",
        "3 messages put back",
    ]
    assert depths(rabbitmq, "delays", "submit.sm.carrier") == {"submit.sm.carrier": 3}
