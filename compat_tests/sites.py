"""The configurations the scenarios run on. Timers are Jasmin's keys with short values.

`LOG_PATH` in a value stands for the folder of log files.
"""

from collections.abc import Callable
from dataclasses import replace

from compat_tests.targets.site import Connector, Site, User
from tests.services import free_port

ALICE = User("alice", "secret")
FULL = User("full", "pwd")
"""The user of the recordings."""
PW16 = User("pw16", "0123456789abcdef")

FAST = {"con_loss_delay": "1", "con_fail_delay": "1", "submit_throughput": "0"}


PDU_CONNECTORS = 4
"""Jasmin reconnects after many a PDU: so many binds take turns."""


def main(port: int) -> Site:
    """What most scenarios use, with the names of the recordings; retries a second apart."""
    return Site(
        name="main",
        users=(ALICE, FULL, PW16),
        connectors=(Connector("con1", {**_smsc(port, "con1"), **FAST}),),
        default_route="con1",
        cfg={
            "sm-listener": {
                "publish_submit_sm_resp": "True",
                "submit_retrial_delay_smppc_not_ready": "1",
                "submit_error_retrial": str(
                    {
                        "ESME_RSYSERR": {"count": 2, "delay": 1},
                        "ESME_RTHROTTLED": {"count": 3, "delay": 1},
                    }
                ),
            },
            "dlr": {"dlr_lookup_retry_delay": "1"},
            "dlr-thrower": {"http_timeout": "2", "retry_delay": "1", "max_retries": "3"},
            "rest-api": {"port": str(free_port())},
        },
    )


def other(port: int) -> Site:
    """Every key of another value: SAR, three parts, overlay, TLS, privacy; one process."""
    return Site(
        name="other",
        users=(ALICE,),
        connectors=(
            Connector(
                "other",
                {
                    **_smsc(port, "other"),
                    **FAST,
                    "ssl": "yes",
                    "src_addr": "DEFAULT",
                    "src_ton": "5",
                    "src_npi": "0",
                    "dst_ton": "2",
                    "dst_npi": "8",
                    "proto_id": "65",
                    "ripf": "1",
                    "def_msg_id": "3",
                    "priority": "3",
                    "validity": "60",
                    "coding": "8",
                    "dlr_msgid": "1",
                    "dlr_expiry": "77",
                    "systype": "SMPP",
                },
            ),
        ),
        default_route="other",
        cfg={
            "http-api": {
                "long_content_split": "sar",
                "long_content_max_parts": "8",
                "log_privacy": "True",
                "billing_feature": "False",
            },
            "sm-listener": {"log_privacy": "True"},
            "dlr": {"dlr_lookup_retry_delay": "1"},
        },
        daemons=("jasmind",),
        flags=("--enable-dlr-lookup", "--enable-dlr-thrower"),
    )


def limits(port: int) -> Site:
    """Rates, response timeouts and ages, seconds each; one process."""
    return Site(
        name="limits",
        users=(ALICE,),
        connectors=(
            Connector(
                "limits",
                {
                    **_smsc(port, "limits"),
                    **FAST,
                    "submit_throughput": "5",
                    "res_to": "2",
                    "requeue_delay": "1",
                    "dlr_msgid": "2",
                },
            ),
        ),
        default_route="limits",
        cfg={
            "http-api": {
                "log_file": "LOG_PATH/renamed.log",
                "log_format": "%(asctime)s | %(message)s",
                "log_date_format": "%d/%m/%y",
            },
            "sm-listener": {
                "submit_max_age_smppc_not_ready": "3",
                "submit_retrial_delay_smppc_not_ready": "1",
            },
            "dlr": {"dlr_lookup_retry_delay": "1"},
        },
        daemons=("jasmind",),
        flags=("--enable-dlr-lookup", "--enable-dlr-thrower"),
    )


def connectors(port: int) -> Site:
    """No route; a connector for each thing a bind or an idle session does; one process."""
    keys: dict[str, dict[str, str]] = {
        "trx": {
            "bind": "transceiver",
            "password": "pass8wd",
            "systype": "VMA",
            "bind_ton": "1",
            "bind_npi": "8",
            "addr_range": "^33.*",
        },
        "rx1": {"bind": "receiver"},
        "tx1": {"bind": "transmitter"},
        "refused": {},
        "elink": {"elink_interval": "1"},
        "mute": {"elink_interval": "1", "res_to": "2"},
        "idle": {"elink_interval": "0", "trx_to": "2"},
        "partial": {"pdu_red_to": "1"},
        "slowloss": {"con_loss_delay": "2"},
        "noloss": {"con_loss_retry": "no"},
        "nobind": {"bind_to": "1"},
        "down": {"port": str(free_port())},
        **{f"pdu{n}": {} for n in range(PDU_CONNECTORS)},
    }
    return Site(
        name="connectors",
        users=(ALICE,),
        connectors=tuple(
            Connector(cid, {**_smsc(port, cid), **FAST, **more}) for cid, more in keys.items()
        ),
        default_route=None,
        cfg={"dlr": {"dlr_lookup_retry_delay": "1"}},
        daemons=("jasmind",),
        flags=("--enable-dlr-lookup", "--enable-dlr-thrower"),
    )


def outage(port: int) -> Site:
    """As an operator has it, with the delays of the load rig."""
    return Site(
        name="outage",
        users=(ALICE,),
        connectors=(
            Connector(
                "outage",
                {**_smsc(port, "outage"), **FAST, "con_loss_delay": "2", "con_fail_delay": "2"},
            ),
        ),
        default_route="outage",
    )


def routing(port: int) -> Site:
    """Two connectors that are bound, and no route: its scenarios make those they need."""
    return Site(
        name="routing",
        users=(ALICE,),
        connectors=tuple(Connector(cid, {**_smsc(port, cid), **FAST}) for cid in ("one", "two")),
        default_route=None,
        daemons=("jasmind",),
        flags=("--enable-dlr-lookup", "--enable-dlr-thrower"),
    )


def scripts(port: int) -> Site:
    """As `routing`, with interceptord; Jasmin's jasmind reaches it by Perspective Broker."""
    pb = str(free_port())
    return replace(
        routing(port),
        name="scripts",
        daemons=("interceptord", "jasmind"),
        flags=("--enable-dlr-lookup", "--enable-dlr-thrower", "--enable-interceptor-client"),
        cfg={
            "interceptor": {"bind": "127.0.0.1", "port": pb, "time_limit_s": "5"},
            "interceptor-client": {"host": "127.0.0.1", "port": pb},
        },
    )


def console(_port: int) -> Site:
    """Nothing: its scenarios make what they need at the console."""
    return Site(
        name="console",
        users=(),
        connectors=(),
        default_route=None,
        daemons=("jasmind",),
        flags=("--enable-dlr-lookup", "--enable-dlr-thrower"),
    )


def accounts(port: int) -> Site:
    """No users and no route: its scenarios make them at the console."""
    return Site(
        name="accounts",
        users=(),
        connectors=(Connector("accounts", {**_smsc(port, "accounts"), **FAST}),),
        default_route=None,
        daemons=("jasmind",),
        flags=("--enable-dlr-lookup", "--enable-dlr-thrower"),
    )


MSGID_PLUGIN = """
from itertools import count

numbers = count()


def msgid(pdu_type, uid, source_cid, destination_cid):
    return f"{pdu_type}.{uid}.{source_cid}.{destination_cid}.{next(numbers)}"
"""


def plugged(port: int) -> Site:
    """A plug-in makes the message ids; one process."""
    return replace(
        main(port),
        name="plugged",
        daemons=("jasmind",),
        flags=("--enable-dlr-lookup", "--enable-dlr-thrower"),
        msgid_plugin=MSGID_PLUGIN,
    )


def listened_sar(port: int) -> Site:
    """As `listened`, with SAR, and exchanges and queues as transient as Jasmin's."""
    site = main(port)
    more = {"http-api": {"long_content_split": "sar"}, "amqp-broker": {"durability": "jasmin"}}
    return replace(site, name="listened_sar", cfg={**site.cfg, **more})


SITES: dict[str, Callable[[int], Site]] = {
    "main": main,
    "other": other,
    "limits": limits,
    "connectors": connectors,
    "outage": outage,
    "routing": routing,
    "scripts": scripts,
    "console": console,
    "accounts": accounts,
    "plugged": plugged,
    "spare": lambda port: replace(main(port), name="spare"),
    "listened": lambda port: replace(main(port), name="listened"),
    "listened_sar": listened_sar,
}
"""`spare` is stopped and started by its scenarios; strangers listen to `listened`."""


def _smsc(port: int, system_id: str) -> dict[str, str]:
    return {"host": "127.0.0.1", "port": str(port), "username": system_id, "password": "pw"}
