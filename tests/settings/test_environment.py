"""Options from environment variables (contract/config.md §1, §2)."""

import pytest

from jasmin_compat.settings.environment import (
    read_api_defaults,
    read_urls,
    read_variables,
    read_wire_log,
    variable_name,
)
from jasmin_compat.settings.read import TABLES


def test_names_are_jasmins() -> None:
    assert variable_name("amqp-broker", "host") == "AMQP_BROKER_HOST"
    assert (
        variable_name("smpp-server", "sessionInitTimerSecs") == "SMPP_SERVER_SESSIONINITTIMERSECS"
    )


def test_no_two_options_share_a_variable() -> None:
    names = [variable_name(s, key) for s, options in TABLES.items() for key in options]
    assert len(set(names)) == len(names)


def test_text_is_used_as_it_is() -> None:
    source = read_variables({"REDIS_CLIENT_PASSWORD": "None", "OTHER": "x"}, TABLES)
    assert [(e.section, e.key, e.raw, e.where) for e in source.entries] == [
        ("redis-client", "password", "None", "environment REDIS_CLIENT_PASSWORD")
    ]


@pytest.mark.parametrize(
    ("text", "raw", "warned"),
    [
        ("t", "yes", False),
        ("YES", "yes", False),
        ("1", "yes", False),
        ("no", "no", False),
        ("", "no", False),
        ("on", "no", True),
        ("enabled", "no", True),
    ],
)
def test_booleans_are_read_as_jasmin_reads_them(text: str, raw: str, warned: bool) -> None:
    source = read_variables({"SM_LISTENER_LOG_PRIVACY": text}, TABLES)
    assert [e.raw for e in source.entries] == [raw]
    assert bool(source.warnings) is warned


# covers: W-CFG-18
@pytest.mark.parametrize("name", ["JCLI_PORT", "REDIS_CLIENT_PORT", "ROUTER_PORT"])
def test_a_service_variable_of_kubernetes_is_no_setting(name: str) -> None:
    source = read_variables({name: "tcp://10.0.0.7:8990"}, TABLES)
    assert source.entries == ()
    assert "Kubernetes" in source.warnings[0].text


@pytest.mark.parametrize(
    ("name", "url", "values"),
    [
        (
            "CLOUDAMQP_URL",
            "amqps://fox:s3-c_ret@fox.rmq.cloudamqp.com/vh",
            {
                "host": "fox.rmq.cloudamqp.com",
                "username": "fox",
                "password": "s3-c_ret",
                "vhost": "vh",
                "tls": "yes",
                "port": "5671",
                "hosts": "",
                "username_file": None,
                "password_file": None,
            },
        ),
        (
            "CLOUDAMQP_URL",
            "amqp://rabbit",
            {"host": "rabbit", "hosts": "", "vhost": "/", "tls": "no"},
        ),
        (
            "CLOUDAMQP_URL",
            "amqp://u:p%40w@rabbit:5673",
            {
                "host": "rabbit",
                "port": "5673",
                "username": "u",
                "password": "p@w",
                "vhost": "/",
                "tls": "no",
                "hosts": "",
                "username_file": None,
                "password_file": None,
            },
        ),
        (
            "REDIS_URL",
            "redis://:abc1@ec2-1.example.com:17669",
            {
                "host": "ec2-1.example.com",
                "port": "17669",
                "password": "abc1",
                "password_file": None,
                "tls": "no",
            },
        ),
        (
            "REDIS_URL",
            "rediss://u:p@[::1]:6380/2",
            {
                "host": "::1",
                "port": "6380",
                "username": "u",
                "password": "p",
                "password_file": None,
                "tls": "yes",
                "dbid": "2",
            },
        ),
    ],
)
def test_urls_set_the_options_they_hold(name: str, url: str, values: dict[str, str | None]) -> None:
    assert {e.key: e.raw for e in read_urls({name: url}).entries} == values


@pytest.mark.parametrize("url", ["", "nonsense", "http://host/", "redis://", "redis://h:port"])
def test_a_url_that_is_none_is_a_mistake_and_is_not_shown(url: str) -> None:
    source = read_urls({"REDIS_URL": url})
    assert source.entries == ()
    (mistake,) = source.mistakes
    assert mistake.line == "environment REDIS_URL: is no URL with a host and a known scheme"


def test_api_bind_and_port_are_jasmins_second_names() -> None:
    source = read_api_defaults({"API_BIND": "127.0.0.1", "API_PORT": "1402"})
    assert [(e.section, e.key, e.raw) for e in source.entries] == [
        ("http-api", "bind", "127.0.0.1"),
        ("http-api", "port", "1402"),
    ]


@pytest.mark.parametrize(
    ("variables", "wire"),
    [({}, None), ({"JASMIN_TLV_WIRE_LOG": " "}, None), ({"JASMIN_TLV_WIRE_LOG": "0"}, "yes")],
)
def test_any_word_asks_for_the_wire_log(variables: dict[str, str], wire: str | None) -> None:
    entries = read_wire_log(variables).entries
    assert [entry.raw for entry in entries] == ([] if wire is None else [wire])
