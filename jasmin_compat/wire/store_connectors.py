"""SMPP client connectors of Jasmin's store files (smpp-client.md §2, routing.md §9).

Keys only we have travel as attributes Jasmin does not look at.
"""

import posixpath
from collections.abc import Mapping
from typing import Final

from jasmin_compat.gateway.connectors import KEYS, BadConnector, Key, SmppConnector, connector_from
from jasmin_compat.gateway.tlv_rules import TlvRule, tlv_rules, tlv_rules_text
from jasmin_compat.wire import pdu_enums, pickled_fields
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import EsmClass, Instance, RegisteredDelivery
from jasmin_compat.wire.pdu_enums import Enumeration
from jasmin_compat.wire.pickled_accounts import number
from jasmin_compat.wire.store_values import LeftOut, instance, shown, text

_ENUMERATIONS: Final[Mapping[str, Enumeration]] = {
    "bind_ton": pdu_enums.ADDR_TON,
    "bind_npi": pdu_enums.ADDR_NPI,
    "src_ton": pdu_enums.ADDR_TON,
    "src_npi": pdu_enums.ADDR_NPI,
    "dst_ton": pdu_enums.ADDR_TON,
    "dst_npi": pdu_enums.ADDR_NPI,
    "priority": pdu_enums.PRIORITY_FLAG,
    "ripf": pdu_enums.REPLACE_IF_PRESENT_FLAG,
}
_TEXTS: Final = frozenset(
    (
        *("host", "username", "password", "systype", "addr_range", "src_addr", "logfile"),
        *("logrotate", "service_type", "ssl_ca", "validity"),
    )
)
"""The console keeps `200` as a number, of some of them."""
_NONE_IF_EMPTY: Final = frozenset(("addr_range", "service_type"))
_FIXED: Final = {
    "log_format": opcodes.text("%(asctime)s %(levelname)-8s %(process)d %(message)s"),
    "log_date_format": opcodes.text("%Y-%m-%d %H:%M:%S"),
    "SSLCertificateFile": opcodes.NONE,
    "esm_class": pickled_fields.ESM_CLASS[3],
    "schedule_delivery_time": opcodes.NONE,
    "registered_delivery": pickled_fields.REGISTERED_DELIVERY[0],
    "PendingRestart": opcodes.boolean(False),
}
"""What Jasmin's console cannot set."""
_STORE_AND_FORWARD: Final = 3
_NOTHING_HERE: Final = ("SSLCertificateFile", "schedule_delivery_time")


def write_connector(connector: SmppConnector, *, is_started: bool, log_folder: str) -> bytes:
    """`log_folder` is where the log of a connector is that names none."""
    attributes = {key.jasmin: _written(key, connector, log_folder) for key in KEYS}
    config = opcodes.instance(
        opcodes.name("jasmin.protocols.cli.smppccm", "JCliSMPPClientConfig"),
        (attributes | _FIXED).items(),
    )
    return opcodes.dict_of(
        (
            ("id", opcodes.text(connector.cid)),
            ("config", config),
            ("service_status", opcodes.integer(is_started)),
        )
    )


def _written(key: Key, connector: SmppConnector, log_folder: str) -> bytes:
    value = getattr(connector, key.field)
    if key.name in _ENUMERATIONS:
        return opcodes.member(_ENUMERATIONS[key.name], value) or opcodes.integer(value)
    if key.name == "custom_tlvs":
        return opcodes.list_of(map(_rule, tlv_rules(value)))
    if key.name == "logfile" and value is None:
        value = _default_log(connector.cid, log_folder)
    if value is None or (value == "" and key.name in _NONE_IF_EMPTY):
        return opcodes.NONE
    if isinstance(value, bool):
        return opcodes.boolean(value)
    return opcodes.text(value) if isinstance(value, str) else number(value)


def _default_log(cid: str, log_folder: str) -> str:
    return f"{log_folder}/default-{cid}.log"


def _is_default_log(value: object, cid: str, log_folder: str) -> bool:
    """Jasmin's own folder ends with a slash, and gets another."""
    default = _default_log(cid, log_folder)
    return isinstance(value, str) and posixpath.normpath(value) == posixpath.normpath(default)


def _rule(rule: TlvRule) -> bytes:
    return opcodes.dict_of(
        (
            ("tag", opcodes.integer(rule.tag)),
            ("type", opcodes.text(rule.type)),
            ("length", number(rule.max_octets)),
            ("required", opcodes.boolean(rule.is_required)),
        )
    )


# ---------------------------------------------------------------- reading


def read_connector(
    found: object, *, defaults: Mapping[str, object], log_folder: str
) -> tuple[SmppConnector, bool, list[str]]:
    """The connector, whether it is started, and what of it is not carried over.

    `defaults` are by console name, for what the store does not say.

    Raises:
        LeftOut: the whole of it is not.
    """
    if not isinstance(found, dict):
        raise LeftOut(f"{shown(found)} where a connector must be")
    config = instance(found.get("config"), "JCliSMPPClientConfig", "SMPPClientConfig")
    cid = text(config, "id")
    values = {key.name: _value(key, config) for key in KEYS if key.jasmin in config.state}
    if _is_default_log(values.get("logfile"), cid, log_folder):
        values["logfile"] = None
    try:
        connector = connector_from({**defaults, **values})
    except BadConnector as reason:
        raise LeftOut(str(reason)) from reason
    return connector, found.get("service_status") in (1, True), _others(config)


def _value(key: Key, config: Instance) -> object:
    """As gateway/connectors.py reads it."""
    value = config.state[key.jasmin]
    if key.name == "custom_tlvs":
        return _rules(value)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if value is not None and not isinstance(value, bool | int | float | str):
        raise LeftOut(f"{key.jasmin} is {shown(value)}")
    if key.name in _ENUMERATIONS and isinstance(value, str):
        try:
            return _ENUMERATIONS[key.name].from_text(value)
        except KeyError:
            raise LeftOut(f"{key.jasmin} is {shown(value)}") from None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number and key.name in _TEXTS else value


def _rules(found: object) -> str:
    """Of Jasmin's list of dicts."""
    if found is None:
        return "none"
    if not isinstance(found, list):
        raise LeftOut(f"custom_tlvs is {shown(found)}")
    written = []
    for rule in found:
        values = (
            [] if not isinstance(rule, dict) else [rule.get(k) for k in ("tag", "type", "length")]
        )
        if not values or not all(v is None or isinstance(v, int | str) for v in values):
            raise LeftOut("custom_tlvs has something else than rules")
        tag, kind, length = values
        need = "required" if rule.get("required") is True else "optional"
        written.append(f"{tag},{kind},{'-' if length is None else length},{need}")
    try:
        return tlv_rules_text(tlv_rules(";".join(written)))
    except ValueError as reason:
        raise LeftOut(f"custom_tlvs has no such rule: {shown(str(reason))}") from reason


def _others(config: Instance) -> list[str]:
    """What Jasmin's console cannot set, and who set it over Perspective Broker finds missing."""
    unknown = [n for n in _NOTHING_HERE if config.state.get(n) is not None]
    esm_class = config.state.get("esm_class")
    if isinstance(esm_class, EsmClass) and not _is_store_and_forward(esm_class):
        unknown.append("esm_class")
    receipt = config.state.get("registered_delivery")
    if isinstance(receipt, RegisteredDelivery) and receipt.receipt != 0:
        unknown.append("registered_delivery")
    return [f"{name} is not carried over" for name in unknown]


def _is_store_and_forward(found: EsmClass) -> bool:
    return found.mode == _STORE_AND_FORWARD and found.type == 0 and not found.features
