"""The routable and its user as scripts know them."""

import pytest

from jasmin_compat.script_worker.jasmin_names import (
    Connector,
    Group,
    InvalidLockError,
    InvalidRoutableParameterError,
    InvalidTagError,
    MtMessagingCredential,
    RoutableDeliverSm,
    RoutableSubmitSm,
    SmppClientConnector,
    TagNotFoundError,
    User,
    jasminApiCredentialError,
)
from jasmin_compat.script_worker.smpp_names import DeliverSM, SubmitSM


def routable() -> RoutableSubmitSm:
    return RoutableSubmitSm(SubmitSM(short_message=b"x"), User())


# covers: INT-06
def test_tags_are_texts() -> None:
    made = routable()
    made.addTag(5)
    made.addTag("vip")
    assert (made.getTags(), made.hasTag("5"), made.hasTag(6)) == (["5", "vip"], True, False)
    made.removeTag(5)
    with pytest.raises(TagNotFoundError, match="Trying to remove non existent tag: 5"):
        made.removeTag(5)
    with pytest.raises(InvalidTagError):
        made.addTag(1.5)
    made.flushTags()
    assert made.getTags() == []


# covers: INT-07
def test_locks_are_of_params_that_are_there() -> None:
    made = routable()
    made.lockPduParam("service_type")
    assert made.pduParamIsLocked("service_type")
    assert not made.pduParamIsLocked("esm_class")
    with pytest.raises(InvalidLockError):
        made.lockPduParam("sar_msg_ref_num")
    made.flushPduLocks()
    assert not made.pduParamIsLocked("service_type")


# covers: INT-13G
def test_tlvs() -> None:
    made = routable()
    made.setTlvParam("sar_msg_ref_num", 5)
    assert (made.getTlvParam("sar_msg_ref_num"), made.getTlvParam("x", 1)) == (5, 1)
    made.addCustomTlv(0x1401, "Int2", 5)
    assert made.getCustomTlvs() == [(0x1401, None, "Int2", 5)]


def test_a_routable_is_of_a_pdu_and_a_user() -> None:
    with pytest.raises(InvalidRoutableParameterError):
        RoutableSubmitSm("pdu", User())
    with pytest.raises(InvalidRoutableParameterError):
        RoutableDeliverSm(DeliverSM(), "connector")
    made = RoutableDeliverSm(DeliverSM(), SmppClientConnector("c1"))
    assert repr(made.connector) == "<SmppClientConnector (cid=c1)>"
    assert str(Connector("c1")) == "Generic Connector:\ncid = c1"


def test_credentials_are_read() -> None:
    credential = MtMessagingCredential()
    credential.authorizations = {"http_send": True}
    credential.quotas = {"balance": 1.5}
    credential.defaults = {"source_address": None}
    credential.value_filters = {"content": 1}
    assert credential.getAuthorization("http_send") is True
    assert credential.getQuota("balance") == 1.5
    assert credential.getDefaultValue("source_address") is None
    assert credential.getValueFilter("content") == 1
    with pytest.raises(jasminApiCredentialError):
        credential.getQuota("x")


def test_names_of_accounts() -> None:
    user = User()
    user.username = "u"
    assert (str(user), str(Group("g"))) == ("u", "g")
