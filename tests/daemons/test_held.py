"""`jasmin-compat held` against a real broker."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.command_line import main
from jasmin_compat.gateway.messages import MsgId
from jasmin_compat.wire import detours
from jasmin_compat.wire.amqp_names import HELD_DLRS
from jasmin_compat.wire.dlr_messages import write_callback
from tests import builders
from tests.daemons.broker_site import depths, settings_arguments, settle_all
from tests.services import RabbitMq

pytestmark = pytest.mark.amqp


# covers: W-DLR-16
def test_what_is_held_is_shown_and_put_back(
    rabbitmq: RabbitMq, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rabbitmq.add_vhosts("held")
    receipts = [
        detours.straight_to(
            HELD_DLRS.queue, write_callback(builders.smpp_dlr(msgid=MsgId(f"m{number}")))
        )
        for number in range(3)
    ]
    settle_all(rabbitmq, "held", HELD_DLRS, receipts, [])
    settings = settings_arguments(tmp_path, rabbitmq.port, "held")

    assert main(["held", "list", "--limit", "2", *settings]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "[msgid:m0] DELIVRD to esme1",
        "[msgid:m1] DELIVRD to esme1",
        "1 more",
        "3 receipts held",
    ]

    assert main(["held", "flush", *settings]) == 0
    assert capsys.readouterr().out.splitlines() == ["dlr_thrower: 3 put back"]
    assert depths(rabbitmq, "held", "dlr_thrower", HELD_DLRS.queue) == {
        "dlr_thrower": 3,
        HELD_DLRS.queue: 0,
    }


def test_without_any_it_says_so(
    rabbitmq: RabbitMq, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rabbitmq.add_vhosts("held-none")
    settings = settings_arguments(tmp_path, rabbitmq.port, "held-none")
    assert main(["held", "list", *settings]) == 0
    assert capsys.readouterr().out.splitlines() == ["0 receipts held"]
    assert main(["held", "flush", *settings]) == 0
    assert capsys.readouterr().out.splitlines() == ["dlr_thrower: 0 put back"]
