"""SMPP client connectors of Jasmin's store files."""

from typing import Any

import pytest

from jasmin_compat.gateway.connectors import KEYS, SmppConnector
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import EsmClass, Instance, RegisteredDelivery
from jasmin_compat.wire.pickles import unpickle
from jasmin_compat.wire.store_connectors import read_connector, write_connector
from jasmin_compat.wire.store_names import STORES
from jasmin_compat.wire.store_values import LeftOut
from tests import builders

LOGS = "/var/log/jasmin"


def entry(**state: Any) -> dict[str, object]:
    config = Instance("JCliSMPPClientConfig", {"id": "con1"} | state)
    return {"id": "con1", "config": config, "service_status": 0}


def read(**state: Any) -> SmppConnector:
    return read_connector(entry(**state), defaults={}, log_folder=LOGS)[0]


def test_what_is_missing_has_its_default() -> None:
    assert read() == builders.connector()


def test_what_the_settings_say_is_for_what_the_store_does_not() -> None:
    found, defaults = entry(window=3), {"window": 50, "inbound_open": 7}
    connector, _, _ = read_connector(found, defaults=defaults, log_folder=LOGS)
    assert (connector.window, connector.inbound_open) == (3, 7)


def test_values_of_every_form_jasmin_has_are_read() -> None:
    connector = read(
        addressTon=1,  # an enumeration's member
        source_addr_npi="LAND_MOBILE",  # what the console makes of 6
        priority_flag="LEVEL_2",
        replace_if_present_flag="REPLACE",
        systemType=None,
        addressRange=None,
        protocol_id="none",
        validity_period=200,
        source_addr=b"1234",
        log_rotate=5,
        custom_tlvs=[{"tag": 0x1400, "type": "Int2", "length": None, "required": True}],
    )
    assert (connector.addr_ton, connector.source_addr_npi) == (1, 6)
    assert (connector.priority_flag, connector.replace_if_present_flag) == (2, 1)
    assert (connector.system_type, connector.address_range, connector.protocol_id) == ("", "", None)
    assert (connector.validity_period, connector.source_addr) == ("200", "1234")
    assert (connector.log_rotate, connector.custom_tlvs) == ("5", "0x1400,Int2,-,required")


def test_the_log_every_connector_has_is_not_named() -> None:
    assert read(log_file=f"{LOGS}/default-con1.log").log_file is None
    assert read(log_file=f"{LOGS}//default-con1.log").log_file is None
    assert read(log_file=f"{LOGS}/default-con2.log").log_file == f"{LOGS}/default-con2.log"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"id": None}, "id is None"),
        ({"id": "x"}, "id syntax"),
        ({"port": "x"}, "port must be an integer"),
        ({"port": []}, "port is a list"),
        ({"addressTon": "NORTH"}, "addressTon is 'NORTH'"),
        ({"custom_tlvs": {}}, "custom_tlvs is a dict"),
        ({"custom_tlvs": [{"tag": []}]}, "something else than rules"),
        ({"custom_tlvs": [{"tag": 1, "type": "Int3"}]}, "no such rule"),
    ],
)
def test_what_is_no_connector_is_left_out(state: dict[str, Any], said: str) -> None:
    with pytest.raises(LeftOut, match=said):
        read(**state)


def test_what_only_perspective_broker_sets_is_named() -> None:
    state = {
        "SSLCertificateFile": "/a.pem",
        "esm_class": EsmClass(0, 0, frozenset()),
        "registered_delivery": RegisteredDelivery(1, frozenset(), False),
    }
    _, _, lost = read_connector(entry(**state), defaults={}, log_folder=LOGS)
    assert lost == [f"{name} is not carried over" for name in state]
    usual = {
        "esm_class": EsmClass(3, 0, frozenset()),
        "registered_delivery": RegisteredDelivery(0, frozenset(), False),
    }
    assert read_connector(entry(**usual), defaults={}, log_folder=LOGS)[2] == []


def test_a_connector_holds_what_jasmins_does_and_our_keys() -> None:
    octets = write_connector(builders.connector(window=1), is_started=True, log_folder=LOGS)
    found = unpickle(opcodes.PROTOCOL + octets + opcodes.STOP, STORES)
    assert isinstance(found, dict)
    assert (found["id"], found["service_status"]) == ("con1", 1)
    state = found["config"].state
    assert set(state) == {key.jasmin for key in KEYS} | {
        *("log_format", "log_date_format", "SSLCertificateFile", "esm_class"),
        *("schedule_delivery_time", "registered_delivery", "PendingRestart"),
    }
    assert (state["window"], state["addressRange"], state["systemType"]) == (1, None, "")
    assert (state["log_file"], state["service_type"]) == (f"{LOGS}/default-con1.log", None)
