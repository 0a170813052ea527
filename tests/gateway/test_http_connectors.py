"""Where MO messages are delivered."""

from jasmin_compat.gateway.http_connectors import HttpConnector
from jasmin_compat.gateway.messages import ConnectorId


def test_a_connector_is_a_value() -> None:
    values = {"cid": ConnectorId("http_1"), "url": "http://127.0.0.1/mo", "method": "GET"}
    assert HttpConnector(**values) == HttpConnector(**values)
