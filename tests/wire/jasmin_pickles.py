"""What a Jasmin published in the recordings, and what the recorder's stubs made of its pickles."""

import dataclasses
import functools
from datetime import datetime
from typing import Any

from jasmin_compat.smpp.times import RelativeTime
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pdu_enums import ALL
from tests import golden

FLOWS = ("flows_http_mt_dlr", "flows_smpps_mt", "flows_mo", "flows_altconfig", "multipart_dlr")
ENUMERATIONS = {enumeration.name: enumeration for enumeration in ALL}


@functools.cache
def published(key: str) -> tuple[Any, ...]:
    """Publishes of a Jasmin whose routing key starts so, in the recorded flows."""
    return tuple(
        event
        for name in FLOWS
        for flow in golden.load(name)["flows"]
        for event in flow["amqp"]
        if event.get("event") == "publish" and event["routing_keys"][0].startswith(key)
    )


def headers_of(event: Any) -> dict[str, str | int | bytes]:
    """The recorded headers as a client library gives them."""
    return {
        name: bytes.fromhex(value["$bytes"]) if isinstance(value, dict) else value
        for name, value in event["properties"].get("headers", {}).items()
    }


# ---------------------------------------------------------------- ours, as the recorder has it


@functools.singledispatch
def as_dumped(value: object) -> object:
    return value


@as_dumped.register
def _(value: Instance) -> object:
    return {"$object": value.name, "state": as_dumped(value.state)}


@as_dumped.register
def _(value: dict) -> object:  # type: ignore[type-arg]
    return {key: as_dumped(member) for key, member in value.items()}


@as_dumped.register
def _(value: list) -> object:  # type: ignore[type-arg]
    return [as_dumped(member) for member in value]


@as_dumped.register
def _(value: tuple) -> object:  # type: ignore[type-arg]
    members = [as_dumped(member) for member in value]
    return {"$args": members} if hasattr(value, "_fields") else members


@as_dumped.register
def _(value: RelativeTime) -> object:
    return {"$args": list(dataclasses.astuple(value))}


@as_dumped.register
def _(value: frozenset) -> object:  # type: ignore[type-arg]
    return {"$set": sorted(value)}


@as_dumped.register
def _(value: bytes) -> object:
    return {"$bytes": value.hex()}


@as_dumped.register
def _(value: datetime) -> object:
    return {"$moment": value.isoformat()}


# ---------------------------------------------------------------- the recorder's, with codes


def from_recorder(dump: Any) -> object:
    """Enumeration members as codes, constructor calls by their arguments alone."""
    if isinstance(dump, list):
        return [from_recorder(member) for member in dump]
    if not isinstance(dump, dict):
        return dump
    if "$set" in dump:
        return {"$set": sorted(map(from_recorder, dump["$set"]))}  # type: ignore[type-var]
    if "$object" in dump:
        return _object(dump)
    return {key: from_recorder(member) for key, member in dump.items() if key != "$latin1"}


def _object(dump: Any) -> object:
    name = dump["$object"].rpartition(".")[2]
    if name in ENUMERATIONS:
        return ENUMERATIONS[name].code_at(dump["args"][0])
    if name == "datetime":
        return {"$moment": _moment(bytes.fromhex(dump["args"][0]["$bytes"]))}
    if "args" in dump:
        return {"$args": from_recorder(dump["args"])}
    return {"$object": name, "state": from_recorder(dump["state"])}


def _moment(state: bytes) -> str:
    """ISO form of a pickled datetime."""
    year, fraction = int.from_bytes(state[:2]), int.from_bytes(state[7:])
    text = f"{year}-{state[2]:02}-{state[3]:02}T{state[4]:02}:{state[5]:02}:{state[6]:02}"
    return text + (f".{fraction:06}" if fraction else "")


def message_of(event: Any) -> QueueMessage:
    """The recorded publish as a consumer gets it."""
    properties = event["properties"]
    return QueueMessage(
        exchange=event["exchange"],
        routing_key=event["routing_keys"][0],
        body=bytes.fromhex(event["body_hex"]),
        message_id=properties.get("message_id", ""),
        headers=headers_of(event),
        reply_to=properties.get("reply_to"),
        priority=properties.get("priority"),
    )
