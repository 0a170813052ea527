"""SMPP client connectors as values, and the table of their keys (contract/smpp-client.md §2)."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jasmin_compat.gateway.messages import ConnectorId
from jasmin_compat.gateway.tlv_rules import tlv_rules, tlv_rules_text
from jasmin_compat.gateway.unusable import Mistyped, Unusable

BindOperation = Literal["transceiver", "transmitter", "receiver"]
Takes = Literal["at once", "next bind", "restart", "creation"]
"""When a changed key takes effect on a running connector (Jasmin: smppccm.py:34)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppConnector:
    """One connector to an SMSC. Names with a unit replace Jasmin's (`KEYS` has both)."""

    cid: ConnectorId
    host: str = "127.0.0.1"
    port: int = 2775
    username: str = "smppclient"
    log_rotate: str = "midnight"
    password: str = field(default="password", repr=False)
    system_type: str = ""
    log_file: str | None = None
    """None: `default-<cid>.log` in the log folder."""
    log_level: int = 20
    log_privacy: bool = False
    bind_timeout_s: float = 30
    """For the answers to bind and unbind."""
    enquire_link_s: float = 30
    """Idle time before an enquire_link; 0 sends none."""
    response_timeout_s: float = 120
    reconnect_on_loss: bool = True
    addr_npi: int = 0
    """Of the bind, as addr_ton and address_range."""
    reconnect_on_loss_s: float = 10
    reconnect_on_failure_s: float = 10
    pdu_read_timeout_s: float = 10
    bind_operation: BindOperation = "transceiver"
    addr_ton: int = 0
    source_addr_ton: int = 2
    source_addr_npi: int = 1
    dest_addr_ton: int = 1
    address_range: str = ""
    source_addr: str | None = None
    """Put into messages that have none, when they are sent."""
    protocol_id: int | None = None
    priority_flag: int = 0
    """Shown and stored, not applied, as in Jasmin; validity_period and data_coding likewise."""
    validity_period: str | None = None
    replace_if_present_flag: int = 0
    sm_default_msg_id: int = 0
    data_coding: int = 0
    requeue_delay_s: float = 120
    """Before a message is sent again whose answer never came."""
    submit_throughput: float = 1
    """Messages a second, whole messages; 0 or less: no limit."""
    dlr_expiry_s: int = 86400
    dlr_msgid: Literal[0, 1, 2] = 0
    """Bases of the ids in submit_sm_resp and receipt (contract/dlr.md §4.2)."""
    reconnect_on_failure: bool = True
    dest_addr_npi: int = 1
    inactivity_timeout_s: float = 300
    """Without any PDU in or out the session ends; 0: never."""
    ssl: bool = False
    custom_tlvs: str = "none"
    """Rules as `gateway/tlv_rules` writes them."""
    service_type: str = ""
    # ours: not shown in the console, which shows Jasmin's keys only
    window: int = 10
    """PDUs on the wire without an answer; 1 keeps strict order."""
    ssl_ca: str | None = None
    ssl_verify: bool = False
    max_pdu_octets: int = 131_072
    inbound_open: int = 100
    """deliver_sm and data_sm worked on at a time; the stream is not read beyond."""


class BadConnector(Unusable):
    """A connector's values cannot be used; `mistakes` has one text for each, in Jasmin's words.

    Jasmin's console tells the first.
    """

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


class _Mistake(Exception):
    """One value cannot be used."""


class _UnknownValue(_Mistake):
    """Jasmin refuses it while it is typed in."""

    def __init__(self, key: "Key", value: object) -> None:
        super().__init__(f"Unknown value for key {key.name}: {value}")


Parser = Callable[["Key", object], object]


@dataclass(frozen=True, slots=True)
class Key:
    """A row of the table of keys."""

    name: str
    """In the console and in YAML."""
    field: str
    """Of SmppConnector."""
    jasmin: str
    """The attribute of Jasmin's SMPPClientConfig, which its error texts name."""
    parse: Parser
    takes: Takes = "at once"


def _text(key: Key, value: object) -> str:
    if not isinstance(value, str):
        raise _Mistake(f"{key.jasmin} must be a string")
    return value


def _wire_text(max_chars: int) -> Parser:
    def parse(key: Key, value: object) -> str:
        text = _text(key, value)
        if len(text) > max_chars:
            raise _Mistake(f"{key.jasmin} is longer than allowed size ({max_chars})")
        if not text.isascii() or "\0" in text:
            raise _Mistake(f"{key.jasmin} must be ASCII")
        return text

    return parse


def _or_none(parse: Parser, none: object = None) -> Parser:
    """`none` in any case, or a null, is the absent value (smppccm.py:79)."""

    def parse_or_none(key: Key, value: object) -> object:
        absent = value is None or (isinstance(value, str) and value.lower() == "none")
        return none if absent else parse(key, value)

    return parse_or_none


def _as_number(value: object) -> int | float | None:
    """A number as it is, or from a console's text (Jasmin: protocol.py str2num)."""
    if isinstance(value, str):
        for kind in (int, float):
            try:
                value = kind(value)
                break
            except ValueError:
                continue
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:  # an integer beyond any float
        return None


def _number(key: Key, value: object) -> float:
    number = _as_number(value)
    if number is None:
        raise _Mistake(f"{key.jasmin} must be an integer or float")
    return number


def _seconds(key: Key, value: object) -> float:
    number = _number(key, value)
    if number < 0:
        raise _Mistake(f"{key.jasmin} must not be negative")
    return number


def _whole_seconds(key: Key, value: object) -> int:
    """Redis counts a record's life in whole seconds."""
    return math.ceil(_seconds(key, value))


def _integer(least: int, most: int) -> Parser:
    def parse(key: Key, value: object) -> int:
        number = _as_number(value)
        if not isinstance(number, int):
            raise _Mistake(f"{key.jasmin} must be an integer")
        if not least <= number <= most:
            raise _Mistake(f"{key.jasmin} must be between {least} and {most}")
        return number

    return parse


def _one_of(*values: int) -> Parser:
    """An enumerated key."""

    def parse(key: Key, value: object) -> int:
        number = _as_number(value)
        if not isinstance(number, int) or number not in values:
            raise _UnknownValue(key, value)
        return number

    return parse


def _known(*values: int | str) -> Parser:
    """A key whose value Jasmin's SMPPClientConfig checks."""

    def parse(key: Key, value: object) -> int | str:
        known = value if value in values else _as_number(value)
        if isinstance(value, bool) or known not in values:
            raise _Mistake(f"Invalid {key.jasmin}: {value}")
        return known  # type: ignore[return-value]  # it is one of `values`

    return parse


def _boolean(key: Key, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value not in ("yes", "no"):
        raise _UnknownValue(key, value)
    return value == "yes"


def _tlv_rules(key: Key, value: object) -> str:
    try:
        return tlv_rules_text(tlv_rules(_text(key, value)))
    except ValueError:
        raise _UnknownValue(key, value) from None


def _cid(_key: Key, value: object) -> str:
    text = str(value)
    if not re.fullmatch(r"[A-Za-z0-9_-]{3,25}", text):
        raise _Mistake("SMPPConfig id syntax is invalid")
    return text


_TON = _one_of(0, 1, 2, 3, 4, 5, 6)
_NPI = _one_of(0, 1, 3, 4, 6, 8, 9, 10, 14, 18)
_OCTET = _integer(0, 255)

KEYS: tuple[Key, ...] = (  # in the order `smppccm -s` shows them; ours behind
    Key("cid", "cid", "id", _cid, "creation"),
    Key("host", "host", "host", _text, "restart"),
    Key("port", "port", "port", _integer(1, 65535), "restart"),
    Key("username", "username", "username", _wire_text(15), "restart"),
    Key("logrotate", "log_rotate", "log_rotate", _text, "creation"),
    Key("password", "password", "password", _wire_text(16), "restart"),
    Key("systype", "system_type", "systemType", _or_none(_wire_text(12), ""), "restart"),
    Key("logfile", "log_file", "log_file", _or_none(_text), "creation"),
    Key("loglevel", "log_level", "log_level", _one_of(10, 20, 30, 40, 50), "creation"),
    Key("logprivacy", "log_privacy", "log_privacy", _boolean),
    Key("bind_to", "bind_timeout_s", "sessionInitTimerSecs", _seconds),
    Key("elink_interval", "enquire_link_s", "enquireLinkTimerSecs", _seconds),
    Key("res_to", "response_timeout_s", "responseTimerSecs", _seconds),
    Key("con_loss_retry", "reconnect_on_loss", "reconnectOnConnectionLoss", _boolean),
    Key("bind_npi", "addr_npi", "addressNpi", _NPI, "next bind"),
    Key("con_loss_delay", "reconnect_on_loss_s", "reconnectOnConnectionLossDelay", _seconds),
    Key("con_fail_delay", "reconnect_on_failure_s", "reconnectOnConnectionFailureDelay", _seconds),
    Key("pdu_red_to", "pdu_read_timeout_s", "pduReadTimerSecs", _seconds),
    Key(
        "bind",
        "bind_operation",
        "bindOperation",
        _known("transceiver", "transmitter", "receiver"),
        "next bind",
    ),
    Key("bind_ton", "addr_ton", "addressTon", _TON, "next bind"),
    Key("src_ton", "source_addr_ton", "source_addr_ton", _TON),
    Key("src_npi", "source_addr_npi", "source_addr_npi", _NPI),
    Key("dst_ton", "dest_addr_ton", "dest_addr_ton", _TON),
    Key("addr_range", "address_range", "addressRange", _or_none(_wire_text(40), ""), "next bind"),
    Key("src_addr", "source_addr", "source_addr", _or_none(_wire_text(20))),
    Key("proto_id", "protocol_id", "protocol_id", _or_none(_OCTET)),
    Key("priority", "priority_flag", "priority_flag", _one_of(0, 1, 2, 3)),
    Key("validity", "validity_period", "validity_period", _or_none(lambda _key, value: str(value))),
    Key("ripf", "replace_if_present_flag", "replace_if_present_flag", _one_of(0, 1)),
    Key("def_msg_id", "sm_default_msg_id", "sm_default_msg_id", _OCTET),
    Key("coding", "data_coding", "data_coding", _known(*range(11), 13, 14)),
    Key("requeue_delay", "requeue_delay_s", "requeue_delay", _seconds),
    Key("submit_throughput", "submit_throughput", "submit_sm_throughput", _number),
    Key("dlr_expiry", "dlr_expiry_s", "dlr_expiry", _whole_seconds),
    Key("dlr_msgid", "dlr_msgid", "dlr_msg_id_bases", _known(0, 1, 2)),
    Key("con_fail_retry", "reconnect_on_failure", "reconnectOnConnectionFailure", _boolean),
    Key("dst_npi", "dest_addr_npi", "dest_addr_npi", _NPI),
    Key("trx_to", "inactivity_timeout_s", "inactivityTimerSecs", _seconds),
    Key("ssl", "ssl", "useSSL", _boolean, "next bind"),
    Key("custom_tlvs", "custom_tlvs", "custom_tlvs", _or_none(_tlv_rules, "none")),
    Key("service_type", "service_type", "service_type", _or_none(_wire_text(5), "")),
    Key("window", "window", "window", _integer(1, 10_000), "restart"),
    Key("ssl_ca", "ssl_ca", "ssl_ca", _or_none(_text), "next bind"),
    Key("ssl_verify", "ssl_verify", "ssl_verify", _boolean, "next bind"),
    Key("max_pdu_octets", "max_pdu_octets", "max_pdu_octets", _integer(1024, 2**31), "next bind"),
    Key("inbound_open", "inbound_open", "inbound_open", _integer(1, 10_000), "next bind"),
)
_BY_NAME = {key.name: key for key in KEYS}
_CHECKED_FIRST = (  # Jasmin's order (protocols/smpp/configs.py)
    *("cid", "port", "logprivacy", "bind_to", "elink_interval", "trx_to", "res_to", "pdu_red_to"),
    *("dlr_expiry", "host", "username", "password", "con_loss_delay", "con_fail_delay", "bind"),
    *("coding", "requeue_delay", "submit_throughput", "dlr_msgid"),
)
_IN_ORDER = (
    *(_BY_NAME[name] for name in _CHECKED_FIRST),
    *(key for key in KEYS if key.name not in _CHECKED_FIRST),
)


def check_typed(name: str, text: str) -> None:
    """What Jasmin refuses at once; everything else when the connector is saved.

    Raises:
        Mistyped: there is no such key.
        Unusable: an enumerated key has no such value.
    """
    key = _BY_NAME.get(name)
    if key is None:
        raise Mistyped(f"Unknown SMPPClientConfig key: {name}")
    try:
        key.parse(key, text)
    except _UnknownValue as wrong:
        raise Unusable(str(wrong)) from None
    except _Mistake:
        pass


def connector_from(values: Mapping[str, object]) -> SmppConnector:
    """A connector from its keys by console name; texts are read as the console reads them.

    Raises:
        BadConnector: with every mistake, in the order Jasmin looks for them.
    """
    mistakes = [f"Unknown SMPPClientConfig key: {k}" for k in values if k not in _BY_NAME]
    if values.get("cid") is None:
        mistakes.append("SMPPConfig must have an id")
    fields: dict[str, object] = {}
    for key in _IN_ORDER:
        if key.name in values and (key.name, values[key.name]) != ("cid", None):
            try:
                fields[key.field] = key.parse(key, values[key.name])
            except _Mistake as mistake:
                mistakes.append(str(mistake))
    mistakes += _contradictions(fields)
    if mistakes:
        raise BadConnector(tuple(mistakes))
    return SmppConnector(**fields)  # type: ignore[arg-type]  # the parsers give the fields' types


def updated(connector: SmppConnector, values: Mapping[str, object]) -> SmppConnector:
    """The connector with some keys changed.

    Raises:
        BadConnector
    """
    before = {key.name: getattr(connector, key.field) for key in KEYS}
    return connector_from({**before, **values})


def _contradictions(fields: dict[str, object]) -> list[str]:
    """A CA to verify by means that the peer is verified by it."""
    if fields.get("ssl_ca") is not None:
        if fields.get("ssl_verify") is False:
            return ["ssl_ca is set but ssl_verify is no"]
        fields["ssl_verify"] = True
    if fields.get("ssl_verify") and not fields.get("ssl"):
        return ["ssl_verify needs ssl yes"]
    return []


def takes_restart(before: SmppConnector, after: SmppConnector) -> bool:
    """Whether a running connector has to be started again for what was changed."""
    return any(
        getattr(before, key.field) != getattr(after, key.field)
        for key in KEYS
        if key.takes == "restart"
    )
