"""Each policy gets its options, and the defaults of both are the same."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from jasmin_compat.adapters.amqp_policy import AmqpPolicy, Durability
from jasmin_compat.adapters.http_calls import CallsPolicy
from jasmin_compat.adapters.memory_queues import MemoryPolicy
from jasmin_compat.adapters.redis_connect import RedisPolicy
from jasmin_compat.adapters.script_workers import ScriptWorkersPolicy
from jasmin_compat.adapters.scripts import ScriptPolicy
from jasmin_compat.daemons import policies
from jasmin_compat.flows.consume import ConsumePolicy
from jasmin_compat.flows.fleet import FleetPolicy
from jasmin_compat.gateway.batches import BatchPolicy
from jasmin_compat.gateway.callback_addresses import AddressRules
from jasmin_compat.gateway.callbacks import CallbackPolicy
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.pace import PacePolicy
from jasmin_compat.gateway.submission import Retry, SubmitPolicy
from jasmin_compat.servers.http.connections import HttpPolicy
from jasmin_compat.servers.http.login_delay import LoginPolicy
from jasmin_compat.servers.http.send import SendPolicy
from jasmin_compat.servers.jcli.connection import ConsolePolicy
from jasmin_compat.servers.jcli.login import TriesPolicy
from jasmin_compat.servers.rest.batches import BatchLimits
from jasmin_compat.settings.options import ErrorRetrial
from jasmin_compat.settings.sections import (
    AmqpBroker,
    Callbacks,
    Health,
    HttpApi,
    RedisClient,
    Settings,
    SmListener,
)
from jasmin_compat.smpp import statuses
from jasmin_compat.smpp.split import LongContent

POLICIES: dict[Callable[[Settings], Any], tuple[Any, set[str]]] = {
    policies.amqp_policy: (AmqpPolicy(), set()),
    policies.submit_policy: (SubmitPolicy(), set()),
    policies.dlr_policy: (DlrPolicy(), set()),
    policies.callback_policy: (CallbackPolicy(), set()),
    policies.calls_policy: (CallsPolicy(), {"addresses"}),  # a rule of its own below
    policies.http_policy: (HttpPolicy(), set()),
    policies.login_policy: (LoginPolicy(), set()),
    policies.rest_http_policy: (HttpPolicy(), {"max_request_octets"}),  # batches are larger
    policies.batch_limits: (BatchLimits(), set()),
    policies.batch_policy: (BatchPolicy(), set()),
    policies.pace_policy: (PacePolicy(), set()),
    policies.send_policy: (SendPolicy(long_content=LongContent()), set()),
    policies.redis_policy: (RedisPolicy(), set()),
    policies.consume_policy: (ConsumePolicy(), {"drain_s"}),  # the daemon's, for all its parts
    policies.fleet_policy: (FleetPolicy(), set()),
    policies.console_policy: (ConsolePolicy(), set()),
    policies.tries_policy: (TriesPolicy(), set()),
    policies.script_policy: (ScriptPolicy(), set()),
    policies.script_workers_policy: (ScriptWorkersPolicy(), set()),
    policies.memory_policy: (MemoryPolicy(), set()),
}


@pytest.mark.parametrize("make", POLICIES, ids=lambda make: make.__name__)
def test_defaults_agree(make: Callable[[Settings], Any]) -> None:
    default, other = POLICIES[make]
    made = make(Settings())
    assert type(made) is type(default)
    for row in fields(default):
        if row.name not in other:
            assert getattr(made, row.name) == getattr(default, row.name), row.name


NOT_SETTINGS = {
    CallsPolicy: {"max_reply_octets"},  # Jasmin's word is ten octets
    RedisPolicy: {"max_batch", "reconnect_max_s", "probe_s"},
    AmqpPolicy: {"delays"},  # of the program: tools serve none
    FleetPolicy: {"after_crash"},  # of a mistake of ours
}


def test_every_bound_of_a_policy_is_a_setting() -> None:
    given = {
        node.func.id: {keyword.arg for keyword in node.keywords}
        for node in ast.walk(ast.parse(inspect.getsource(policies)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.keywords
    }
    for default, _ in POLICIES.values():
        kind = type(default)
        wanted = {row.name for row in fields(kind)} - NOT_SETTINGS.get(kind, set())
        assert wanted == given[kind.__name__], kind.__name__


def test_names_of_statuses_become_codes() -> None:
    listener = SmListener(submit_error_retrial=(ErrorRetrial("ESME_RX_T_APPN", 3, 7),))
    made = policies.submit_policy(replace(Settings(), sm_listener=listener))
    assert made.retries == {statuses.ESME_RX_T_APPN: Retry(3, 7)}


def deny(rules: AddressRules, host: str, port: int) -> bool:
    return rules.deny_call(host, port, is_own=lambda _: False)


# covers: W-HTTP-02
def test_callbacks_reach_neither_link_local_addresses_nor_our_own_ports() -> None:
    rules = policies.calls_policy(Settings()).addresses
    assert deny(rules, "169.254.169.254", 80)
    assert deny(rules, "127.0.0.1", 8990)
    assert deny(rules, "::1", 6379)
    assert not deny(rules, "127.0.0.1", 8080)
    assert not deny(rules, "192.0.2.1", 8990)


def test_own_ports_can_be_opened_and_a_port_that_is_off_is_none() -> None:
    opened = replace(Settings(), callbacks=Callbacks(deny_own_ports=False))
    assert not deny(policies.calls_policy(opened).addresses, "127.0.0.1", 8990)
    allowed = replace(Settings(), callbacks=Callbacks(allow=("127.0.0.1:8990",)))
    assert not deny(policies.calls_policy(allowed).addresses, "127.0.0.1", 8990)
    off = replace(Settings(), health=Health(jasmind_port=0, dlrd_port=0, dlrlookupd_port=0))
    assert 0 not in policies.own_ports(off)


@pytest.mark.parametrize(("word", "method"), [("udh", "udh"), ("sar", "sar"), ("SAR", "none")])
def test_any_other_word_splits_without_a_mark(word: str, method: str) -> None:
    made = policies.send_policy(replace(Settings(), http_api=HttpApi(long_content_split=word)))
    assert made.long_content.method == method


# covers: W-DLR-21
@pytest.mark.parametrize(
    ("client", "url"),
    [
        (RedisClient(), "redis://127.0.0.1:6379/0"),
        (RedisClient(password="p@w/d", dbid=3), "redis://:p%40w%2Fd@127.0.0.1:6379/3"),
        (RedisClient(dbid=3), "redis://127.0.0.1:6379/3"),
        (RedisClient(username="u", tls=True, port=1), "rediss://u@127.0.0.1:1/0"),
        (RedisClient(username="u", password="", host="::1"), "redis://u:@[::1]:6379/0"),
    ],
)
def test_the_options_of_redis_make_its_url(client: RedisClient, url: str) -> None:
    assert policies.redis_url(client) == url


def test_sentinels_have_host_and_port() -> None:
    client = RedisClient(sentinels=("s1:26379", "[::1]:26380"))
    made = policies.redis_policy(replace(Settings(), redis_client=client))
    assert made.sentinels == (("s1", 26379), ("::1", 26380))


@pytest.mark.parametrize("word", ["durable", "quorum", "jasmin"])
def test_every_durability_is_one_of_the_adapters(word: Any) -> None:
    made = policies.amqp_policy(
        replace(Settings(), amqp_broker=AmqpBroker(durability=word)), name="dlrd-gw"
    )
    assert made.durability is Durability(word)
    assert made.connection_name == "dlrd-gw"


def test_what_was_sent_is_known_for_as_long_as_a_message_is_retried() -> None:
    """Else the accepted part of a long message would be sent again with the rest."""
    patient = replace(
        Settings().sm_listener,
        submit_error_retrial=(ErrorRetrial(status="ESME_RTHROTTLED", count=241, delay_s=30),),
        submit_max_age_smppc_not_ready=1200,
    )
    settings = replace(Settings(), sm_listener=patient)
    assert policies.dlr_policy(Settings()).sent_ttl_s == 3600
    assert policies.dlr_policy(settings).sent_ttl_s == 2 * 3600 + 1200


def test_hosts_of_the_broker() -> None:
    hosts = ("a", "b:5673", "[::1]", "[fe80::1]:5674", "10.0.0.1")
    broker = AmqpBroker(port=5671, hosts=hosts)
    assert policies.amqp_policy(Settings(amqp_broker=broker)).addresses() == (
        ("a", 5671),
        ("b", 5673),
        ("::1", 5671),
        ("fe80::1", 5674),
        ("10.0.0.1", 5671),
    )
    alone = AmqpBroker(host="c", port=1)
    assert policies.amqp_policy(Settings(amqp_broker=alone)).addresses() == (("c", 1),)
