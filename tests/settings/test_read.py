"""Three sources, later wins, every mistake at once (design D3)."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from jasmin_compat.settings.entries import SettingsMistakes
from jasmin_compat.settings.read import SettingsRead, read_settings


class Site:
    """A folder with the files of a site."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cfg = folder / "jasmin.cfg"
        self.cfg.write_text("")
        self.yaml: Path | None = None

    def read(self, environment: Mapping[str, str] | None = None) -> SettingsRead:
        everything = {"CONFIG_PATH": str(self.folder)} | dict(environment or {})
        return read_settings(cfg=self.cfg, yaml=self.yaml, environment=everything)

    def mistakes(self, environment: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(SettingsMistakes) as wrong:
            self.read(environment)
        return [m.line.replace(f"{self.folder}/", "") for m in wrong.value.mistakes]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_cfg_then_yaml_then_environment(site: Site) -> None:
    site.cfg.write_text("[amqp-broker]\nhost = a\nport = 1\nvhost = v\nusername = u\n")
    site.yaml = site.folder / "s.yaml"
    site.yaml.write_text("amqp-broker: {host: b, port: 2, vhost: w}\n")
    read = site.read({"AMQP_BROKER_HOST": "c", "AMQP_BROKER_PORT": "3"})
    broker = read.settings.amqp_broker
    assert (broker.host, broker.port, broker.vhost, broker.username) == ("c", 3, "w", "u")
    assert broker.password == "guest"  # noqa: S105 RUF100
    origins = {key: where for (_, key), where in read.origins.items()}
    assert origins == {
        "host": "environment AMQP_BROKER_HOST",
        "port": "environment AMQP_BROKER_PORT",
        "vhost": f"{site.yaml}:1",
        "username": f"{site.cfg}:5",
    }


def test_every_mistake_of_every_source_is_reported(site: Site) -> None:
    site.cfg.write_text("[amqp-broker]\nport = abc\nheartbeat = -1\n[http-api]\nfoo\n")
    site.yaml = site.folder / "s.yaml"
    site.yaml.write_text("amqp-broker:\n  durablity: quorum\nnonsense:\n  x: 1\n")
    assert site.mistakes({"REDIS_CLIENT_DBID": "x", "REDIS_URL": "nope"}) == [
        "jasmin.cfg:5: neither an option nor a section",
        "jasmin.cfg:2: [amqp-broker] port: must be a whole number, not 'abc'",
        "jasmin.cfg:3: [amqp-broker] heartbeat: must be from 0 to 65535, not '-1'",
        "s.yaml:2: [amqp-broker] unknown option durablity; did you mean durability?",
        "s.yaml:4: unknown section [nonsense]",
        "environment REDIS_CLIENT_DBID: [redis-client] dbid: must be a whole number, not 'x'",
        "environment REDIS_URL: is no URL with a host and a known scheme",
    ]


def test_what_is_unknown_in_a_cfg_file_only_warns(site: Site) -> None:
    site.cfg.write_text("[amqp-broker]\nconnection_loss_failure_delay = 10\n[https-api]\nx = 1\n")
    assert [w.text for w in site.read().warnings] == [
        "[amqp-broker] unknown option connection_loss_failure_delay;"
        " did you mean connection_loss_retry_delay?",
        "unknown section [https-api]; did you mean http-api?",
    ]


def test_a_secret_is_in_no_mistake(site: Site) -> None:
    site.cfg.write_text("[jcli]\nadmin_password = hunter2\n[redis-client]\nurl = x://hunter2\n")
    mistakes = site.mistakes()
    assert len(mistakes) == 2
    assert "hunter2" not in "".join(mistakes)


@pytest.mark.parametrize("text", ["%(nonsense)s", "%(message)d", "no field", "%(message"])
def test_a_format_that_no_line_can_have_is_a_mistake(site: Site, text: str) -> None:
    site.cfg.write_text(f"[router]\nlog_format = {text}\n")
    (mistake,) = site.mistakes()
    assert "must be a format of Python's logging" in mistake


def test_none_is_null_for_a_text_and_the_default_for_a_number(site: Site) -> None:
    site.cfg.write_text("[redis-client]\npassword = None\nport = None\n[dlr]\npid = None\n")
    assert site.mistakes() == ["jasmin.cfg:5: [dlr] pid: must not be null, not None"]
    site.cfg.write_text("[redis-client]\npassword = None\nport = None\n")
    client = site.read().settings.redis_client
    assert (client.password, client.port) == (None, 6379)


def test_option_names_mind_no_case_in_a_cfg_file(site: Site) -> None:
    site.cfg.write_text("[smpp-server]\nENQUIRELINKTIMERSECS = 7\n")
    assert site.read().settings.smpp_server.enquireLinkTimerSecs == 7


def test_files_are_in_the_folders_of_the_environment(site: Site) -> None:
    site.cfg.write_text("[smpp-server]\nid = s2\n[router]\nlog_file = /x/{LOG_PATH}.log\n")
    settings = site.read({"LOG_PATH": "/l", "STORE_PATH": "/s"}).settings
    assert settings.http_api.access_log == "/l/http-accesslog.log"
    assert settings.smpp_server.log_file == "/l/default-s2.log"
    assert settings.client_management.store_path == "/s"
    assert settings.router.log_file == "/x/{LOG_PATH}.log"


def test_urls_win_over_everything(site: Site) -> None:
    settings = site.read(
        {
            "AMQP_BROKER_HOST": "a",
            "CLOUDAMQP_URL": "amqps://u:p@b/v",
            "REDIS_CLIENT_HOST": "c",
            "REDIS_URL": "redis://:pw@d:7000",
        }
    ).settings
    broker, client = settings.amqp_broker, settings.redis_client
    assert (broker.host, broker.port, broker.vhost, broker.tls) == ("b", 5671, "v", True)
    assert (client.host, client.port, client.password, client.tls) == ("d", 7000, "pw", False)


def test_a_url_wins_over_hosts_and_files_too(site: Site) -> None:
    site.cfg.write_text("[amqp-broker]\nhosts = a, b:5673\npassword_file = /p\n")
    assert site.read().settings.amqp_broker.hosts == ("a", "b:5673")
    broker = site.read({"CLOUDAMQP_URL": "amqp://u:p@c/v"}).settings.amqp_broker
    assert (broker.host, broker.hosts, broker.password_file) == ("c", (), None)


def test_the_redis_url_option_stands_for_the_others(site: Site) -> None:
    site.cfg.write_text("[redis-client]\nhost = a\nurl = rediss://u:p@b:7000/2\n")
    client = site.read().settings.redis_client
    assert (client.host, client.port, client.dbid, client.tls) == ("b", 7000, 2, True)
    assert (client.username, client.password) == ("u", "p")


@pytest.mark.parametrize(("password", "warned"), [("", True), ("password = x\n", False)])
def test_a_database_counts_without_a_password_too(site: Site, password: str, warned: bool) -> None:
    site.cfg.write_text(f"[redis-client]\ndbid = 3\n{password}")
    read = site.read()
    assert read.settings.redis_client.dbid == 3
    assert [w.line.startswith(f"{site.cfg}:2: ") for w in read.warnings] == [True] * warned


def test_api_port_is_below_every_other_source(site: Site) -> None:
    api = {"API_BIND": "127.0.0.1", "API_PORT": "1402"}
    assert site.read(api).settings.http_api.port == 1402
    site.cfg.write_text("[http-api]\nport = 1403\n")
    http = site.read(api).settings.http_api
    assert (http.port, http.bind) == (1403, "127.0.0.1")


@pytest.mark.parametrize(
    ("text", "delays"),
    [
        ("", (2.0, 10.0, 30.0)),
        ("dlr_lookup_retry_delay = 5\n", (5.0,)),
        ("dlr_lookup_max_retries = 4\n", (10.0, 10.0, 10.0)),
        ("dlr_lookup_max_retries = 4\nreceipt_retry_delays_s = 1, 2\n", (1.0, 2.0)),
    ],
    ids=["nothing", "Jasmin's delay", "Jasmin's looks", "ours"],
)
def test_jasmins_lookup_keys_count_where_they_are_set(
    site: Site, text: str, delays: tuple[float, ...]
) -> None:
    site.cfg.write_text(f"[dlr]\n{text}")
    assert site.read().settings.dlr.receipt_retry_delays_s == delays


def test_the_yaml_file_in_the_config_folder_is_found_by_itself(site: Site) -> None:
    (site.folder / "jasmin_compat.yaml").write_text("shutdown: {drain_s: 7}\n")
    assert site.read().settings.shutdown.drain_s == 7.0


@pytest.mark.parametrize("by", ["cfg", "environment"])
def test_another_yaml_file_can_be_named_and_must_be_there(site: Site, by: str) -> None:
    path = site.folder / "other.yaml"
    environment = {"JASMIN_COMPAT_SETTINGS": str(path)} if by == "environment" else {}
    if by == "cfg":
        site.cfg.write_text(f"[jasmin-compat]\nsettings = {path}\n")
    assert "cannot be read" in site.mistakes(environment)[0]
    path.write_text("shutdown: {drain_s: 7}\n")
    assert site.read(environment).settings.shutdown.drain_s == 7.0


def test_interceptor_cfg_counts_unless_jasmin_cfg_says_otherwise(site: Site) -> None:
    """Jasmin's interceptord reads it; here jasmind runs the scripts."""
    (site.folder / "interceptor.cfg").write_text(
        "[interceptor]\nlog_slow_script = 3\nlog_level = DEBUG\n"
    )
    site.cfg.write_text("[interceptor]\nlog_level = ERROR\n")
    read = site.read()
    assert read.warnings == ()
    section = read.settings.interceptor
    assert (section.log_slow_script, section.log_level) == (3, "ERROR")


def test_rest_api_cfg_counts_when_the_rest_api_is_on(site: Site) -> None:
    rest = site.folder / "rest-api.cfg"
    rest.write_text(
        "[celery]\ntimezone = UTC\n[amqp-broker]\nhost = elsewhere\n"
        "[rest-api]\nhttp_throughput_per_worker = 3\nhttp_api_port = 1401\nsmart_qos = no\n"
    )
    read = site.read()
    assert (read.settings.rest_api.http_throughput_per_worker, read.warnings) == (8, ())
    site.cfg.write_text("[rest-api]\nport = 1402\nsmart_qos = yes\n")
    read = site.read()
    assert read.settings.rest_api.http_throughput_per_worker == 3
    assert read.settings.rest_api.smart_qos
    assert read.settings.amqp_broker.host == "127.0.0.1"
    assert [warning.line.replace(f"{site.folder}/", "") for warning in read.warnings] == [
        "rest-api.cfg: [amqp-broker] is not used",
        "rest-api.cfg: [celery] is not used",
        "rest-api.cfg:7: [rest-api] http_api_port is not used",
    ]


def test_rest_api_cfg_may_switch_it_on_and_lie_elsewhere(site: Site) -> None:
    elsewhere = site.folder / "mine.cfg"
    elsewhere.write_text("[rest-api]\nport = 8080\n")
    read = site.read({"REST_API_CONFIG": str(elsewhere)})
    assert read.settings.rest_api.port == 8080
