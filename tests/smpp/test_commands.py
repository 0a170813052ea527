"""The vocabulary is the specification's, and that of a library written apart from us."""

import pytest
from aiosmpplib.state import COMMAND_RESPONSE_MAP, SmppCommand

from jasmin_compat.smpp import commands


def test_every_command_of_an_independent_library_has_the_same_id() -> None:
    assert {int(command): command.name.lower() for command in SmppCommand} == commands.NAMES


def test_each_request_is_answered_by_its_response() -> None:
    for request, response in COMMAND_RESPONSE_MAP.items():
        assert commands.response_to(request) == response


@pytest.mark.parametrize("command_id", [commands.OUTBIND, commands.ALERT_NOTIFICATION, 0x111])
def test_what_has_no_response_is_answered_by_generic_nack(command_id: int) -> None:
    assert commands.response_to(command_id) == commands.GENERIC_NACK


def test_an_id_without_a_name_shows_its_number() -> None:
    assert commands.name_of(0x111) == "0x00000111"
    assert commands.name_of(commands.DELIVER_SM) == "deliver_sm"


def test_responses_have_the_high_bit() -> None:
    assert commands.is_response(commands.GENERIC_NACK)
    assert commands.is_response(0x80000112)
    assert not commands.is_response(commands.DATA_SM)
