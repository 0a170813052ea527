"""Our pickles in smpp.pdu3 itself, and its objects in our readers: what a logger of a stranger has.

A logger unpickles with the real classes, and a Jasmin daemon sends what it got. So our bodies must
become the objects Jasmin's would, and the library must make of them the octets our codec makes.
"""

import contextlib
import functools
import io
import itertools
import operator
import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat_tests.jasmin_side.describe import describe, differences
from jasmin_compat.gateway.messages import ConnectorId, MsgId
from jasmin_compat.smpp import codec, commands, tlvs
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, SubmitSm, Tlv
from jasmin_compat.smpp.split import LongContent, split
from jasmin_compat.wire import pdu_enums, pickled_routed, pickled_tlvs
from jasmin_compat.wire.mo_messages import read_mo, read_routed, write_mo, write_routed
from jasmin_compat.wire.pdu_enums import Enumeration
from jasmin_compat.wire.pickled_pdus import MAX_PARTS, PickledSubmit, read_submit, write_submit
from jasmin_compat.wire.submit_messages import read_submit as read_queued
from jasmin_compat.wire.submit_messages import write_submit as write_queued
from jasmin_compat.wire.submit_messages import write_submit_resp
from tests.wire import real_smpp
from tests.wire.jasmin_pickles import headers_of, message_of, published

# ---------------------------------------------------------------- what Jasmin recorded

MAY_DIFFER = re.compile(
    r"\.seqNum(?:\[\d\])*: "  # of another session: given anew when the PDU is sent
    r"|\.params(?:\[\d+\])+: '(20\d\d-\S+\.\d)\d+' is not '\1"  # SMPP has tenths of a second
    r"|\.params(?:\[\d+\])+: None is not \[\['smpp.pdu.pdu_types.EsmClassMode', 'DEFAULT'\]"
    r"|\.params(?:\[\d+\])+: 'NoneType' is not 'smpp.pdu.pdu_types.EsmClass'"
)
"""The last two: of an MO it has joined Jasmin takes the esm_class off, and sends 0 for None."""


def unlike(theirs: bytes, ours: bytes) -> list[str]:
    """Where two pickles become different objects."""
    found = differences(describe(real_smpp.load(theirs)), describe(real_smpp.load(ours)))
    return [each for each in found if not MAY_DIFFER.search(each)]


def body(event: Any) -> bytes:
    return bytes.fromhex(event["body_hex"])


# covers: AMQP-01 AMQP-02
def test_a_submit_sm_becomes_the_objects_that_jasmins_becomes() -> None:
    for event in published("submit.sm.con"):
        assert unlike(body(event), write_queued(read_queued(message_of(event))).body) == []


# covers: AMQP-01 MO-11
def test_an_mo_becomes_the_objects_that_jasmins_becomes() -> None:
    for event in published("deliver.sm."):
        assert unlike(body(event), write_mo(read_mo(message_of(event))).body) == []


# covers: AMQP-01
def test_a_routed_mo_becomes_the_objects_that_jasmins_becomes() -> None:
    for event in published("deliver_sm_thrower."):
        ours = write_routed(read_routed(message_of(event)))
        theirs: Any = headers_of(event)["dst-connectors"]
        receivers: Any = ours.headers["dst-connectors"]
        assert unlike(body(event), ours.body) == []
        assert unlike(theirs, receivers) == []


# covers: AMQP-01 SMPPC-29
def test_a_copy_of_a_response_becomes_the_object_that_jasmins_becomes() -> None:
    for event in published("submit.sm.resp."):
        found, message = real_smpp.load(body(event)), message_of(event)
        ours = write_submit_resp(
            MsgId(message.message_id),
            ConnectorId("con1"),
            command_status=pdu_enums.COMMAND_STATUS.code_of(found.status.name),
            message_id=found.params.get("message_id", b""),
            now=datetime.fromisoformat(str(message.headers["created_at"])),
        )
        assert unlike(body(event), ours.body) == []
        assert str(real_smpp.load(ours.body).status) == f"CommandStatus.{found.status.name}"


# ---------------------------------------------------------------- whatever SMPP can say

ENCODER = real_smpp.encoding.PDUEncoder()
UNFAITHFUL = {
    # Octets, of which it can only write as many as it read last.
    *(tlvs.MESSAGE_PAYLOAD, tlvs.SOURCE_SUBADDRESS, tlvs.DEST_SUBADDRESS, tlvs.NETWORK_ERROR_CODE),
    tlvs.CALLBACK_NUM,  # cannot be read: "Unknown addr_npi value 0x4a"
    tlvs.SMS_SIGNAL,
}
"""What smpp.pdu3 0.6 itself does not bring through."""


def one_of(enumeration: Enumeration) -> st.SearchStrategy[int]:
    return st.sampled_from(enumeration.codes())


def text(max_size: int) -> st.SearchStrategy[bytes]:
    """A C-octet string."""
    return st.binary(max_size=max_size).map(lambda octets: octets.replace(b"\0", b"\1"))


def value_of(tag: int) -> st.SearchStrategy[bytes]:
    enumeration = pickled_tlvs.ENUMERATIONS.get(tag)
    if enumeration is not None:
        return one_of(enumeration).map(lambda code: bytes((code,)))
    if tag == tlvs.NUMBER_OF_MESSAGES:  # SMPP 3.4 §5.3.2.32
        return st.integers(0, 99).map(lambda number: bytes((number,)))
    spec = tlvs.TABLE[tag]
    if spec.kind is tlvs.Kind.C_OCTETS:
        return text(spec.max_octets - 1).map(lambda octets: octets + b"\0")
    size = 2 if tag == tlvs.SOURCE_TELEMATICS_ID else spec.min_octets
    return st.binary(min_size=size, max_size=size)


def parameters(known: tuple[int, ...]) -> st.SearchStrategy[tuple[Tlv, ...]]:
    """In the order in which the library sends them."""
    usable = [tag for tag in known if tag not in UNFAITHFUL]
    tags = st.sets(st.sampled_from(usable), max_size=4).map(
        lambda some: [tag for tag in known if tag in some]
    )
    return tags.flatmap(
        lambda some: st.tuples(*(value_of(t).map(functools.partial(Tlv, t)) for t in some))
    )


MOMENT = st.datetimes(datetime(2001, 1, 1), datetime(2068, 12, 31)).map(
    lambda at: at.strftime("%y%m%d%H%M%S000+").encode()
)
TIME = st.just(b"") | MOMENT | st.just(b"000007000000000R")
ESM_CLASS = st.builds(
    lambda *bits: functools.reduce(operator.or_, bits),
    one_of(pdu_enums.ESM_CLASS_MODE),
    one_of(pdu_enums.ESM_CLASS_TYPE),
    st.sampled_from((0, 0x40, 0x80, 0xC0)),
)
DELIVERY = st.builds(
    lambda *bits: functools.reduce(operator.or_, bits),
    one_of(pdu_enums.REGISTERED_DELIVERY_RECEIPT),
    st.sampled_from((0, 0x04, 0x08, 0x0C)),
    st.sampled_from((0, 0x10)),
)
ADDRESSES: dict[str, Any] = {
    "service_type": text(5),
    "source_addr_ton": one_of(pdu_enums.ADDR_TON),
    "source_addr_npi": one_of(pdu_enums.ADDR_NPI),
    "source_addr": text(20),
    "dest_addr_ton": one_of(pdu_enums.ADDR_TON),
    "dest_addr_npi": one_of(pdu_enums.ADDR_NPI),
    "destination_addr": text(20),
    "esm_class": ESM_CLASS,
    "registered_delivery": DELIVERY,
    "data_coding": one_of(pdu_enums.DATA_CODING_DEFAULT)
    | st.sampled_from([0xF0 | code for code in range(8)]),
}
MESSAGE: dict[str, Any] = ADDRESSES | {
    "protocol_id": st.integers(0, 255),
    "priority_flag": one_of(pdu_enums.PRIORITY_FLAG),
    "schedule_delivery_time": TIME,
    "validity_period": TIME,
    "replace_if_present_flag": one_of(pdu_enums.REPLACE_IF_PRESENT_FLAG),
    "sm_default_msg_id": st.integers(0, 254),
    "short_message": st.binary(max_size=254),
}
NUMBER = 1
SUBMITS = st.builds(SubmitSm, tlvs=parameters(pickled_tlvs.SUBMIT_SM), **MESSAGE)
NO_TIMES = {"schedule_delivery_time": st.just(b""), "validity_period": st.just(b"")}
"""As SMPP 3.4 §4.6.1 has it; the library refuses others."""
RECEIVED = st.builds(
    DeliverSm, tlvs=parameters(pickled_tlvs.DELIVER_SM), **(MESSAGE | NO_TIMES)
) | st.builds(DataSm, tlvs=parameters(pickled_tlvs.DATA_SM), **ADDRESSES)


def framed(pdu: SubmitSm | DeliverSm | DataSm) -> bytes:
    command_id = {
        SubmitSm: commands.SUBMIT_SM,
        DeliverSm: commands.DELIVER_SM,
        DataSm: commands.DATA_SM,
    }[type(pdu)]
    return codec.frame(command_id, 0, NUMBER, codec.encode_body(pdu))


def decoded(pdu: SubmitSm | DeliverSm | DataSm) -> Any:
    """The object a Jasmin makes of it when it comes over SMPP."""
    with contextlib.redirect_stdout(None):  # it prints the last letter of each time
        return ENCODER.decode(io.BytesIO(framed(pdu)))


def as_loaded(octets: bytes) -> Any:
    """What a pickle of ours becomes, with a sequence number."""
    loaded = real_smpp.load(octets)
    loaded.seqNum = NUMBER
    return loaded


PARTS = st.lists(SUBMITS, min_size=1, max_size=3)
PROTOCOLS = st.integers(2, 5)


# covers: AMQP-02
@given(PARTS)
def test_what_we_queue_is_what_a_jasmin_would_and_the_library_sends_it(
    parts: list[SubmitSm],
) -> None:
    loaded = as_loaded(
        write_submit(PickledSubmit(tuple(parts), source_addr_is_null=False), is_of_http=False)
    )
    for part in parts:
        following = vars(loaded).pop("nextPdu", None)
        loaded.seqNum = NUMBER
        assert differences(describe(decoded(part)), describe(loaded)) == []
        assert ENCODER.encode(loaded) == framed(part)
        loaded = following
    assert loaded is None


# covers: AMQP-02
@given(PARTS, PROTOCOLS)
def test_what_a_jasmin_queues_is_read_as_it_came(parts: list[SubmitSm], protocol: int) -> None:
    pdus = [decoded(part) for part in parts]
    for pdu, following in itertools.pairwise(pdus):
        pdu.nextPdu = following

    read = read_submit(real_smpp.dump(pdus[0], protocol))

    assert read.parts == tuple(parts)


# covers: AMQP-01
@given(RECEIVED, PROTOCOLS)
def test_what_a_connector_receives_is_the_same_both_ways(
    pdu: DeliverSm | DataSm, protocol: int
) -> None:
    expected = decoded(pdu)
    expected.dlr = None  # Jasmin looked whether it is a receipt

    loaded = as_loaded(pickled_routed.write_pdu(pdu))

    assert differences(describe(expected), describe(loaded)) == []
    assert ENCODER.encode(loaded) == framed(pdu)
    assert pickled_routed.read_pdu(real_smpp.dump(expected, protocol)) == pdu


# covers: LONG-12
@pytest.mark.parametrize("protocol", [2, 5])
def test_a_message_of_most_parts_is_read_as_a_jasmin_pickles_it(protocol: int) -> None:
    policy = LongContent(max_parts=MAX_PARTS)
    parts = split(SubmitSm(data_coding=8), b"\xff" * 134 * MAX_PARTS, policy=policy, reference=1)
    ours = write_submit(PickledSubmit(parts, source_addr_is_null=False), is_of_http=True)

    assert read_submit(real_smpp.dump(real_smpp.load(ours), protocol)).parts == parts
