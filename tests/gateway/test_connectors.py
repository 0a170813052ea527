"""Connectors: Jasmin's keys, defaults and words."""

from dataclasses import fields, replace
from typing import Any

import pytest

from jasmin_compat.gateway.connectors import (
    KEYS,
    BadConnector,
    SmppConnector,
    check_typed,
    connector_from,
    takes_restart,
    updated,
)
from jasmin_compat.gateway.messages import ConnectorId
from tests.console_recordings import answers, told

CID = ConnectorId("smsc1")
JASMIN_SHOWS = [
    "cid",
    "host",
    "port",
    "username",
    "logrotate",
    "password",
    "systype",
    "logfile",
    "loglevel",
    "logprivacy",
    "bind_to",
    "elink_interval",
    "res_to",
    "con_loss_retry",
    "bind_npi",
    "con_loss_delay",
    "con_fail_delay",
    "pdu_red_to",
    "bind",
    "bind_ton",
    "src_ton",
    "src_npi",
    "dst_ton",
    "addr_range",
    "src_addr",
    "proto_id",
    "priority",
    "validity",
    "ripf",
    "def_msg_id",
    "coding",
    "requeue_delay",
    "submit_throughput",
    "dlr_expiry",
    "dlr_msgid",
    "con_fail_retry",
    "dst_npi",
    "trx_to",
    "ssl",
    "custom_tlvs",
]


def test_the_table_has_each_key_of_jasmin_in_its_order() -> None:
    assert [key.name for key in KEYS][: len(JASMIN_SHOWS)] == JASMIN_SHOWS


def test_the_table_has_each_field_once() -> None:
    assert sorted(key.field for key in KEYS) == sorted(f.name for f in fields(SmppConnector))


def test_a_connector_with_only_an_id_has_jasmins_defaults() -> None:
    made = connector_from({"cid": "smsc1"})
    assert made == SmppConnector(cid=CID)
    assert (made.host, made.port, made.username, made.password) == (
        "127.0.0.1",
        2775,
        "smppclient",
        "password",
    )
    assert (made.submit_throughput, made.bind_operation, made.response_timeout_s) == (
        1,
        "transceiver",
        120,
    )


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_each_default_may_be_given_explicitly(key: object) -> None:
    given = {k.name: getattr(SmppConnector(cid=CID), k.field) for k in KEYS if k is key}
    assert connector_from({"cid": "smsc1", **given}) == SmppConnector(cid=CID)


@pytest.mark.parametrize(
    ("name", "typed", "field", "value"),
    [
        ("port", "2776", "port", 2776),
        ("bind_to", "2.5", "bind_timeout_s", 2.5),
        ("con_loss_retry", "no", "reconnect_on_loss", False),
        ("con_fail_retry", False, "reconnect_on_failure", False),
        ("src_ton", "5", "source_addr_ton", 5),
        ("src_npi", "18", "source_addr_npi", 18),
        ("addr_range", "NONE", "address_range", ""),
        ("src_addr", "1234", "source_addr", "1234"),
        ("src_addr", "none", "source_addr", None),
        ("proto_id", "65", "protocol_id", 65),
        ("proto_id", "none", "protocol_id", None),
        ("bind", "receiver", "bind_operation", "receiver"),
        ("dlr_msgid", "2", "dlr_msgid", 2),
        ("dlr_expiry", 0.5, "dlr_expiry_s", 1),
        ("submit_throughput", "-1", "submit_throughput", -1),
        ("submit_throughput", "0.1", "submit_throughput", 0.1),
        ("password", "12345678", "password", "12345678"),
        ("validity", "60", "validity_period", "60"),
        ("coding", "14", "data_coding", 14),
        ("window", 1, "window", 1),
    ],
)
def test_a_value_is_read_as_the_console_reads_it(
    name: str, typed: object, field: str, value: object
) -> None:
    made = connector_from({"cid": "smsc1", name: typed})
    assert made == replace(SmppConnector(cid=CID), **{field: value})
    assert type(getattr(made, field)) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("cid", "ab", "SMPPConfig id syntax is invalid"),
        ("cid", "a b c", "SMPPConfig id syntax is invalid"),
        ("cid", "abc\n", "SMPPConfig id syntax is invalid"),
        ("cid", None, "SMPPConfig must have an id"),
        ("port", "x", "port must be an integer"),
        ("port", 1.5, "port must be an integer"),
        ("port", True, "port must be an integer"),
        ("port", "9" * 400, "port must be an integer"),
        ("port", 0, "port must be between 1 and 65535"),
        ("host", 1, "host must be a string"),
        ("username", "u" * 16, "username is longer than allowed size (15)"),
        ("password", "p" * 17, "password is longer than allowed size (16)"),
        ("password", "\u20ac", "password must be ASCII"),
        ("bind_to", "soon", "sessionInitTimerSecs must be an integer or float"),
        ("bind_to", "nan", "sessionInitTimerSecs must be an integer or float"),
        ("res_to", -1, "responseTimerSecs must not be negative"),
        ("requeue_delay", None, "requeue_delay must be an integer or float"),
        ("submit_throughput", "fast", "submit_sm_throughput must be an integer or float"),
        ("bind", "both", "Invalid bindOperation: both"),
        ("coding", 11, "Invalid data_coding: 11"),
        ("coding", False, "Invalid data_coding: False"),
        ("dlr_msgid", 3, "Invalid dlr_msg_id_bases: 3"),
        ("src_ton", 7, "Unknown value for key src_ton: 7"),
        ("dst_npi", 2, "Unknown value for key dst_npi: 2"),
        ("ripf", "maybe", "Unknown value for key ripf: maybe"),
        ("con_loss_retry", "maybe", "Unknown value for key con_loss_retry: maybe"),
        ("loglevel", 15, "Unknown value for key loglevel: 15"),
        ("proto_id", 256, "protocol_id must be between 0 and 255"),
        ("colour", "red", "Unknown SMPPClientConfig key: colour"),
        ("ssl_verify", "yes", "ssl_verify needs ssl yes"),
    ],
)
def test_a_mistake_is_told_in_jasmins_words(name: str, value: object, words: str) -> None:
    with pytest.raises(BadConnector) as caught:
        connector_from({"cid": "smsc1", name: value})
    assert caught.value.mistakes == (words,)


def test_all_mistakes_are_told_together() -> None:
    with pytest.raises(BadConnector) as caught:
        connector_from({"port": "x", "bind": "y", "colour": 1})
    assert caught.value.mistakes == (
        "Unknown SMPPClientConfig key: colour",
        "SMPPConfig must have an id",
        "port must be an integer",
        "Invalid bindOperation: y",
    )


def test_a_ca_means_that_the_peer_is_verified() -> None:
    assert connector_from({"cid": "abc", "ssl": "yes", "ssl_ca": "/ca.pem"}).ssl_verify
    with pytest.raises(BadConnector, match="ssl_ca is set but ssl_verify is no"):
        connector_from({"cid": "abc", "ssl": "yes", "ssl_ca": "/ca.pem", "ssl_verify": "no"})


def test_the_password_is_not_printed() -> None:
    assert "hush" not in repr(connector_from({"cid": "smsc1", "password": "hush"}))


@pytest.mark.parametrize(
    ("fields_", "restart"),
    [
        ({}, False),
        ({"host": "10.0.0.1"}, True),
        ({"submit_throughput": 9, "password": "other"}, True),
        ({"window": 1}, True),
        ({"submit_throughput": 9, "ssl": True, "log_level": 10}, False),
    ],
    ids=str,
)
def test_the_table_says_what_a_running_connector_is_started_again_for(
    fields_: dict[str, Any], restart: bool
) -> None:
    before = SmppConnector(cid=CID)
    assert takes_restart(before, replace(before, **fields_)) is restart


# covers: JCLI-17 JCLI-21
def test_the_console_is_answered_as_by_jasmin() -> None:
    """Enumerated keys are refused while they are typed, the others when they are saved."""
    typed: dict[str, object] = {}

    def take(line: str) -> str:
        key, _, value = line.partition(" ")
        if line == "ok":
            return f"Successfully added connector [{connector_from(typed).cid}]"
        check_typed(key, value)
        typed[key] = value
        return ""

    checked = 0
    for line, answer in answers("smppccm-add"):
        if line == "smppccm -a":
            typed.clear()
        if line.startswith("smppccm ") or "least connector id" in answer or line == "ko":
            continue
        if answer != "Failed adding connector, check log for details":  # see test_changes
            assert told(take, line) == answer, line
            checked += 1
    assert checked > 120


def test_jasmin_tells_the_mistake_it_finds_first() -> None:
    with pytest.raises(BadConnector) as caught:
        connector_from({"cid": "abc", "username": "u" * 16, "trx_to": "x", "host": 1})
    assert [m.split()[0] for m in caught.value.mistakes] == [
        "inactivityTimerSecs",
        "host",
        "username",
    ]


def test_a_connector_is_changed_in_some_keys() -> None:
    before = connector_from(
        {"cid": "abc", "ssl": "yes", "ssl_verify": "yes", "port": 1, "bind_to": 2}
    )
    after = updated(before, {"bind_to": "2.5", "src_addr": "none"})
    assert after == replace(before, bind_timeout_s=2.5)
    with pytest.raises(BadConnector, match="port must be an integer"):
        updated(before, {"port": "x"})


def test_rules_of_tlvs_are_kept_in_one_form() -> None:
    made = connector_from({"cid": "abc", "custom_tlvs": "12288,Int2,-"})
    assert made.custom_tlvs == "0x3000,Int2,-,optional"
    assert updated(made, {"custom_tlvs": "none"}).custom_tlvs == "none"
