"""A site with something of everything, typed into a console, and what the console then shows."""

import re
from collections.abc import Iterator
from pathlib import Path

from compat_tests.targets.console import Console

EVAL = "if len(routable.pdu.params['short_message']) > 3:\n    result = True\n"
MO_SCRIPT = "routable.addTag('mo')\n"
MT_SCRIPT = "routable.addTag('mt')  # \u20ac\n"
USERS = 22
Session = tuple[str, list[str]]
"""The command that begins it, and the lines before `ok`."""


def write_scripts(folder: Path) -> None:
    """The files that the sessions name."""
    texts = {"eval.py": EVAL, "mo.py": MO_SCRIPT, "mt.py": MT_SCRIPT}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def sessions(folder: Path) -> Iterator[Session]:
    """In the order they are typed."""
    for gid in ("g1", "g2", "g-off"):
        yield "group -a", [f"gid {gid}"]
    yield from _users()
    yield from _connectors()
    for cid, method, url in (
        ("http1", "GET", "http://127.0.0.1:8080/mo"),
        ("http2", "POST", "https://example.com/mo?a=b%20c"),
    ):
        yield "httpccm -a", [f"cid {cid}", f"method {method}", f"url {url}"]
    yield from _filters(folder)
    yield from _routes()
    for table, script in (("mo", "mo.py"), ("mt", "mt.py")):
        path = f"script python3({folder / script})"
        yield f"{table}interceptor -a", ["type DefaultInterceptor", path]
        yield (
            f"{table}interceptor -a",
            [f"type Static{table}Interceptor", "order 10", "filters f-da;f-tag", path],
        )


def _users() -> Iterator[Session]:
    for number in range(1, USERS + 1):
        uid = f"user{number}"
        lines = [
            f"uid {uid}",
            f"gid g{1 + number % 2}",
            f"username u{number}",
            f"password p{number}",
        ]
        yield "user -a", lines
    credential = [
        "authorization http_bulk yes",
        "authorization http_balance no",
        "authorization src_addr no",
        "valuefilter dst_addr ^1\\d+$",
        "valuefilter content ^hi",
        "valuefilter priority ^[01]$",
        "defaultvalue src_addr SUNHOTEL",
        "quota balance 10.5",
        "quota early_percent 25",
        "quota sms_count 100",
        "quota http_throughput 2",
        "quota smpps_throughput 3.5",
    ]
    smpps = [
        *("authorization bind no", "quota max_bindings 2"),
        "authorization ip 10.0.0.0/8, 127.0.0.1",
    ]
    yield (
        "user -a",
        [
            *("uid full", "gid g2", "username full", "password 0123456789abcdef"),
            *(f"mt_messaging_cred {line}" for line in credential),
            *(f"smpps_cred {line}" for line in smpps),
        ],
    )
    yield "user -u full", ["mt_messaging_cred quota balance -0.25"]


def _connectors() -> Iterator[Session]:
    for number in range(1, 6):
        yield "smppccm -a", [f"cid con{number}", f"port {2770 + number}"]
    keys = [
        *("host 127.0.0.1", "username u", "password p", "systype st", "logrotate W6"),
        *("loglevel 10", "logprivacy yes", "bind_to 31", "elink_interval 32", "res_to 33.5"),
        *("con_loss_retry no", "bind_npi 1", "con_loss_delay 5", "con_fail_delay 6"),
        *("pdu_red_to 7", "bind transmitter", "bind_ton 2", "src_ton 3", "src_npi 4", "dst_ton 5"),
        *("addr_range ^1", "src_addr JASMIN", "proto_id 1", "priority 2", "validity 60", "ripf 1"),
        *("def_msg_id 2", "coding 8", "requeue_delay 3", "submit_throughput 10.5"),
        *("dlr_expiry 100", "dlr_msgid 1", "con_fail_retry no", "dst_npi 6", "trx_to 8", "ssl yes"),
        "custom_tlvs 0x3000,COctetString,10,required;0x3001,Int2,-",
    ]
    yield "smppccm -a", ["cid all-keys", *keys]
    yield "smppccm -u con5", ["src_ton 5", "priority 1", "systype VMA"]


def _filters(folder: Path) -> Iterator[Session]:
    for kind, fid, argument in (
        ("Transparent", "f-t", None),
        ("User", "f-u", "uid user1"),
        ("Group", "f-g", "gid g1"),
        ("Connector", "f-c", "cid con1"),
        ("SourceAddr", "f-sa", "source_addr ^20\\d+"),
        ("DestinationAddr", "f-da", "destination_addr ^1\\d+"),
        ("ShortMessage", "f-sm", "short_message ^hello.*$"),
        ("DateInterval", "f-di", "dateInterval 2026-01-01;2027-12-31"),
        ("TimeInterval", "f-ti", "timeInterval 08:00:00;17:30:01"),
        ("EvalPy", "f-ev", f"pyCode {folder / 'eval.py'}"),
        ("Tag", "f-tag", "tag 22401"),
    ):
        lines = [f"type {kind}Filter", f"fid {fid}"]
        yield "filter -a", lines + ([argument] if argument else [])


def _routes() -> Iterator[Session]:
    yield "mtrouter -a", ["type DefaultRoute", "connector smppc(con1)", "rate 0.0"]
    every = "f-t;f-u;f-g;f-sa;f-da;f-sm;f-di;f-ti;f-ev;f-tag"
    yield (
        "mtrouter -a",
        [
            "type StaticMTRoute",
            "order 10",
            f"filters {every}",
            "connector smppc(con2)",
            "rate 1.25",
        ],
    )
    for order, kind in (("20", "RandomRoundrobin"), ("30", "Failover")):
        lines = [f"type {kind}MTRoute", f"order {order}", "filters f-da"]
        yield "mtrouter -a", [*lines, "connectors smppc(con1);smppc(all-keys)", "rate 0.5"]
    yield "morouter -a", ["type DefaultRoute", "connector http(http1)"]
    yield (
        "morouter -a",
        ["type StaticMORoute", "order 10", "filters f-c;f-ti", "connector smpps(full)"],
    )
    yield (
        "morouter -a",
        [
            *("type RandomRoundrobinMORoute", "order 20", "filters f-da"),
            "connectors http(http1);smpps(full)",
        ],
    )
    yield (
        "morouter -a",
        [
            *("type FailoverMORoute", "order 30", "filters f-ev"),
            "connectors http(http1);http(http2)",
        ],
    )


AFTERWARDS = ("user -d user2", "user -d user3", "group -d g-off")
"""What is disabled."""


SINCE_0_12 = ("smpps_cred authorization ip", "custom_tlvs")
SINCE_0_11 = ("logprivacy",)
"""Which 0.10 has, and cannot set."""


def type_in(console: Console, folder: Path, *, without: tuple[str, ...] = ()) -> None:
    """Type everything but the lines that begin so, and persist it."""
    write_scripts(folder)
    for start, lines in sessions(folder):
        console.session(start, [line for line in lines if not line.startswith(without)])
    for command in AFTERWARDS:
        console.command(command)
    console.command("persist")


def shown(console: Console) -> dict[str, str]:
    """What the console shows of everything, by command. `smppccm -l` without what counts."""
    lists = ("group", "user", "smppccm", "httpccm", "filter", "mtrouter", "morouter")
    seen = {f"{m} -l": _text(console.command(f"{m} -l")) for m in (*lists, *_INTERCEPTORS)}
    seen["smppccm -l"] = re.sub(r"(?m)^(#\S+\s+\S+).*$", r"\1", seen["smppccm -l"])
    for module in (*lists[1:], *_INTERCEPTORS):
        for key in re.findall(r"(?m)^#!?(\S+) ", seen[f"{module} -l"]):
            if not key.startswith(_HEADS):
                command = f"{module} -s {key}"
                seen[command] = _text(console.command(command))
    return seen


_INTERCEPTORS = ("mointerceptor", "mtinterceptor")
_HEADS = ("Group", "User", "Connector", "Httpcc", "Filter", "Order")
"""Titles of the first columns."""


def _text(answer: str) -> str:
    """Without the command itself, the prompt, and what a terminal does with it."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", answer).replace("\r", "")
    lines = [line.rstrip() for line in plain.split("\n")[1:]]
    return "\n".join(line for line in lines if line and line != "jcli :")
