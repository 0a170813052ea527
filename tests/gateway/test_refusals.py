"""Refusals carry what their texts are made of."""

from jasmin_compat.gateway import refusals
from jasmin_compat.gateway.interceptors import Statuses
from jasmin_compat.gateway.messages import ConnectorId, MsgId


def test_every_reason_is_a_class_of_its_own() -> None:
    reasons = [
        refusals.BadHexContent("b'zz'"),
        refusals.Malformed("no such month"),
        refusals.NotAuthorized("full", "Cannot send MT messages"),
        refusals.ValueFiltered("full", "content"),
        refusals.InterceptorNotSet(),
        refusals.InterceptorAway(),
        refusals.InterceptionFailed(),
        refusals.Intercepted(Statuses(http_status=404, smpp_status=255)),
        refusals.Unsendable("why"),
        refusals.TooFast("full", since_s=0.5, spacing_s=1.0),
        refusals.NotCharged("full", bid="b", amount=1.5, parts=2),
        refusals.NoRoute(),
        refusals.NoConnector(ConnectorId("con1")),
        refusals.NoBoundConnector(),
        refusals.NotRemembered(MsgId("m")),
        refusals.NotQueued(MsgId("m"), ConnectorId("con1")),
    ]
    assert all(isinstance(reason, refusals.Refused) for reason in reasons)
    assert [type(r) for r in reasons] == refusals.Refused.__subclasses__()


def test_what_happened_can_be_read_from_the_message() -> None:
    assert str(refusals.NotQueued(MsgId("m1"), ConnectorId("con1"))) == "('m1', 'con1')"
    assert str(refusals.BadHexContent("b'zz'")) == "b'zz'"
