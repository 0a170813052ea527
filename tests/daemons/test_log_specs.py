"""Each daemon writes Jasmin's files, and no two daemons one (contract/config.md §6)."""

from pathlib import Path

import pytest

from jasmin_compat.daemons.log_specs import connector_log_spec, daemon_log_specs, log_places
from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.settings.read import SettingsRead, read_settings


def read(tmp_path: Path, text: str = "", **environment: str) -> SettingsRead:
    cfg = tmp_path / "x.cfg"
    cfg.write_text(text)
    return read_settings(cfg=cfg, environment={"LOG_PATH": "/l"} | environment)


def files(daemon: str, settings: SettingsRead) -> dict[str, str]:
    return {spec.logger: spec.file for spec in daemon_log_specs(daemon, settings)}


# covers: CONF-05 W-CFG-12
def test_files_of_each_daemon(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert files("jasmind", settings) | {"": ""} == {
        "": "",
        "smpp.server.smpps_01": "/l/default-smpps_01.log",
        "jasmin-smpps-pb": "/l/smpp-server-pb.log",
        "jasmin-pb-client-mgmt": "/l/smppclient-manager.log",
        "jasmin-service-smpp": "/l/service-smppclient.log",
        "jasmin-sm-listener": "/l/messages.log",
        "dlr": "/l/messages.log",
        "jasmin-amqp-factory": "/l/amqp-client.log",
        "jasmin-http-api": "/l/http-api.log",
        "jasmin-http-access": "/l/http-accesslog.log",
        "jasmin-router": "/l/router.log",
        "jasmin-deliversm-thrower": "/l/deliversm-thrower.log",
        "jasmin-dlr-thrower": "/l/dlr-thrower.log",
        "jasmin-redis-client": "/l/redis-client.log",
        "jcli": "/l/jcli.log",
        "jasmin-interceptor-pb": "/l/interceptor.log",
        "jasmin-daemon": "stdout",
    }
    assert files("dlrlookupd", settings) == {
        "jasmin-amqp-factory": "/l/dlrlookupd-amqp-client.log",
        "jasmin-redis-client": "/l/dlrlookupd-redis-client.log",
        "dlr": "/l/dlrlookupd-messages.log",
        "jasmin-daemon": "stdout",
    }
    assert files("dlrd", settings) == {
        "jasmin-amqp-factory": "/l/dlrd-amqp-client.log",
        "jasmin-dlr-thrower": "/l/dlr-thrower.log",
        "jasmin-daemon": "stdout",
    }


def test_a_jasmins_rest_log_is_left_alone_where_no_rest_api_runs(tmp_path: Path) -> None:
    assert "jasmin-restapi" not in files("jasmind", read(tmp_path))
    settings = read(tmp_path, "[rest-api]\nport = 1402\n")
    assert files("jasmind", settings)["jasmin-restapi"] == "/l/rest-api.log"


def test_a_file_that_is_named_stays_as_named_but_for_jasmins_own_prefix(tmp_path: Path) -> None:
    settings = read(tmp_path, "[amqp-broker]\nlog_file=/x/a.log\n[dlr]\nlog_file=/x/m.log\n")
    found = files("dlrlookupd", settings)
    assert found["jasmin-amqp-factory"] == "/x/a.log"
    assert found["dlr"] == "/x/dlrlookupd-m.log"


def test_stdout_stays_stdout(tmp_path: Path) -> None:
    settings = read(tmp_path, "[dlr]\nlog_file=stdout\n")
    assert "stdout" in files("dlrlookupd", settings)["dlr"]


@pytest.mark.parametrize("identity", [None, "gw"])
def test_what_holds_for_all_logs(tmp_path: Path, identity: str | None) -> None:
    places = log_places(read(tmp_path, LOGGING_STDOUT="yes", LOGGING_LOG_KEEP="3"), identity)
    assert places.stdout
    assert places.limits.keep == 3
    assert places.beside == identity


# covers: CONF-05
def test_a_connector_has_a_log_of_its_own(tmp_path: Path) -> None:
    settings = read(tmp_path)
    spec = connector_log_spec(SmppConnector(cid=ConnectorId("abc")), settings)
    assert (spec.logger, spec.file, spec.level, spec.when) == (
        "smpp.client.abc",
        "/l/default-abc.log",
        20,
        "midnight",
    )
    named = SmppConnector(cid=ConnectorId("abc"), log_file="/x.log", log_level=40, log_rotate="W6")
    spec = connector_log_spec(named, settings)
    assert (spec.file, spec.level, spec.when) == ("/x.log", 40, "W6")
