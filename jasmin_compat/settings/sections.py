"""Every option there is: one table per section, with Jasmin's names and defaults, then ours.

Sources: contract/config.md §3-6; Jasmin's `*/configs.py`. A default that differs from Jasmin's is
noted at its row and in QUIRKS.md. Texts in braces (`{LOG_PATH}`) are filled in when read.
"""

import logging
import re
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from jasmin_compat.settings.options import (
    ErrorRetrial,
    at_least,
    between,
    each,
    jasmin,
    like,
    ours,
)

LogLevel = Literal["CRITICAL", "FATAL", "ERROR", "WARN", "WARNING", "INFO", "DEBUG", "NOTSET"]

_PORT = between(0, 65535)
_MD5 = like(r"[0-9A-Fa-f]{32}", "the 32 hexadecimal digits of an MD5 digest")
_ROTATE = like(r"(?i)[SMHD]|W[0-6]|MIDNIGHT", "one of S M H D W0-W6 midnight")
_BIND = "Address to listen on."
_AUTHENTICATION = "Ask for the name and password below."
_ADMIN_PASSWORD = "MD5 digest of the password, in hexadecimal."  # noqa: S105 RUF100
_BILLING = "Charge users."
_PRIVACY = "Write the length of a message to the log instead of its content."
_PICKLES = "Pickle protocol of queue messages and of Jasmin's store files."


def _broker_host(text: str) -> str | None:
    """`host`, `host:port`, `[v6]` or `[v6]:port`."""
    found = re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+)(?::([0-9]{1,5}))?", text)
    if found is None or not 1 <= int(found[1] or 1) <= 65535:
        return "must be host or host:port each"
    return None


def _line_format(text: str) -> str | None:
    try:
        logging.Formatter(text).format(logging.makeLogRecord({}))
    except (ValueError, KeyError, TypeError):
        return "must be a format of Python's logging, such as %(asctime)s %(message)s"
    return None


def _log_file(name: str) -> str:
    return jasmin(
        "{LOG_PATH}/" + name, "File of the log; `stdout` in its name means standard output."
    )


def _rotate(when: str) -> str:
    return jasmin(
        when,
        "When a new file is begun: S second, M minute, H hour, D day, W0-W6 weekday from Monday, "
        "midnight.",
        check=_ROTATE,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """The log of a section: each has its own file, or shares one of the same name."""

    LOGGER: ClassVar[str]
    log_level: LogLevel = jasmin("INFO", "Lines of this level and above are logged.")
    log_file: str = _log_file("x.log")
    log_rotate: str = _rotate("W6")
    log_format: str = jasmin(
        "%(asctime)s %(levelname)-8s %(process)d %(message)s",
        "Format of a line, in the terms of Python's logging.",
        check=_line_format,
    )
    log_date_format: str = jasmin("%Y-%m-%d %H:%M:%S", "Format of the time in a line, as strftime.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppServer(Logged):
    """The SMPP server that ESMEs bind to (not built yet)."""

    LOGGER = "smpp.server.{id}"
    id: str = jasmin("smpps_01", "Name of the server in logs.")
    bind: str = jasmin("0.0.0.0", _BIND)
    port: int = jasmin(2775, "TCP port.", check=_PORT)
    billing_feature: bool = jasmin(True, _BILLING)
    sessionInitTimerSecs: int = jasmin(30, "Seconds to wait for an unbind_resp.", check=at_least(0))
    enquireLinkTimerSecs: int = jasmin(
        30, "Idle seconds before an enquire_link is sent; 0 sends none.", check=at_least(0)
    )
    inactivityTimerSecs: int = jasmin(
        300, "Seconds without any PDU before a session is ended; 0: never.", check=at_least(0)
    )
    responseTimerSecs: int = jasmin(60, "Seconds to wait for a response PDU.", check=at_least(1))
    pduReadTimerSecs: int = jasmin(
        10, "Seconds a PDU may take from its first octet to its last.", check=at_least(1)
    )
    dlr_expiry: int = jasmin(
        86400, "Seconds an ESME's receipt request is kept in the store.", check=at_least(1)
    )
    log_privacy: bool = jasmin(False, _PRIVACY)
    log_file: str = _log_file("default-{id}.log")
    log_rotate: str = _rotate("midnight")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppServerPb(Logged):
    """Perspective Broker, by which dlrd and deliversmd reach the SMPP server (not built yet)."""

    LOGGER = "jasmin-smpps-pb"
    bind: str = jasmin("0.0.0.0", _BIND)
    port: int = jasmin(14000, "TCP port.", check=_PORT)
    authentication: bool = jasmin(True, _AUTHENTICATION)
    admin_username: str = jasmin("smppsadmin", "Name to log in with.")
    admin_password: str = jasmin(
        "e97ab122faa16beea8682d84f3d2eea4", _ADMIN_PASSWORD, check=_MD5, secret=True
    )
    log_file: str = _log_file("smpp-server-pb.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppServerPbClient:
    """How dlrd and deliversmd reach [smpp-server-pb] (not built yet)."""

    host: str = jasmin("127.0.0.1", "Host of jasmind.")
    port: int = jasmin(14000, "Its port.", check=_PORT)
    username: str = jasmin("smppsadmin", "Name to log in with.")
    password: str = jasmin("smppspwd", "Password, in clear.", secret=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientManagement(Logged):
    """SMPP client connectors; their Perspective Broker is not built yet."""

    LOGGER = "jasmin-pb-client-mgmt"
    store_path: str = jasmin("{STORE_PATH}", "Folder of the connectors of persisted profiles.")
    bind: str = jasmin("0.0.0.0", _BIND)
    port: int = jasmin(8989, "TCP port.", check=_PORT)
    authentication: bool = jasmin(True, _AUTHENTICATION)
    admin_username: str = jasmin("cmadmin", "Name to log in with.")
    admin_password: str = jasmin(
        "e1c5136acafb7016bc965597c992eb82", _ADMIN_PASSWORD, check=_MD5, secret=True
    )
    pickle_protocol: int = jasmin(2, _PICKLES, check=between(2, 5))
    log_file: str = _log_file("smppclient-manager.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSmppclient(Logged):
    """The log of starting and stopping connectors."""

    LOGGER = "jasmin-service-smpp"
    log_file: str = _log_file("service-smppclient.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmListener(Logged):
    """Messages between the queues and the SMSCs."""

    LOGGER = "jasmin-sm-listener"
    publish_submit_sm_resp: bool = jasmin(
        False, "Publish each submit_sm_resp as submit.sm.resp.<cid>, for loggers and billers."
    )
    submit_error_retrial: tuple[ErrorRetrial, ...] = jasmin(
        (
            ErrorRetrial("ESME_RSYSERR", 2, 30),
            ErrorRetrial("ESME_RTHROTTLED", 20, 30),
            ErrorRetrial("ESME_RMSGQFUL", 2, 180),
            ErrorRetrial("ESME_RINVSCHED", 2, 300),
        ),
        "SMSC refusals that are tried again: attempts in all, and seconds between them.",
    )
    submit_max_age_smppc_not_ready: int = jasmin(
        1200, "Age in seconds at which a message ends while its connector is not bound."
    )
    submit_retrial_delay_smppc_not_ready: int = jasmin(
        30,
        "Seconds between looks at the queue of a connector that is not bound.",
        check=at_least(0),
    )
    dlr_lookup_retry_delay: int = jasmin(10, "Not used, as in Jasmin; see [dlr].")
    dlr_lookup_max_retries: int = jasmin(2, "Not used, as in Jasmin; see [dlr].")
    log_privacy: bool = jasmin(False, _PRIVACY)
    unanswered_attempts: int = ours(
        10,
        "Attempts in all for a message the SMSC never answers; then it is kept in "
        "submit.sm.<cid>.dead. Jasmin goes on for ever.",
        check=at_least(1),
    )
    store_wait_s: float = ours(
        5.0,
        "Seconds a message with a delivery report waits for a store that is away, before it "
        "makes room for others.",
        check=at_least(0),
    )
    hold_s: float = ours(
        60.0,
        "A connector holds no more messages than its submit_throughput sends in so many seconds.",
        check=at_least(1),
    )
    finished_kept: int = ours(
        10_000,
        "Ended messages each connector remembers, lest a redelivery of one be told twice.",
        check=at_least(1),
    )
    log_file: str = _log_file("messages.log")
    log_rotate: str = _rotate("midnight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dlr(Logged):
    """Delivery receipts: which message one belongs to, and how much is remembered."""

    LOGGER = "dlr"
    pid: str = jasmin("main", "End of the queue name DLRLookup-<pid>.")
    dlr_lookup_retry_delay: int = jasmin(
        10,
        "Seconds before a receipt without a known message is looked up again. Used only if it or "
        "the next is set; else receipt_retry_delays_s.",
        check=at_least(0),
    )
    dlr_lookup_max_retries: int = jasmin(2, "Looks in all, first one included.", check=at_least(1))
    smpp_receipt_on_success_submit_sm_resp: bool = jasmin(
        False, "Send an ESME a receipt (ACCEPTD) as soon as the SMSC has taken its message."
    )
    log_privacy: bool = jasmin(False, _PRIVACY)
    receipt_retry_delays_s: tuple[float, ...] = ours(
        (2.0, 10.0, 30.0),
        "Seconds before each new look for the message of a receipt: it may overtake the "
        "submit_sm_resp. Then it is counted and dropped.",
        check=each(at_least(0)),
    )
    prefetch: int = ours(
        100, "Queue messages the lookup works on at a time.", check=between(1, 65535)
    )
    siblings_grace_s: float = ours(
        60.0,
        "Seconds the records of a long message live on after the final receipt of its last "
        "segment, for receipts out of order; 0: gone at once.",
        check=at_least(0),
    )
    store_away: Literal["refuse", "wait"] = ours(
        "refuse",
        "What becomes of a message that asks for reports while Redis is away: refuse (Jasmin's "
        "error text, at once), or wait: it is accepted, the request travels with it, and it is "
        "sent once Redis has that. A connector of a Jasmin sends it at once and its reports are "
        "lost: not for mixed sites.",
    )
    max_records: int = ours(
        1_000_000,
        "Messages awaiting receipts; beyond it those nearest to expiry are forgotten.",
        check=at_least(1),
    )
    max_octets: int = ours(
        1_073_741_824,
        "Octets of keys, fields and values of those records; beyond it likewise.",
        check=at_least(1024),
    )
    on_expiry: Literal["silent", "callback"] = ours(
        "silent",
        "When a request ends without its receipt: silent (as Jasmin), or callback: the client is "
        "told EXPIRED (by time) or UNKNOWN (pushed out by the limits above).",
    )
    max_untold: int = ours(
        10_000,
        "Ended requests that wait for their client to be told (on_expiry callback); beyond it the "
        "oldest go untold.",
        check=at_least(1),
    )
    sweep_s: float = ours(
        5.0, "Seconds between looks for expired requests (on_expiry callback).", check=at_least(0.1)
    )
    sent_ttl_s: int = ours(
        3600,
        "Seconds it is remembered which segments were sent, so that a message redelivered by the "
        "broker is not sent twice. Longer where submit_error_retrial takes longer.",
        check=at_least(60),
    )
    log_file: str = _log_file("messages.log")
    log_rotate: str = _rotate("midnight")


@dataclass(frozen=True, slots=True, kw_only=True)
class AmqpBroker(Logged):
    """RabbitMQ. Environment CLOUDAMQP_URL overrides host, port, user, password, vhost, tls."""

    LOGGER = "jasmin-amqp-factory"
    host: str = jasmin("127.0.0.1", "Host.")
    port: int = jasmin(5672, "Port; 5671 is usual with tls.", check=between(1, 65535))
    hosts: tuple[str, ...] = ours(
        (),
        "Nodes of a cluster, tried in turn: host or host:port each, `port` where none is given. "
        "With any, `host` is not used.",
        check=each(_broker_host),
    )
    username: str = jasmin("guest", "User.")
    username_file: str | None = ours(
        None, "File that holds the user's name instead, such as a Kubernetes secret."
    )
    password: str = jasmin("guest", "Password.", secret=True)
    password_file: str | None = ours(
        None,
        "File that holds the password instead. Both files are read at each connection, so a "
        "password that was replaced counts from the next one on.",
    )
    vhost: str = jasmin("/", "Virtual host.")
    spec: str = jasmin("{RESOURCE_PATH}/amqp0-9-1.xml", "Jasmin's protocol file; not read here.")
    heartbeat: int = jasmin(
        60,
        "Seconds; a peer silent for two of them is dead. 0: none. Jasmin's default is 0, which "
        "never notices a broker that vanished.",
        check=between(0, 65535),
    )
    connection_loss_retry: bool = jasmin(True, "Connect again after the connection was lost.")
    connection_failure_retry: bool = jasmin(True, "Try again while connecting fails.")
    connection_loss_retry_delay: int = jasmin(
        10, "Most seconds between attempts after a loss.", check=at_least(1)
    )
    connection_failure_retry_delay: int = jasmin(
        10, "Most seconds between attempts that failed.", check=at_least(1)
    )
    durability: Literal["durable", "quorum", "jasmin"] = ours(
        "durable",
        "durable: queues and messages survive a broker restart. quorum: as durable, replicated. "
        "jasmin: transient as Jasmin's, for a broker shared with Jasmin's daemons; a broker "
        "restart then loses what is queued.",
    )
    connect_timeout_s: float = ours(
        10.0, "Seconds for one attempt to connect.", check=at_least(0.1)
    )
    publish_timeout_s: float = ours(
        5.0,
        "Seconds to wait for the broker's confirm, outages included, before a message is refused.",
        check=at_least(0.1),
    )
    blocked_grace_s: float = ours(
        0.25,
        "Seconds to wait for confirms that are under way when the broker, short of memory or disk, "
        "takes no more messages; what is not confirmed by then is refused.",
        check=at_least(0),
    )
    publish_window: int = ours(
        200, "Messages published and not yet confirmed, at most.", check=at_least(1)
    )
    waiting_publishes: int = ours(
        2000,
        "Messages that may wait for a place in that window; further ones are refused at once.",
        check=at_least(0),
    )
    rpc_timeout_s: float = ours(
        10.0,
        "Seconds for each other answer of the broker: declaring, consuming, cancelling.",
        check=at_least(0.1),
    )
    redeclare_s: float = ours(
        60.0,
        "Seconds between declarations of queues that are published to and consumed elsewhere.",
        check=at_least(1),
    )
    delay_prefetch: int = ours(
        50,
        "Messages of each delay queue (jasmin_compat.delay.<s>) held until they are due.",
        check=between(1, 65535),
    )
    crash_tries: int = ours(
        3,
        "Attempts in all at a message that breaks what handles it; then it goes to <queue>.dead.",
        check=at_least(1),
    )
    crash_delay_s: float = ours(10.0, "Seconds between those attempts.", check=at_least(0))
    store_delay_s: float = ours(
        5.0,
        "Seconds before a message is tried again that needed the store while it was away; twice as "
        "long each time, up to the next.",
        check=at_least(0),
    )
    store_delay_max_s: float = ours(
        60.0, "Longest such wait; what waits may be so late when Redis is back.", check=at_least(0)
    )
    refused_pause_s: float = ours(
        1.0,
        "Seconds a message is held whose successor the broker did not take, before it goes back.",
        check=at_least(0.1),
    )
    dead_max_messages: int = ours(
        10_000,
        "Length of each <queue>.dead; beyond it the oldest goes, counted.",
        check=at_least(1),
    )
    tls: bool = ours(False, "Connect by TLS.")
    tls_ca: str | None = ours(None, "File of the CA that signed the broker's certificate.")
    tls_cert: str | None = ours(None, "File of our own certificate.")
    tls_key: str | None = ours(None, "File of its key.")
    tls_verify: bool = ours(True, "Refuse a broker whose certificate does not verify.")
    log_file: str = _log_file("amqp-client.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi(Logged):
    """The HTTP API: /send, /rate, /balance, /ping, /metrics."""

    LOGGER = "jasmin-http-api"
    bind: str = jasmin("0.0.0.0", "Address to listen on; environment API_BIND too.")
    port: int = jasmin(1401, "TCP port; environment API_PORT too.", check=_PORT)
    billing_feature: bool = jasmin(True, _BILLING)
    long_content_max_parts: int = jasmin(
        5, "Parts a long message may have; the rest is cut off.", check=at_least(1)
    )
    long_content_split: str = jasmin(
        "udh", "How long messages are marked: udh or sar; anything else: not at all."
    )
    access_log: str = jasmin(
        "{LOG_PATH}/http-accesslog.log", "One line per request; passwords in it are masked."
    )
    log_privacy: bool = jasmin(False, _PRIVACY)
    long_content_receipts: Literal["last", "all"] = ours(
        "last",
        "Which parts of a long message ask the SMSC for a receipt, where the message does: last "
        "(as Jasmin) or all.",
    )
    max_request_octets: int = ours(
        1_048_576, "Size of a request body; a larger one is answered 413.", check=at_least(1024)
    )
    max_headers: int = ours(500, "Header fields of a request.", check=at_least(10))
    max_header_octets: int = ours(
        16_384, "Length of the request line, and of a header line.", check=at_least(1024)
    )
    max_connections: int = ours(
        2000, "Connections open at a time; further ones are answered 503.", check=at_least(1)
    )
    backlog: int = ours(
        1024, "Connections that may wait to be taken, as listen(2) has it.", check=at_least(1)
    )
    max_requests: int = ours(
        1000, "Requests worked on at a time; further ones are answered 503.", check=at_least(1)
    )
    request_timeout_s: float = ours(
        60.0,
        "Seconds a client has for sending its request, and for taking its answer.",
        check=at_least(0.1),
    )
    keep_alive_s: float = ours(60.0, "Seconds an idle connection is kept open.", check=at_least(0))
    tls_cert: str | None = ours(
        None,
        "PEM file of a certificate and its chain: HTTPS, TLS 1.2 at least. SIGHUP reads it again.",
    )
    tls_key: str | None = ours(None, "PEM file of its key.")
    login_free_failures: int = ours(
        10,
        "Wrong passwords of one address and user name that are answered at once; the answer to "
        "each further one waits 0.1 s longer. A right one never waits.",
        check=at_least(0),
    )
    login_longest_delay_s: float = ours(
        1.0, "Bound of these waits; 0: none waits.", check=between(0, 1)
    )
    login_forgotten_after_s: float = ours(
        300.0, "Seconds without a failure after which they are forgotten.", check=at_least(0)
    )
    login_remembered: int = ours(
        10_000, "Pairs of address and user name that are remembered.", check=at_least(1)
    )
    login_waiting: int = ours(
        100, "Answers that wait so at a time; further ones come at once.", check=at_least(0)
    )
    trusted_proxies: tuple[str, ...] = ours(
        (), "Networks of proxies, which stand for many clients: no answer to them waits."
    )
    log_file: str = _log_file("http-api.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestApi(Logged):
    """The REST API, in the process of the HTTP API, whose other limits count for it too. Jasmin's
    rest-api.cfg (or the file REST_API_CONFIG names) is read for this section, before jasmin.cfg."""

    LOGGER = "jasmin-restapi"
    http_api_host: str = jasmin("127.0.0.1", "Not used: the HTTP API is in the same process.")
    http_api_port: int = jasmin(1401, "Not used, likewise.", check=_PORT)
    show_jasmin_version: bool = jasmin(
        True, "Answers have a header Powered-By that names the release."
    )
    auth_cache_seconds: int = jasmin(10, "Not used, as in Jasmin.")
    auth_cache_max_keys: int = jasmin(500, "Not used, as in Jasmin.")
    http_throughput_per_worker: int = jasmin(
        8, "Messages of batches a second that each worker sends; 0: no limit.", check=at_least(0)
    )
    smart_qos: bool = jasmin(
        True, "A worker slows down while messages take longer, to a tenth of that at most."
    )
    bind: str = ours("0.0.0.0", _BIND)
    port: int = ours(
        0,
        "TCP port; 0: no REST API, and batches that are queued wait. Jasmin's is 1402 by its "
        "systemd unit, 8080 in its container.",
        check=_PORT,
    )
    max_request_octets: int = ours(
        4_194_304, "Size of a request body; a larger one is answered 413.", check=at_least(1024)
    )
    tls_cert: str | None = ours(
        None,
        "PEM file of a certificate and its chain: HTTPS, TLS 1.2 at least. SIGHUP reads it again.",
    )
    tls_key: str | None = ours(None, "PEM file of its key.")
    batch_max_messages: int = ours(
        20_000, "Messages of one batch; a larger one is answered 413.", check=at_least(1)
    )
    batch_max_octets: int = ours(
        67_108_864,
        "Octets of all its messages, each with what it has of the globals; beyond: 413.",
        check=at_least(1024),
    )
    batch_publishing: int = ours(
        50, "Messages of one batch that wait for the broker's confirm at a time.", check=at_least(1)
    )
    batch_workers: int = ours(
        10,
        "Messages of batches sent at a time. Jasmin's systemd unit runs 3 to 10 Celery workers.",
        check=between(1, 1000),
    )
    batch_retry_delay_s: float = ours(
        30.0,
        "Seconds before a message of a batch is tried again that met a gateway without its broker, "
        "store or interceptor.",
        check=at_least(1),
    )
    batch_retries: int = ours(
        20, "Such attempts after the first; then errback_url is called.", check=at_least(0)
    )
    batch_finished_kept: int = ours(
        10_000,
        "Messages of batches remembered that were sent, lest one the broker delivers again be "
        "sent twice.",
        check=at_least(1),
    )
    callback_timeout_s: float = ours(
        30.0, "Seconds a call of callback_url or errback_url may take.", check=at_least(0.1)
    )
    callback_retry_delay_s: float = ours(
        30.0,
        "Seconds before it is made again, if nobody answered or the answer was 5xx.",
        check=at_least(1),
    )
    callback_retries: int = ours(
        3,
        "Calls after the first; then it is kept in jasmin_compat.batch.reports.dead.",
        check=at_least(0),
    )
    callback_prefetch: int = ours(50, "Such calls worked on at a time.", check=between(1, 65535))
    log_file: str = _log_file("rest-api.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Router(Logged):
    """Routing, users and groups; their Perspective Broker is not built yet."""

    LOGGER = "jasmin-router"
    store_path: str = jasmin(
        "{STORE_PATH}",
        "Folder of the working state, and of users, groups and routes of persisted profiles.",
    )
    persistence_timer_secs: int = jasmin(
        60, "Not used: what is charged is saved before it is answered.", check=at_least(0)
    )
    bills_prefetch: int = ours(
        100,
        "Late bills (charged when the SMSC has taken a message) worked on at a time.",
        check=between(1, 5000),
    )
    bind: str = jasmin("0.0.0.0", _BIND)
    port: int = jasmin(8988, "TCP port.", check=_PORT)
    authentication: bool = jasmin(True, _AUTHENTICATION)
    admin_username: str = jasmin("radmin", "Name to log in with.")
    admin_password: str = jasmin(
        "82a606ca5a0deea2b5777756788af5c8", _ADMIN_PASSWORD, check=_MD5, secret=True
    )
    pickle_protocol: int = jasmin(2, _PICKLES, check=between(2, 5))
    log_file: str = _log_file("router.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliversmThrower(Logged):
    """Calls to a customer's application with its MO messages (not built yet)."""

    LOGGER = "jasmin-deliversm-thrower"
    http_timeout: int = jasmin(30, "Seconds a call may take.", check=at_least(1))
    retry_delay: int = jasmin(30, "Seconds before a failed call is made again.", check=at_least(0))
    max_retries: int = jasmin(3, "Calls after the first.", check=at_least(0))
    log_file: str = _log_file("deliversm-thrower.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class DlrThrower(Logged):
    """Calls to a customer's application with its delivery reports."""

    LOGGER = "jasmin-dlr-thrower"
    http_timeout: int = jasmin(30, "Seconds a call may take.", check=at_least(1))
    retry_delay: int = jasmin(30, "Seconds before a failed call is made again.", check=at_least(0))
    max_retries: int = jasmin(3, "Calls after the first, this far apart.", check=at_least(0))
    dlr_pdu: str = jasmin(
        "deliver_sm", "PDU of a receipt to an ESME: deliver_sm; anything else: data_sm."
    )
    late_retry_delay_s: float = ours(
        300.0,
        "Seconds between further calls after those, if nobody answered or the answer was 5xx.",
        check=at_least(1),
    )
    no_slot_delay_s: float = ours(
        10.0,
        "Seconds before a call is tried that found as many open as [callbacks] allows. For a "
        "receiver that hangs, as long as it has hung already, late_retry_delay_s at most.",
        check=at_least(1),
    )
    max_age_s: float = ours(
        86_400.0,
        "Age in seconds at which a report is given up and kept in dlr_thrower.dead.",
        check=at_least(0),
    )
    held_max_messages: int = ours(
        1_000_000,
        "Receipts for SMPP senders held in jasmin_compat.held.dlr_smpps, about 1 KB each, while no "
        "SMPP server delivers them; beyond, they wait in the delay queues.",
        check=at_least(1),
    )
    prefetch: int = ours(
        50,
        "Reports the thrower works on at a time; how many of them are called at once, "
        "[callbacks] bounds.",
        check=between(1, 65535),
    )
    log_file: str = _log_file("dlr-thrower.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisClient(Logged):
    """Redis. Environment REDIS_URL overrides host, port, username, password, dbid, tls."""

    LOGGER = "jasmin-redis-client"
    host: str = jasmin("127.0.0.1", "Host.")
    port: int = jasmin(6379, "Port.", check=between(1, 65535))
    dbid: int = jasmin(
        0,
        "Database. Jasmin minds it only with a password; here it always counts.",
        check=at_least(0),
    )
    password: str | None = jasmin(None, "Password, if Redis wants one.", secret=True)
    poolsize: int = jasmin(
        10, "Not used: one connection carries everything, pipelined.", check=at_least(1)
    )
    password_file: str | None = ours(
        None,
        "File that holds the password instead, such as a Kubernetes secret; read at each "
        "connection, so a password that was replaced counts from the next one on.",
    )
    username: str | None = ours(None, "User of an ACL.")
    url: str | None = ours(
        None,
        "redis://user:password@host:port/db, rediss:// for TLS; overrides the keys above.",
        secret=True,
    )
    timeout_s: float = ours(
        2.0, "Seconds one command, or one connection attempt, may take.", check=at_least(0.05)
    )
    sentinels: tuple[str, ...] = ours(
        (),
        "host:port of each Sentinel; host and port above are not used then.",
        check=each(like(r"\S+:\d{1,5}", "host:port")),
    )
    sentinel_master: str = ours("mymaster", "Name of the master the Sentinels watch.")
    sentinel_password: str | None = ours(None, "Password of the Sentinels.", secret=True)
    sentinel_password_file: str | None = ours(
        None, "File that holds it instead; read at each question."
    )
    sentinel_tls: bool = ours(False, "Reach the Sentinels by TLS, with the files below.")
    max_waiting: int = ours(
        10_000,
        "Commands that may wait to be sent; further ones fail at once.",
        check=at_least(1),
    )
    wait_replicas: int = ours(
        0,
        "Replicas that must have a DLR record before its message is accepted or settled (WAIT).",
        check=at_least(0),
    )
    tls: bool = ours(False, "Connect by TLS.")
    tls_ca: str | None = ours(None, "File of the CA that signed the server's certificate.")
    tls_cert: str | None = ours(None, "File of our own certificate.")
    tls_key: str | None = ours(None, "File of its key.")
    tls_verify: bool = ours(True, "Refuse a server whose certificate does not verify.")
    log_file: str = _log_file("redis-client.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Jcli(Logged):
    """The telnet console."""

    LOGGER = "jcli"
    bind: str = jasmin("127.0.0.1", _BIND)
    port: int = jasmin(8990, "TCP port.", check=_PORT)
    authentication: bool = jasmin(True, _AUTHENTICATION)
    admin_username: str = jasmin("jcliadmin", "Name to log in with.")
    admin_password: str = jasmin(
        "79e9b0aa3f3e7c53e916f7ac47439bcb", _ADMIN_PASSWORD, check=_MD5, secret=True
    )
    session_limit: int = ours(
        0,
        "Sessions at a time; further ones are told so, and closed; 0: no limit.",
        check=at_least(0),
    )
    idle_timeout_s: float = ours(
        0, "A session that sends nothing for so long is closed; 0: never.", check=at_least(0)
    )
    write_timeout_s: float = ours(
        30.0,
        "Seconds a client has for taking an answer; then it is cut off.",
        check=at_least(0.1),
    )
    leave_s: float = ours(
        5.0,
        "Seconds a command at work has to end when the console stops.",
        check=at_least(0),
    )
    line_chars: int = ours(
        8192,
        "Characters of a line; what is typed beyond is not taken.",
        check=between(80, 1_048_576),
    )
    history_lines: int = ours(
        200, "Lines a session can recall; the oldest goes.", check=between(1, 100_000)
    )
    login_free_tries: int = ours(
        3, "Wrong passwords of one address that are answered at once.", check=at_least(0)
    )
    login_delay_s: float = ours(
        1.0,
        "Seconds before the answer to the one after; they double with each further one.",
        check=at_least(0),
    )
    login_longest_delay_s: float = ours(5.0, "Bound of these delays.", check=at_least(0))
    login_forgotten_after_s: float = ours(
        900.0,
        "Seconds without a try after which an address begins anew.",
        check=at_least(0),
    )
    login_addresses: int = ours(
        1000, "Addresses whose tries are remembered; the oldest goes.", check=at_least(1)
    )
    script_max_octets: int = ours(
        1_048_576,
        "Length of a script or filter that a path or URL names; a longer one is refused.",
        check=at_least(1),
    )
    script_timeout_s: float = ours(
        10.0, "Seconds for reading it; a server that is slower is given up.", check=at_least(0.1)
    )
    log_file: str = _log_file("jcli.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class InterceptorClient:
    """How Jasmin's jasmind reaches interceptord; ours runs scripts itself."""

    host: str = jasmin("127.0.0.1", "Host of interceptord.")
    port: int = jasmin(8987, "Its port.", check=_PORT)
    username: str = jasmin("iadmin", "Name to log in with.")
    password: str = jasmin("ipwd", "Password, in clear.", secret=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interceptor(Logged):
    """Scripts of interceptors and filters, run in processes of their own. The keys of the network
    (bind, port, login) are of Jasmin's interceptord; nothing listens here."""

    LOGGER = "jasmin-interceptor-pb"
    bind: str = jasmin("0.0.0.0", _BIND)
    port: int = jasmin(8987, "TCP port.", check=_PORT)
    authentication: bool = jasmin(True, _AUTHENTICATION)
    admin_username: str = jasmin("iadmin", "Name to log in with.")
    admin_password: str = jasmin(
        "dd8b84cdb60655fed3b9b2d668c5bd9e", _ADMIN_PASSWORD, check=_MD5, secret=True
    )
    log_slow_script: int = jasmin(
        1, "Seconds a script may run before it is named in the log; -1: never.", check=at_least(-1)
    )
    workers: int = ours(
        2, "Processes that run scripts, each one script at a time.", check=between(1, 64)
    )
    time_limit_s: float = ours(
        10.0,
        "Seconds a script may run; then its process is killed, and its message refused.",
        check=at_least(0.05),
    )
    memory_octets: int = ours(
        536_870_912, "Address space of such a process; 0: no limit.", check=at_least(0)
    )
    environment: tuple[str, ...] = ours(
        (),
        "Names of environment variables that scripts see, beside PATH, HOME, TZ, PYTHONPATH and "
        "the language.",
    )
    waiting: int = ours(
        1000, "Messages that may wait for a process; further ones are refused.", check=at_least(1)
    )
    wait_s: float = ours(
        30.0, "Seconds a message waits for a process; then it is refused.", check=at_least(0.05)
    )
    log_file: str = _log_file("interceptor.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppClient:
    """What connectors to SMSCs have where their own keys (site file) do not say otherwise."""

    window: int = ours(
        10,
        "submit_sm PDUs on the wire without an answer; 1 keeps strict order.",
        check=between(1, 10_000),
    )
    max_pdu_octets: int = ours(
        131_072, "Length of a PDU; a longer one ends the session.", check=between(1024, 2**31)
    )
    inbound_open: int = ours(
        100,
        "deliver_sm and data_sm worked on at a time; the stream is not read beyond.",
        check=between(1, 10_000),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """What calls to customers' URLs may reach (delivery reports, MO messages)."""

    deny: tuple[str, ...] = ours(
        ("169.254.0.0/16", "fe80::/10"),
        "Networks, or address:port, that no callback reaches, checked at connect and at each "
        "redirect.",
    )
    deny_own_ports: bool = ours(
        True, "Our own console, broker, store and health ports are out of reach as well."
    )
    allow: tuple[str, ...] = ours(
        (), "Networks, or address:port, that callbacks reach although they are denied above."
    )
    connections: int = ours(
        100, "Calls open at a time in one process, each on its connection.", check=at_least(1)
    )
    connections_per_host: int = ours(
        20, "Of these to one host and port, so that one that hangs leaves room.", check=at_least(1)
    )
    slot_wait_s: float = ours(
        1.0,
        "Seconds a call waits for one of these; then it is put off, and that is no attempt. For a "
        "receiver that hangs, that is has answered nobody for as long, it does not wait.",
        check=at_least(0),
    )
    max_redirects: int = ours(20, "Redirects followed in one call.", check=at_least(0))
    keep_alive_s: float = ours(
        30.0, "Seconds an idle connection is kept for the next call.", check=at_least(0)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Limits of the in-memory broker and store (`serve --embedded`, and the demo)."""

    max_messages: int = ours(
        100_000, "Messages in one queue; beyond it a message is refused.", check=at_least(1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Liveness, readiness and our metrics: /live, /ready, /metrics. A port of 0 is off."""

    bind: str = ours("127.0.0.1", _BIND)
    jasmind_port: int = ours(8981, "Of jasmind, and of `jasmin-compat serve`.", check=_PORT)
    dlrlookupd_port: int = ours(8982, "Of dlrlookupd.", check=_PORT)
    dlrd_port: int = ours(8983, "Of dlrd.", check=_PORT)
    depth_every_s: float = ours(
        15.0,
        "Seconds between two questions to the broker for the depth of one queue; with many queues "
        "it takes longer.",
        check=at_least(1),
    )
    max_lag_s: float = ours(
        1.0,
        "Not ready while the event loop comes later than this many seconds.",
        check=at_least(0.01),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Logging:
    """All log files together."""

    log_keep: int = ours(14, "Rotated files kept of each log; Jasmin keeps all.", check=at_least(1))
    log_max_octets: int = ours(
        104_857_600,
        "Size at which a file is rotated before its time; 0: no limit.",
        check=at_least(0),
    )
    stdout: bool = ours(False, "Log to standard output instead of files: for containers.")
    wire: bool = ours(
        False,
        "Show each PDU that connectors send, octets and all, on standard error; environment "
        "JASMIN_TLV_WIRE_LOG too. For debugging.",
    )
    max_waiting_lines: int = ours(
        100_000,
        "Lines that may wait for a disk that does not take them; further ones are counted and "
        "dropped, so that traffic goes on.",
        check=at_least(100),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """What SIGTERM does."""

    drain_s: float = ours(
        20.0,
        "Seconds for what is in flight to end: intake stops, answers are awaited, then all is "
        "unbound and closed. A second signal exits at once.",
        check=at_least(0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JasminCompat:
    """What has no place elsewhere."""

    settings: str = ours(
        "{CONFIG_PATH}/jasmin_compat.yaml",
        "The YAML file of settings. Missing is fine unless it is named here or by --settings.",
    )
    site: str | None = ours(
        None, "YAML file of groups, users, connectors and routes, applied at each start."
    )
    lock_path: str = ours("/tmp", "Folder of lock files; Jasmin's is always /tmp.")
    release: str = ours("0.11.1", "The release shown to clients, as Jasmin says of itself.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every section; the attribute is its name with `_` for `-`."""

    smpp_server: SmppServer = field(default_factory=SmppServer)
    smpp_server_pb: SmppServerPb = field(default_factory=SmppServerPb)
    smpp_server_pb_client: SmppServerPbClient = field(default_factory=SmppServerPbClient)
    client_management: ClientManagement = field(default_factory=ClientManagement)
    service_smppclient: ServiceSmppclient = field(default_factory=ServiceSmppclient)
    sm_listener: SmListener = field(default_factory=SmListener)
    dlr: Dlr = field(default_factory=Dlr)
    amqp_broker: AmqpBroker = field(default_factory=AmqpBroker)
    http_api: HttpApi = field(default_factory=HttpApi)
    rest_api: RestApi = field(default_factory=RestApi)
    router: Router = field(default_factory=Router)
    deliversm_thrower: DeliversmThrower = field(default_factory=DeliversmThrower)
    dlr_thrower: DlrThrower = field(default_factory=DlrThrower)
    redis_client: RedisClient = field(default_factory=RedisClient)
    jcli: Jcli = field(default_factory=Jcli)
    interceptor_client: InterceptorClient = field(default_factory=InterceptorClient)
    interceptor: Interceptor = field(default_factory=Interceptor)
    smpp_client: SmppClient = field(default_factory=SmppClient)
    callbacks: Callbacks = field(default_factory=Callbacks)
    embedded: Embedded = field(default_factory=Embedded)
    health: Health = field(default_factory=Health)
    logging: Logging = field(default_factory=Logging)
    shutdown: Shutdown = field(default_factory=Shutdown)
    jasmin_compat: JasminCompat = field(default_factory=JasminCompat)
