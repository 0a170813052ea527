"""Names and defaults are Jasmin's (contract/config.md §3-6)."""

import ast
from pathlib import Path

import pytest

from jasmin_compat.settings.options import BadValue, ErrorRetrial
from jasmin_compat.settings.read import SECTION_TYPES, TABLES
from jasmin_compat.settings.sections import Logged, Settings

JASMIN = {  # contract/config.md §3, key for key
    "smpp-server": "id smpps_01 bind 0.0.0.0 port 2775 billing_feature True sessionInitTimerSecs 30"
    " enquireLinkTimerSecs 30 inactivityTimerSecs 300 responseTimerSecs 60 pduReadTimerSecs 10"
    " dlr_expiry 86400 log_privacy False",
    "smpp-server-pb": "bind 0.0.0.0 port 14000 authentication True admin_username smppsadmin"
    " admin_password e97ab122faa16beea8682d84f3d2eea4",
    "client-management": "bind 0.0.0.0 port 8989 authentication True admin_username cmadmin"
    " admin_password e1c5136acafb7016bc965597c992eb82 pickle_protocol 2",
    "sm-listener": "publish_submit_sm_resp False submit_max_age_smppc_not_ready 1200"
    " submit_retrial_delay_smppc_not_ready 30 dlr_lookup_retry_delay 10 dlr_lookup_max_retries 2"
    " log_privacy False",
    "dlr": "pid main dlr_lookup_retry_delay 10 dlr_lookup_max_retries 2"
    " smpp_receipt_on_success_submit_sm_resp False log_privacy False",
    "amqp-broker": "host 127.0.0.1 port 5672 username guest password guest vhost /"
    " connection_loss_retry True connection_failure_retry True connection_loss_retry_delay 10"
    " connection_failure_retry_delay 10",
    "http-api": "bind 0.0.0.0 port 1401 billing_feature True long_content_max_parts 5"
    " long_content_split udh log_privacy False",
    "rest-api": "http_api_host 127.0.0.1 http_api_port 1401 show_jasmin_version True"
    " auth_cache_seconds 10 auth_cache_max_keys 500 http_throughput_per_worker 8 smart_qos True",
    "router": "persistence_timer_secs 60 bind 0.0.0.0 port 8988 authentication True"
    " admin_username radmin admin_password 82a606ca5a0deea2b5777756788af5c8 pickle_protocol 2",
    "deliversm-thrower": "http_timeout 30 retry_delay 30 max_retries 3",
    "dlr-thrower": "http_timeout 30 retry_delay 30 max_retries 3 dlr_pdu deliver_sm",
    "redis-client": "host 127.0.0.1 port 6379 dbid 0 password None poolsize 10",
    "jcli": "bind 127.0.0.1 port 8990 authentication True admin_username jcliadmin"
    " admin_password 79e9b0aa3f3e7c53e916f7ac47439bcb",
    "interceptor-client": "host 127.0.0.1 port 8987 username iadmin password ipwd",
    "smpp-server-pb-client": "host 127.0.0.1 port 14000 username smppsadmin password smppspwd",
    "interceptor": "bind 0.0.0.0 port 8987 authentication True admin_username iadmin"
    " admin_password dd8b84cdb60655fed3b9b2d668c5bd9e log_slow_script 1",
}  # fmt: skip


@pytest.mark.parametrize("section", JASMIN)
def test_defaults_are_jasmins(section: str) -> None:
    words = JASMIN[section].split()
    expected = dict(zip(words[::2], words[1::2], strict=True))
    found = {key: str(option.default) for key, option in TABLES[section].items() if key in expected}
    assert found == expected
    assert not any(TABLES[section][key].notes.ours for key in expected)


def test_the_heartbeat_is_not_jasmins_0() -> None:
    assert Settings().amqp_broker.heartbeat == 60


def test_refusals_that_are_tried_again_are_jasmins() -> None:
    assert Settings().sm_listener.submit_error_retrial == (
        ErrorRetrial("ESME_RSYSERR", 2, 30),
        ErrorRetrial("ESME_RTHROTTLED", 20, 30),
        ErrorRetrial("ESME_RMSGQFUL", 2, 180),
        ErrorRetrial("ESME_RINVSCHED", 2, 300),
    )


LOGS = """
smpp-server smpp.server.{id} default-{id}.log midnight
smpp-server-pb jasmin-smpps-pb smpp-server-pb.log W6
client-management jasmin-pb-client-mgmt smppclient-manager.log W6
service-smppclient jasmin-service-smpp service-smppclient.log W6
sm-listener jasmin-sm-listener messages.log midnight
dlr dlr messages.log midnight
amqp-broker jasmin-amqp-factory amqp-client.log W6
http-api jasmin-http-api http-api.log W6
rest-api jasmin-restapi rest-api.log W6
router jasmin-router router.log W6
deliversm-thrower jasmin-deliversm-thrower deliversm-thrower.log W6
dlr-thrower jasmin-dlr-thrower dlr-thrower.log W6
redis-client jasmin-redis-client redis-client.log W6
jcli jcli jcli.log W6
interceptor jasmin-interceptor-pb interceptor.log W6
"""  # contract/config.md §6


# covers: CONF-05
def test_loggers_files_and_rotation_are_jasmins() -> None:
    found = []
    for name, kind in SECTION_TYPES.items():
        if issubclass(kind, Logged):
            section = kind()
            file = section.log_file.removeprefix("{LOG_PATH}/")
            found.append(f"{name} {kind.LOGGER} {file} {section.log_rotate}")
    assert sorted(found) == sorted(LOGS.split("\n")[1:-1])


@pytest.mark.parametrize("section", TABLES)
def test_every_option_is_explained_and_its_default_passes_its_own_check(section: str) -> None:
    for option in TABLES[section].values():
        assert option.notes.text.endswith("."), option.key
        if option.notes.check is not None and option.default is not None:
            assert option.notes.check(option.default) is None, option.key


def test_every_option_of_ours_has_its_unit_in_its_name() -> None:
    """Rule 3; a plain number is a count."""
    source = Path(__file__).parents[2] / "jasmin_compat" / "settings" / "sections.py"
    counts = {
        "prefetch", "max_records", "publish_window", "waiting_publishes", "dead_max_messages",
            "held_max_messages",
        "max_headers", "max_connections", "max_requests", "wait_replicas", "window",
        "inbound_open", "connections", "connections_per_host", "max_messages", "log_keep",
        "max_waiting_lines", "backlog", "max_waiting", "max_redirects", "delay_prefetch",
        "crash_tries", "session_limit", "finished_kept", "max_untold",
        "unanswered_attempts", "line_chars", "history_lines", "login_free_tries", "login_addresses",
        "jasmind_port", "dlrlookupd_port", "dlrd_port", "port", "batch_max_messages",
        "batch_publishing", "batch_workers", "batch_retries", "callback_retries",
        "callback_prefetch", "batch_finished_kept",
        "workers", "waiting", "bills_prefetch",
        "login_free_failures", "login_remembered", "login_waiting",
    }  # fmt: skip
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call):
            by = node.value.func
            if isinstance(by, ast.Name) and by.id == "ours" and isinstance(node.target, ast.Name):
                number = isinstance(node.annotation, ast.Name) and node.annotation.id in {
                    "int",
                    "float",
                }
                name = node.target.id
                assert not number or name in counts or name.endswith(("_s", "_octets")), name


@pytest.mark.parametrize(
    "text", ["", "a:", "a:0", "a:65536", "a:b", "::1", "[::1", "amqp://a", "u:p@a", "a b"]
)
def test_what_is_no_host_is_told(text: str) -> None:
    with pytest.raises(BadValue, match="must be host or host:port each"):
        TABLES["amqp-broker"]["hosts"].parse([text])


@pytest.mark.parametrize(
    "text", ["a", "a.example:5672", "10.0.0.1", "[::1]", "[::1]:5672", "a-b_c"]
)
def test_hosts_with_a_port_or_without(text: str) -> None:
    assert TABLES["amqp-broker"]["hosts"].parse(f"{text}, {text}") == (text, text)
