"""The unpickler: everything a Jasmin sends, nothing anybody else might."""

import os
import pickle
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jasmin_compat.wire.jasmin_classes import ALLOWED, Instance
from jasmin_compat.wire.pickles import MESSAGES, Dialect, RefusedPickle, unpickle
from tests.wire.jasmin_pickles import as_dumped, from_recorder, headers_of, published


def pickled() -> list[Any]:
    """Bodies and headers of the recordings that are pickles, one of each size."""
    found = {}
    for event in published(""):
        if "body_pickle" in event:
            body = bytes.fromhex(event["body_hex"])
            found[event["routing_keys"][0], len(body)] = (body, event["body_pickle"])
        for name, recorded in event.get("header_pickles", {}).items():
            header = headers_of(event)[name]
            assert isinstance(header, bytes)
            found[name, len(header)] = (header, recorded)
    return [pytest.param(*found[key], id=f"{key[0]} {key[1]}") for key in sorted(found)]


# covers: W-SEC-02
@pytest.mark.parametrize(("octets", "recorded"), pickled())
def test_recorded_pickles_are_read_as_the_recorder_read_them(octets: bytes, recorded: Any) -> None:
    if "dump" in recorded:
        assert as_dumped(unpickle(octets)) == from_recorder(recorded["dump"])
    else:
        unpickle(octets)


def test_both_ways_to_pickle_an_enumeration_are_read() -> None:
    by_value = b"\x80\x02csmpp.pdu.pdu_types\nAddrNpi\nK\x03\x85R."
    by_name = b"\x80\x02c__builtin__\ngetattr\ncsmpp.pdu.pdu_types\nAddrNpi\nX\x04\0\0\0DATA\x86R."

    assert unpickle(by_value) == unpickle(by_name) == 3


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text()
    | st.binary()
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(PLAIN, st.integers(0, 5))
@example(-(2**63), 0)
def test_plain_values_of_every_protocol_are_read(value: object, protocol: int) -> None:
    assert unpickle(pickle.dumps(value, protocol)) == value


@given(st.datetimes(), st.integers(0, 5))
def test_moments_are_read(moment: datetime, protocol: int) -> None:
    assert unpickle(pickle.dumps(moment, protocol)) == moment
    span = timedelta(days=3, seconds=5)
    assert unpickle(pickle.dumps(span, protocol)) == span


class Effect:
    """What an attacker would send."""

    def __init__(self, call: Any, *arguments: object) -> None:
        self._reduced = (call, arguments)

    def __reduce__(self) -> Any:
        return self._reduced


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Effect(os.system, "true"), id="a command"),
        pytest.param(Effect(eval, "1"), id="code"),
        pytest.param(Effect(getattr, "text", "upper"), id="an attribute"),
        pytest.param(Effect(bytes, 10**9), id="a gigabyte"),
        pytest.param(OrderedDict(a=1), id="another class"),
        pytest.param(object, id="a class itself"),
        pytest.param({1.5: 2}, id="a dict by fractions"),
        pytest.param({("a",): 2}, id="a dict by tuples"),
        pytest.param({"a"}, id="a set of texts"),
        pytest.param(1 << 64, id="a great number"),
        pytest.param(bytearray(b"a"), id="a bytearray"),
    ],
)
def test_anything_else_is_refused(value: object, protocol: int) -> None:
    with pytest.raises(RefusedPickle):
        unpickle(pickle.dumps(value, protocol))


BUILD = b"}X\x04\0\0\0codeK\x01sb."


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x80\x02", id="no end"),
        pytest.param(b"\x80\x02.", id="no value"),
        pytest.param(b"\x80\x06N.", id="a protocol to come"),
        pytest.param(b"\x80\x02(N.", id="an open mark"),
        pytest.param(b"\x80\x02a.", id="append to nothing"),
        pytest.param(b"\x80\x02X\xff\xff\xff\xffa.", id="a text of four gigabytes"),
        pytest.param(b"\x80\x02Nr\xff\xff\xff\x7f.", id="a memo of two thousand million"),
        pytest.param(b"]\x94" * 70_000 + b".", id="a memo of seventy thousand"),
        pytest.param(b"I" + b"9" * 30 + b"\n.", id="a number of thirty digits"),
        pytest.param(b"\x80\x02]" + b"(" * 100 + b"e" * 100 + b".", id="a hundred marks"),
        pytest.param(b"\x80\x02cdatetime\ndatetime\n" + BUILD, id="state of a function"),
        pytest.param(b"\x80\x02csmpp.pdu.pdu_types\nAddrTon\n" + BUILD, id="of an enumeration"),
        pytest.param(b"\x80\x02csmpp.pdu.operations\nSubmitSM\n" + BUILD, id="of a class"),
        pytest.param(b"\x80\x02csmpp.pdu.operations\nSubmitSM\n)\x81K\x01b.", id="not a dict"),
        pytest.param(b"\x80\x02csmpp.pdu.pdu_types\nAddrTon\nK\x09\x85R.", id="an eighth TON"),
        pytest.param(b"\x80\x02csmpp.pdu.pdu_types\nAddrTon\nK\x00\x85R.", id="a zeroth TON"),
        pytest.param(b"\x80\x02K\x01)R.", id="call of a number"),
        pytest.param(b"\x80\x02K\x01K\x02R.", id="call with a number"),
        pytest.param(b"N" * (MESSAGES.max_octets + 1), id="beyond the bound"),
    ],
)
def test_garbage_is_refused(octets: bytes) -> None:
    with pytest.raises(RefusedPickle):
        unpickle(octets)


@pytest.mark.parametrize("attribute", [b"make", b"name", b"enumeration", b"__class__"])
def test_the_names_on_the_list_cannot_be_changed_by_a_pickle(attribute: bytes) -> None:
    before = repr(ALLOWED)
    state = b"}X%b%bK\x01s" % (len(attribute).to_bytes(4, "little"), attribute)

    for module, name in ALLOWED:
        target = f"\x80\x02c{module}\n{name}\n".encode("latin-1")
        with pytest.raises(RefusedPickle):
            unpickle(target + state + b"b.")
        with pytest.raises(RefusedPickle):
            unpickle(target + b"N" + state + b"\x86b.")

    assert repr(ALLOWED) == before


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        pytest.param(b"", b"\x85", id="tuples"),
        pytest.param(b"]", b"a", id="lists"),
        pytest.param(b"}X\x01\0\0\0a", b"s", id="dicts"),
        pytest.param(b"csmpp.pdu.operations\nDataSM\n)\x81}X\x01\0\0\0a", b"sb", id="objects"),
    ],
)
def test_deep_nesting_harms_nobody(opening: bytes, closing: bytes) -> None:
    room = (MESSAGES.max_octets - 10) // len(opening + closing)
    depth = min(room, MESSAGES.max_objects // 2)

    value = unpickle(b"\x80\x02" + opening * depth + b"N" + closing * depth + b".")

    assert value is not None
    del value  # which takes it apart, layer by layer


@given(st.binary(max_size=200))
def test_random_octets_raise_nothing_else(octets: bytes) -> None:
    for candidate in (octets, b"\x80\x02" + octets, b"\x80\x05\x95" + octets):
        try:
            unpickle(candidate)
        except RefusedPickle:
            continue


@given(st.data())
def test_a_damaged_message_raises_nothing_else(data: st.DataObject) -> None:
    bodies = [bytes.fromhex(event["body_hex"]) for event in published("submit.sm.con1")[:3]]
    damaged = bytearray(data.draw(st.sampled_from(bodies)))
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        unpickle(bytes(damaged))
    except RefusedPickle:
        return


def test_a_refusal_says_where() -> None:
    with pytest.raises(RefusedPickle, match=r"octet \d+ of \d+"):
        unpickle(b"\x80\x02cposix\nsystem\n.")


def test_an_object_has_its_name_and_state() -> None:
    assert unpickle(b"\x80\x02csmpp.pdu.operations\nDataSM\n)\x81}X\x01\0\0\0aNsb.") == Instance(
        "DataSM", {"a": None}
    )


def test_objects_are_counted() -> None:
    few = Dialect(names={}, max_octets=100, max_memo=0, max_objects=3)
    assert unpickle(b"](]]e.", few) == [[], []]
    for opcodes in (b"]](]]ee.", b"]](}}}ee.", b"]\x85\x85\x85.", b"((((ltld."):
        with pytest.raises(RefusedPickle, match="objects"):
            unpickle(opcodes, few)
