"""What loggers and billers read of a queue message, as one JSON line each.

Written to the contract of seven published programs (users.md §2.3), to be run by an environment
with smpp.pdu3: with Jasmin beside it, the bill is Jasmin's own class; without, a stand-in.
"""

import importlib.util
import io
import json
import pickle
import traceback
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

HAS_JASMIN = importlib.util.find_spec("jasmin") is not None
UDH_OCTETS = 6
"""Loggers cut so many off each part of a message with a UDH."""


class Bill:
    """What jasmin.routing.Bills.SubmitSmBill is to a biller."""

    amounts: dict[str, float]

    def getTotalAmounts(self) -> float:  # noqa: N802 (Jasmin's name)
        return sum(self.amounts.values(), 0.0)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if HAS_JASMIN or not module.startswith("jasmin."):
            return super().find_class(module, name)
        return Bill if name == "SubmitSmBill" else type(name, (), {})


def load(pickled: bytes) -> Any:
    return _Unpickler(io.BytesIO(pickled)).load()


def line_of(key: str, properties: Mapping[str, Any], body: bytes) -> str:
    """One JSON line. What cannot be read gives one with `error`."""
    try:
        line = _read(key, properties, body)
    except Exception:  # noqa: BLE001 (a logger goes on)
        line = {"error": traceback.format_exc()}
    return json.dumps({"key": key, "id": properties.get("message-id"), **line})


def _read(key: str, properties: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    headers = properties.get("headers", {})
    if key.startswith("submit.sm.resp."):
        return _submit_sm_resp(load(body), headers)
    if key.startswith("submit.sm."):
        return _submit_sm(load(body), properties, headers)
    if key.startswith("dlr_thrower."):
        return {"body": body.decode(), **{name: headers[name] for name in sorted(headers)}}
    if key.startswith("bill_request.submit_sm_resp."):
        return {"body": body.decode(), "uid": headers["user-id"], "amount": headers["amount"]}
    raise ValueError(key)


def _submit_sm(
    pdu: Any, properties: Mapping[str, Any], headers: Mapping[str, Any]
) -> dict[str, Any]:
    _moment(headers["created_at"])
    parts = list(_chain(pdu))
    return {
        "class": _name(pdu),
        "status": str(pdu.status),
        "source": headers["source_connector"],
        "priority": properties["priority"],
        "reply_to": properties["reply-to"],
        "from": _text(pdu.params["source_addr"]),
        "to": _text(pdu.params["destination_addr"]),
        "coding": _coding(pdu.params["data_coding"]),
        "content": b"".join(map(_without_udh, parts)).hex(),
        "parts": [_part(part) for part in parts],
        "bill": _bill(load(headers["submit_sm_bill"])),
    }


def _chain(pdu: Any) -> Iterator[Any]:
    while pdu is not None:
        yield pdu
        pdu = getattr(pdu, "nextPdu", None)


def _part(pdu: Any) -> dict[str, Any]:
    params = pdu.params
    esm_class = params["esm_class"]
    shown = {
        "octets": len(params["short_message"]),
        "esm_class": [str(esm_class.mode), *sorted(map(str, esm_class.gsmFeatures))],
        "receipt": str(params["registered_delivery"].receipt),
        "priority": str(params["priority_flag"]),
    }
    if params["short_message"][:3] == b"\5\0\3":
        shown["udh"] = list(params["short_message"][4:UDH_OCTETS])  # how many, which
    for name in ("sar_total_segments", "sar_segment_seqnum", "more_messages_to_send"):
        if name in params:
            shown[name] = params[name] if isinstance(params[name], int) else str(params[name])
    return shown


def _without_udh(pdu: Any) -> bytes:
    content: bytes = pdu.params["short_message"]
    return content[UDH_OCTETS:] if content[:3] == b"\5\0\3" else content


def _bill(bill: Any) -> dict[str, Any]:
    return {
        "class": _name(bill) if HAS_JASMIN else "jasmin.routing.Bills.SubmitSmBill",
        "uid": bill.user.uid,
        "username": bill.user.username,
        "gid": bill.user.group.gid,
        "total": bill.getTotalAmounts(),
        "amounts": bill.amounts,
        "counts": bill.actions["decrement_submit_sm_count"],
    }


def _submit_sm_resp(pdu: Any, headers: Mapping[str, Any]) -> dict[str, Any]:
    _moment(headers["created_at"])
    shown = {"class": _name(pdu), "status": str(pdu.status)}
    if "message_id" in pdu.params:
        shown["message_id"] = _text(pdu.params["message_id"])
    return shown


def _coding(value: Any) -> Any:
    """A message of HTTP has the number, one of SMPP an object."""
    return value if isinstance(value, int) else repr(value)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _moment(text: str) -> datetime:
    """Loggers put it into their database: it must be a local time with a fraction."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f")
