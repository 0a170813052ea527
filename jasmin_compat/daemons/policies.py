"""Settings become the policies of the parts that obey them: one function for each part."""

import math
from dataclasses import replace
from ipaddress import ip_network
from typing import Literal
from urllib.parse import quote

from jasmin_compat.adapters.amqp_policy import AmqpPolicy, Durability
from jasmin_compat.adapters.http_calls import CallsPolicy
from jasmin_compat.adapters.memory_queues import MemoryPolicy
from jasmin_compat.adapters.redis_connect import RedisPolicy
from jasmin_compat.adapters.script_process import ProcessPolicy
from jasmin_compat.adapters.script_workers import ScriptWorkersPolicy
from jasmin_compat.adapters.scripts import ScriptPolicy
from jasmin_compat.flows.consume import ConsumePolicy
from jasmin_compat.flows.fleet import FleetPolicy
from jasmin_compat.gateway.batches import BatchPolicy
from jasmin_compat.gateway.callback_addresses import AddressRules, read_rules
from jasmin_compat.gateway.callbacks import CallbackPolicy
from jasmin_compat.gateway.dlr import DlrPolicy
from jasmin_compat.gateway.pace import PacePolicy
from jasmin_compat.gateway.submission import Retry, SubmitPolicy, longest_retry_s
from jasmin_compat.servers.http.connections import HttpPolicy
from jasmin_compat.servers.http.login_delay import LoginPolicy
from jasmin_compat.servers.http.send import SendPolicy
from jasmin_compat.servers.jcli.connection import ConsolePolicy
from jasmin_compat.servers.jcli.editor import LineLimits
from jasmin_compat.servers.jcli.login import TriesPolicy
from jasmin_compat.servers.rest.batches import BatchLimits
from jasmin_compat.settings.sections import RedisClient, Settings, SmppClient
from jasmin_compat.smpp.split import LongContent
from jasmin_compat.smpp.statuses import CODES

UNBIND_S = 5.0
"""After drain_s, for a connector to unbind."""


def amqp_policy(settings: Settings, *, name: str = "jasmin-compat") -> AmqpPolicy:
    """`name` is what the broker's tools show for the connection."""
    section = settings.amqp_broker
    return AmqpPolicy(
        host=section.host,
        port=section.port,
        hosts=tuple(_host_and_port(text, section.port) for text in section.hosts),
        username=section.username,
        password=section.password,
        username_file=section.username_file,
        password_file=section.password_file,
        vhost=section.vhost,
        tls=section.tls,
        tls_verify=section.tls_verify,
        tls_ca=section.tls_ca,
        tls_cert=section.tls_cert,
        tls_key=section.tls_key,
        heartbeat=section.heartbeat,
        connection_loss_retry=section.connection_loss_retry,
        connection_failure_retry=section.connection_failure_retry,
        connection_loss_retry_delay=section.connection_loss_retry_delay,
        connection_failure_retry_delay=section.connection_failure_retry_delay,
        connection_name=name,
        connect_timeout_s=section.connect_timeout_s,
        rpc_timeout_s=section.rpc_timeout_s,
        publish_timeout_s=section.publish_timeout_s,
        blocked_grace_s=section.blocked_grace_s,
        publish_window=section.publish_window,
        waiting_publishes=section.waiting_publishes,
        durability=Durability(section.durability),
        dead_max_messages=section.dead_max_messages,
        held_max_messages=settings.dlr_thrower.held_max_messages,
        delay_prefetch=section.delay_prefetch,
        redeclare_s=section.redeclare_s,
    )


def connector_defaults(client: SmppClient) -> dict[str, object]:
    """The keys of a connector that the settings have a default for."""
    return {
        "window": client.window,
        "max_pdu_octets": client.max_pdu_octets,
        "inbound_open": client.inbound_open,
    }


def submit_policy(settings: Settings) -> SubmitPolicy:
    """Names of statuses were looked at by further_checks."""
    section = settings.sm_listener
    return SubmitPolicy(
        retries={
            CODES[row.status]: Retry(row.count, row.delay_s) for row in section.submit_error_retrial
        },
        max_age_not_ready_s=section.submit_max_age_smppc_not_ready,
        not_ready_delay_s=section.submit_retrial_delay_smppc_not_ready,
        publish_submit_sm_resp=section.publish_submit_sm_resp,
        log_privacy=section.log_privacy,
        unanswered_attempts=section.unanswered_attempts,
        store_wait_s=section.store_wait_s,
        hold_s=section.hold_s,
        finished_kept=section.finished_kept,
    )


def dlr_policy(settings: Settings) -> DlrPolicy:
    section = settings.dlr
    return DlrPolicy(
        max_records=section.max_records,
        max_octets=section.max_octets,
        siblings_grace_s=section.siblings_grace_s,
        on_expiry=section.on_expiry,
        sent_ttl_s=max(section.sent_ttl_s, _longest_on_its_way_s(settings)),
        receipt_retry_delays_s=section.receipt_retry_delays_s,
        receipt_on_success=section.smpp_receipt_on_success_submit_sm_resp,
        log_privacy=section.log_privacy,
        max_untold=section.max_untold,
        sweep_s=section.sweep_s,
    )


def _longest_on_its_way_s(settings: Settings) -> int:
    """A long message of which a part was taken is retried so long, and must not be sent anew."""
    policy = submit_policy(settings)
    return math.ceil(longest_retry_s(policy.retries) + policy.max_age_not_ready_s)


def callback_policy(settings: Settings) -> CallbackPolicy:
    section = settings.dlr_thrower
    return CallbackPolicy(
        timeout_s=section.http_timeout,
        retry_delay_s=section.retry_delay,
        max_retries=section.max_retries,
        late_retry_delay_s=section.late_retry_delay_s,
        no_slot_delay_s=section.no_slot_delay_s,
        max_age_s=section.max_age_s,
    )


def calls_policy(settings: Settings) -> CallsPolicy:
    """Rules of addresses were looked at by further_checks."""
    section = settings.callbacks
    return CallsPolicy(
        connections=section.connections,
        connections_per_host=section.connections_per_host,
        slot_wait_s=section.slot_wait_s,
        keep_alive_s=section.keep_alive_s,
        max_redirects=section.max_redirects,
        addresses=AddressRules(
            deny=read_rules(section.deny),
            allow=read_rules(section.allow),
            own_ports=own_ports(settings) if section.deny_own_ports else frozenset(),
        ),
    )


def own_ports(settings: Settings) -> frozenset[int]:
    """Where this gateway is administered, watched, or keeps its messages."""
    ports = {
        settings.jcli.port,
        settings.router.port,
        settings.client_management.port,
        settings.smpp_server_pb.port,
        settings.interceptor.port,
        settings.amqp_broker.port,
        settings.redis_client.port,
        settings.health.jasmind_port,
        settings.health.dlrlookupd_port,
        settings.health.dlrd_port,
    }
    return frozenset(ports - {0})


def http_policy(settings: Settings) -> HttpPolicy:
    section = settings.http_api
    return HttpPolicy(
        max_request_octets=section.max_request_octets,
        max_headers=section.max_headers,
        max_header_octets=section.max_header_octets,
        max_connections=section.max_connections,
        max_requests=section.max_requests,
        request_timeout_s=section.request_timeout_s,
        keep_alive_s=section.keep_alive_s,
        backlog=section.backlog,
    )


def login_policy(settings: Settings) -> LoginPolicy:
    """Networks were looked at by further_checks."""
    section = settings.http_api
    return LoginPolicy(
        free=section.login_free_failures,
        longest_s=section.login_longest_delay_s,
        forgotten_after_s=section.login_forgotten_after_s,
        remembered=section.login_remembered,
        waiting=section.login_waiting,
        trusted_proxies=tuple(ip_network(text) for text in section.trusted_proxies),
    )


def rest_http_policy(settings: Settings) -> HttpPolicy:
    """The bounds of [http-api], but for the size of a request."""
    return replace(http_policy(settings), max_request_octets=settings.rest_api.max_request_octets)


def batch_limits(settings: Settings) -> BatchLimits:
    section = settings.rest_api
    return BatchLimits(
        max_messages=section.batch_max_messages,
        max_octets=section.batch_max_octets,
        published_at_once=section.batch_publishing,
    )


def batch_policy(settings: Settings) -> BatchPolicy:
    section = settings.rest_api
    return BatchPolicy(
        put_off_delay_s=section.batch_retry_delay_s,
        put_off_retries=section.batch_retries,
        report_timeout_s=section.callback_timeout_s,
        report_retry_delay_s=section.callback_retry_delay_s,
        report_retries=section.callback_retries,
        no_slot_delay_s=settings.dlr_thrower.no_slot_delay_s,
        finished_kept=section.batch_finished_kept,
    )


def pace_policy(settings: Settings) -> PacePolicy:
    section = settings.rest_api
    return PacePolicy(per_s=section.http_throughput_per_worker, smart=section.smart_qos)


def send_policy(settings: Settings) -> SendPolicy:
    section = settings.http_api
    return SendPolicy(
        long_content=LongContent(
            method=_split_method(section.long_content_split),
            max_parts=section.long_content_max_parts,
            receipts=section.long_content_receipts,
        ),
        log_privacy=section.log_privacy,
        body_timeout_s=section.request_timeout_s,
    )


def _split_method(word: str) -> Literal["udh", "sar", "none"]:
    """Jasmin takes any word (contract/config.md §3)."""
    match word:
        case "udh" | "sar":
            return word
        case _:
            return "none"


def redis_policy(settings: Settings) -> RedisPolicy:
    section = settings.redis_client
    return RedisPolicy(
        url=redis_url(section),
        password_file=section.password_file,
        sentinels=tuple(_host_and_port(text) for text in section.sentinels),
        sentinel_master=section.sentinel_master,
        sentinel_password=section.sentinel_password,
        sentinel_password_file=section.sentinel_password_file,
        sentinel_tls=section.sentinel_tls,
        wait_replicas=section.wait_replicas,
        tls_ca=section.tls_ca,
        tls_cert=section.tls_cert,
        tls_key=section.tls_key,
        tls_verify=section.tls_verify,
        timeout_s=section.timeout_s,
        max_waiting=section.max_waiting,
    )


def redis_url(section: RedisClient) -> str:
    """What the options say, as one URL; `url` itself was taken apart when it was read."""
    user = quote(section.username or "", safe="")
    password = "" if section.password is None else ":" + quote(section.password, safe="")
    host = f"[{section.host}]" if ":" in section.host else section.host
    login = f"{user}{password}@" if user or password else ""
    return f"redis{'s' if section.tls else ''}://{login}{host}:{section.port}/{section.dbid}"


def _host_and_port(text: str, usual_port: int = 0) -> tuple[str, int]:
    """Of `host:port`, or of `host` alone; an IPv6 address with a port stands in brackets."""
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = text, str(usual_port)
    return host.strip("[]"), int(port)


def consume_policy(settings: Settings) -> ConsumePolicy:
    return ConsumePolicy(
        crash_delay_s=settings.amqp_broker.crash_delay_s,
        crash_tries=settings.amqp_broker.crash_tries,
        store_delay_s=settings.amqp_broker.store_delay_s,
        store_delay_max_s=settings.amqp_broker.store_delay_max_s,
        broker_pause_s=settings.amqp_broker.refused_pause_s,
        drain_s=settings.shutdown.drain_s,
    )


def fleet_policy(settings: Settings) -> FleetPolicy:
    return FleetPolicy(stop_s=settings.shutdown.drain_s + UNBIND_S)


def console_policy(settings: Settings) -> ConsolePolicy:
    section = settings.jcli
    return ConsolePolicy(
        max_sessions=section.session_limit,
        idle_timeout_s=section.idle_timeout_s,
        write_timeout_s=section.write_timeout_s,
        leave_s=section.leave_s,
        limits=LineLimits(line_chars=section.line_chars, history_lines=section.history_lines),
    )


def tries_policy(settings: Settings) -> TriesPolicy:
    section = settings.jcli
    return TriesPolicy(
        free=section.login_free_tries,
        delay_s=section.login_delay_s,
        longest_delay_s=section.login_longest_delay_s,
        forgotten_after_s=section.login_forgotten_after_s,
        addresses=section.login_addresses,
    )


def script_policy(settings: Settings) -> ScriptPolicy:
    section = settings.jcli
    return ScriptPolicy(max_octets=section.script_max_octets, within_s=section.script_timeout_s)


def memory_policy(settings: Settings) -> MemoryPolicy:
    return MemoryPolicy(
        queue_max=settings.embedded.max_messages,
        dead_max=settings.amqp_broker.dead_max_messages,
    )


def script_workers_policy(settings: Settings) -> ScriptWorkersPolicy:
    section = settings.interceptor
    return ScriptWorkersPolicy(
        workers=section.workers,
        time_limit_s=section.time_limit_s,
        waiting=section.waiting,
        wait_s=section.wait_s,
        log_slow_script_s=section.log_slow_script,
        process=ProcessPolicy(memory_octets=section.memory_octets, environment=section.environment),
    )
