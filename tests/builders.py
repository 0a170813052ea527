"""Values for tests: each function gives a complete one, and what a test cares about is named."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from jasmin_compat.gateway.batches import BatchMessage
from jasmin_compat.gateway.changes import remove_connector
from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import (
    ConnectorId,
    DlrWish,
    HttpDlr,
    HttpDlrRequest,
    MsgId,
    MtRoutable,
    ReceiptArrived,
    SmppDlr,
    SmppDlrRequest,
    SmppMsgId,
)
from jasmin_compat.gateway.routes import Outlook, Route, Target
from jasmin_compat.gateway.site import Edit, Site
from jasmin_compat.gateway.users import Group, GroupId, User, UserId
from jasmin_compat.smpp.pdus import SubmitSm

CID = ConnectorId("con1")
MSGID = MsgId("7c9f0f4e-1b7b-4c3e-9f53-0d8f4f3a2b10")
NOW = datetime(2026, 11, 23, 13, 56, 18, 177_000)
"""Naive local time, as Jasmin writes it."""


def user(name: str = "full", password: str = "pwd", **fields: Any) -> User:
    return User(
        uid=UserId(name),
        gid=fields.pop("gid", GroupId("gmain")),
        username=name,
        password_md5=hashlib.md5(password.encode(), usedforsecurity=False).digest(),
        **fields,
    )


def connector(cid: ConnectorId = CID, **fields: Any) -> SmppConnector:
    return SmppConnector(cid=cid, **fields)


def default_route(cid: str = CID) -> Route:
    return Route(selection="default", targets=(Target("smppc", ConnectorId(cid)),))


def outlook(**fields: Any) -> Outlook:
    """Every connector is bound, and the last one is picked."""
    values: dict[str, Any] = {"is_bound": lambda _cid: True, "pick": lambda targets: targets[-1]}
    return Outlook(**(values | fields))


def site(*users: User, **fields: Any) -> Site:
    """One connector, and a default route to it."""
    known = users or (user(),)
    values: dict[str, Any] = {
        "groups": {u.gid: Group(gid=u.gid) for u in known},
        "users": {u.uid: u for u in known},
        "uids": {u.username: u.uid for u in known},
        "connectors": {CID: connector()},
        "mt_routes": {0: default_route()},
    }
    return Site(**(values | fields))


def removal(cid: ConnectorId) -> Callable[[Site], Edit]:
    """What the console does to a connector, if it is there."""
    return lambda site: remove_connector(site, cid) if cid in site.connectors else ()


def submit_sm(**fields: Any) -> SubmitSm:
    values = {"destination_addr": b"15550001", "short_message": b"hello", "esm_class": 3}
    return SubmitSm(**(values | fields))


def routable(**fields: Any) -> MtRoutable:
    values: dict[str, Any] = {
        "user": user(),
        "parts": (submit_sm(),),
        "source_addr_is_null": True,
        "source": "httpapi",
        "content": b"hello",
    }
    return MtRoutable(**(values | fields))


def batch_message(**fields: Any) -> BatchMessage:
    """The first of a batch, to be sent at once, nobody to be told."""
    values: dict[str, Any] = {
        "batch_id": "5f0a3a9e-3a5c-4f0e-8b67-2f6c9d1f4a01",
        "number": 1,
        "uid": UserId("full"),
        "username": "full",
        "to": ("1",),
        "params": {"to": "1", "content": "hello"},
    }
    return BatchMessage(**(values | fields))


def wish(**fields: Any) -> DlrWish:
    values: dict[str, Any] = {"url": "http://127.0.0.1/dlr", "level": 3, "method": "POST"}
    return DlrWish(**(values | fields))


def http_dlr(**fields: Any) -> HttpDlr:
    """A level-1 callback."""
    values: dict[str, Any] = {
        "msgid": MSGID,
        "url": "http://127.0.0.1/dlr",
        "method": "POST",
        "message_status": "ESME_ROK",
        "level": 1,
        "connector": "con1",
    }
    return HttpDlr(**(values | fields))


def smpp_dlr(**fields: Any) -> SmppDlr:
    values: dict[str, Any] = {
        "msgid": MSGID,
        "message_status": "DELIVRD",
        "err": "000",
        "system_id": "esme1",
        "source_addr": "1000",
        "source_addr_ton": 2,
        "source_addr_npi": 1,
        "destination_addr": "15550001",
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "sub_date": "2026-11-23 14:00:00.000001",
    }
    return SmppDlr(**(values | fields))


def http_request(**fields: Any) -> HttpDlrRequest:
    """Level 3, for a day."""
    values: dict[str, Any] = {
        "msgid": MSGID,
        "url": "http://127.0.0.1/dlr",
        "level": 3,
        "method": "POST",
        "cid": CID,
        "expiry_s": 86400,
    }
    return HttpDlrRequest(**(values | fields))


def smpp_request(**fields: Any) -> SmppDlrRequest:
    """Every receipt, for a day."""
    values: dict[str, Any] = {
        "msgid": MSGID,
        "system_id": "esme1",
        "source_addr": "1000",
        "source_addr_ton": 1,
        "source_addr_npi": 1,
        "destination_addr": "15550001",
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "submitted_at": "2026-11-23 14:04:38.851210",
        "receipt": 1,
        "expiry_s": 86400,
    }
    return SmppDlrRequest(**(values | fields))


def receipt(**fields: Any) -> ReceiptArrived:
    values: dict[str, Any] = {
        "smpp_msgid": SmppMsgId("M13"),
        "cid": CID,
        "pdu": "deliver_sm",
        "raw_id": "m13",
        "stat": "DELIVRD",
        "sub": "001",
        "dlvrd": "001",
        "submit_date": "2611231200",
        "done_date": "2611231201",
        "err": "000",
        "text": "hello",
    }
    return ReceiptArrived(**(values | fields))
