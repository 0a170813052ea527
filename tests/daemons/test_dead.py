"""`jasmin-compat dead` against a real broker."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.command_line import main
from jasmin_compat.gateway.messages import Dead
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.amqp_names import DLR_THROWER, submit_binding
from tests.daemons.broker_site import depths, settings_arguments, settle_all
from tests.services import RabbitMq

pytestmark = pytest.mark.amqp

CARRIER = submit_binding("carrier")


@pytest.fixture(scope="module")
def vhost(rabbitmq: RabbitMq) -> str:
    rabbitmq.add_vhosts("dead")
    return "dead"


@pytest.fixture
def arguments(rabbitmq: RabbitMq, vhost: str, tmp_path: Path) -> list[str]:
    """Two dead letters of a connector, one of the thrower; those of the test before are gone."""
    settings = settings_arguments(tmp_path, rabbitmq.port, vhost)
    main(["dead", "drop", "--all", *settings])
    for binding, key, msgids in (
        (CARRIER, "submit.sm.carrier", ("m1", "m2")),
        (DLR_THROWER, "dlr_thrower.http", ("m3",)),
    ):
        messages = [
            QueueMessage(exchange="messaging", routing_key=key, body=b"12345", message_id=msgid)
            for msgid in msgids
        ]
        verdicts = [Dead(f"why {msgid}") for msgid in msgids]
        settle_all(rabbitmq, vhost, binding, messages, verdicts)
    return settings


def test_a_list_shows_every_letter_of_the_site(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    for _ in range(2):  # they stay
        assert main(["dead", "list", *arguments]) == 0
        thrower, first, second, total = capsys.readouterr().out.splitlines()
        assert thrower.startswith("dlr_thrower [msgid:m3] 20")
        assert thrower.endswith("Z (5 octets) why m3")
        assert first.startswith("submit.sm.carrier [msgid:m1]")
        assert second.endswith("why m2")
        assert total == "3 dead letters"


def test_a_list_says_how_many_it_does_not_show(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["dead", "list", "--queue", "submit.sm.carrier", "--limit", "1", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("]")[0] for line in lines] == [
        "submit.sm.carrier [msgid:m1",
        "submit.sm.carrier: 1 more",
        "2 dead letters",
    ]


def test_one_letter_is_put_back(
    arguments: list[str], capsys: pytest.CaptureFixture[str], rabbitmq: RabbitMq, vhost: str
) -> None:
    capsys.readouterr()
    assert main(["dead", "requeue", "--id", "m2", *arguments]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 dead letters put back"
    names = ("submit.sm.carrier", "submit.sm.carrier.dead", "dlr_thrower.dead")
    assert depths(rabbitmq, vhost, *names) == dict(zip(names, (1, 1, 1), strict=True))


def test_all_letters_of_a_queue_are_dropped(
    arguments: list[str], rabbitmq: RabbitMq, vhost: str
) -> None:
    assert main(["dead", "drop", "--all", "--queue", "submit.sm.carrier", *arguments]) == 0
    names = ("submit.sm.carrier.dead", "dlr_thrower.dead")
    assert depths(rabbitmq, vhost, *names) == dict(zip(names, (0, 1), strict=True))


@pytest.mark.parametrize("more", [[], ["--all", "--id", "m1"]], ids=["neither", "both"])
def test_which_letters_are_meant_has_to_be_said(
    more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dead", "drop", *more]) == 2
    assert capsys.readouterr().err == "jasmin-compat dead drop: say --id or --all\n"
