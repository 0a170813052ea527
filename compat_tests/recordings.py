"""The recordings as scenarios use them: the cases of one kind, and what may vary in an answer."""

import importlib.util
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compat_tests.peers import pickles, smpp
from compat_tests.peers.http_client import Response
from compat_tests.peers.smpp import Pdu
from tests import golden

_TOOL = Path(__file__).parent / "golden" / "tools" / "norm.py"
_spec = importlib.util.spec_from_file_location("compat_golden_norm", _TOOL)
assert _spec is not None
assert _spec.loader is not None
_norm = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_norm)

ABSENT = "<absent>"

SEGMENT_REFERENCE = re.compile(rb"^(\x05\x00\x03).", re.DOTALL)

VARIES = {"server", "date"}
"""Headers that are not compared (design: what `identical` means)."""


@dataclass(frozen=True, slots=True)
class HttpCase:
    """One recorded request, what it was answered, and the submit_sm it caused."""

    number: str
    group: str
    what: str
    request: bytes = field(repr=False)
    answer: dict[str, Any] = field(repr=False)
    submits: tuple[Pdu, ...] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.number} {self.group}: {self.what}"


def http_cases() -> Iterator[HttpCase]:
    """Every recorded request that got an answer, in order."""
    for case in golden.load("http_api")["cases"]:
        if "id" in case and "status_line" in case["response"]:
            pdus = [smpp.parse(bytes.fromhex(e["hex"])) for e in case["smsc"]]
            yield HttpCase(
                number=case["id"],
                group=case["group"],
                what=case["desc"],
                request=bytes.fromhex(case["request_hex"]),
                answer=case["response_norm"],
                submits=tuple(pdu for pdu in pdus if pdu.name == "submit_sm"),
            )


def comparable(status_line: str, headers: Any, body: str) -> tuple[str, list[tuple[str, str]], str]:
    """Status line, sorted headers and body, without what varies."""
    kept = sorted((k.lower(), v) for k, v in headers if k.lower() not in VARIES)
    return status_line, kept, body


def comparable_response(response: Response) -> tuple[str, list[tuple[str, str]], str]:
    """A live answer in the form of `comparable`."""
    body = _norm.Norm().s(response.body.decode("latin-1"))
    return comparable(response.status_line, response.headers, body)


ABSOLUTE_TIME = re.compile(r"^\d{16}[+-]$|^\d{13}\d{2}[+-]$")


def comparable_submit(pdu: Pdu) -> dict[str, Any]:
    """The fields and TLVs of a submit_sm without sequence number, segment reference, times."""
    fields = {
        name: "<time>" if isinstance(value, str) and ABSOLUTE_TIME.match(value) else value
        for name, value in pdu.fields.items()
    }
    if fields["esm_class"] & 0x40:
        fields["short_message"] = SEGMENT_REFERENCE.sub(rb"\1?", fields["short_message"])
    tlvs = dict(pdu.tlvs)
    if smpp.SAR_MSG_REF_NUM in tlvs:
        tlvs[smpp.SAR_MSG_REF_NUM] = b"??"
    return {**fields, "tlvs": tlvs}


# ---------------------------------------------------------------- flows


@dataclass(frozen=True, slots=True)
class Flow:
    """One recorded flow: what it published, called back and kept."""

    name: str
    publishes: tuple[dict[str, Any], ...] = field(repr=False)
    callbacks: tuple[dict[str, Any], ...] = field(repr=False)
    injected: bytes | None = field(repr=False)
    """The PDU the recorded SMSC sent to start the flow."""
    response: Pdu | None = field(repr=False)
    """What the gateway answered to it."""
    answers: tuple[Pdu, ...] = field(repr=False)
    """The submit_sm_resp of the recorded SMSC, in the order it sent them."""
    records: dict[str, dict[str, str]] = field(repr=False)
    """Redis hashes the flow wrote and left."""

    @property
    def message_id(self) -> str | None:
        """What the recorded SMSC called the message, or its last part."""
        ids = [pdu["message_id"] for pdu in self.answers if not pdu.status]
        return ids[-1] if ids else None

    def __str__(self) -> str:
        return self.name


def flows(recording: str) -> dict[str, Flow]:
    """The flows of a recording by name."""
    recorded = golden.load(recording)["flows"]
    return {f["name"]: _flow(f) for f in recorded if all("event" in e for e in f["amqp"])}


def _flow(recorded: dict[str, Any]) -> Flow:
    result = recorded["result"]
    injected = result.get("injected_hex") if isinstance(result, dict) else None
    pdus = [smpp.parse(bytes.fromhex(e["hex"])) for e in recorded["smsc"]]
    responses = [p for p in pdus if p.name in {"deliver_sm_resp", "data_sm_resp"}]
    return Flow(
        name=recorded["name"],
        publishes=tuple(e for e in recorded["amqp"] if e["event"] == "publish"),
        callbacks=tuple(recorded["http_callbacks"]),
        injected=bytes.fromhex(injected) if injected else None,
        response=responses[0] if injected and responses else None,
        answers=tuple(pdu for pdu in pdus if pdu.name == "submit_sm_resp"),
        records={
            e["key"]: {name: value["latin1"] for name, value in e["fields"].items()}
            for e in recorded.get("redis_after") or []
            if "fields" in e
        },
    )


class Comparable:
    """Puts recorded and live observations of one flow into one form.

    Message ids become <UUID:n> in order of appearance, the sink's address becomes SINK, the SMSC's
    ids `q1` and `m1` are one: a scenario may rename the recorded ones, to be alone with them.
    """

    def __init__(self, sink: str) -> None:
        ids = [(r"\bq(\d+)\b", r"m\1"), (r"\bQ(\d+)\b", r"M\1")]
        self._norm = _norm.Norm([(re.escape(sink), "SINK"), *ids])

    def publish(
        self,
        exchange: str,
        key: str,
        properties: dict[str, Any],
        headers: dict[str, Any],
        body: bytes,
    ) -> dict[str, Any]:
        """An AMQP message; delivery mode is not compared, headers of ours (x-jc-…) are left out."""
        kept = {k: v for k, v in properties.items() if k != "delivery_mode"}
        named = {k: v for k, v in headers.items() if not k.startswith("x-jc-")}
        return {
            "exchange": exchange,
            "key": key,
            "properties": self._plain(kept),
            "headers": self._plain({name: named[name] for name in sorted(named)}),
            "body": self._plain(body),
        }

    def callback(
        self, method: str, target: str, headers: Any, body: str
    ) -> tuple[str, str, list[tuple[str, str]], str]:
        """A callback; Connection is not compared."""
        named = sorted(
            (k.lower(), self._norm.s(v)) for k, v in headers if k.lower() != "connection"
        )
        return method, self._norm.s(target), named, self._norm.s(body)

    def record(self, values: dict[str, str]) -> dict[str, str]:
        return {name: self._norm.s(value) for name, value in values.items()}

    def _plain(self, value: Any) -> Any:
        if isinstance(value, bytes):
            if value[:1] == b"\x80":
                return self._plain(pickles.show(value))
            return self._norm.s(SEGMENT_REFERENCE.sub(rb"\1?", value).decode("latin-1"))
        if isinstance(value, dict):
            if value.get("class", "").endswith("SubmitSMResp"):
                value["state"]["seqNum"] = "<seq>"
            return {key: self._plain(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self._plain(part) for part in value]
        return self._norm.s(value) if isinstance(value, str) else value


def differences(live: Any, recorded: Any, at: str = "") -> list[str]:
    """Where two observations differ, one line each, by path."""
    if isinstance(live, dict) and isinstance(recorded, dict):
        names = sorted(live.keys() | recorded.keys(), key=str)
        parts = [(f"{at}.{n}", live.get(n, ABSENT), recorded.get(n, ABSENT)) for n in names]
    elif isinstance(live, list | tuple) and isinstance(recorded, list | tuple):
        pairs = itertools.zip_longest(live, recorded, fillvalue=ABSENT)
        parts = [(f"{at}[{i}]", one, other) for i, (one, other) in enumerate(pairs)]
    else:
        return [] if live == recorded else [f"{at}: live {live!r}, recorded {recorded!r}"]
    return [line for path, one, other in parts for line in differences(one, other, path)]
