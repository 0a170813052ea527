"""Whatever stands in a queue message, reading it costs little and raises our own error only.

Pickles are put together by hand from opcodes, for Python's own pickler cannot say all that an
attacker can: a value used a thousand million times over in fifty steps, a class where an object
should be, a name nobody asked for.
"""

import contextlib
import functools
import math
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp.times import RelativeTime
from jasmin_compat.wire import bill_messages, dlr_messages, mo_messages, submit_messages
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.amqp_messages import QueueMessage, Undecodable
from jasmin_compat.wire.jasmin_classes import ALLOWED, Instance, Pattern
from jasmin_compat.wire.pickled_bills import BadBill
from jasmin_compat.wire.pickles import unpickle
from tests.wire.jasmin_pickles import headers_of, message_of, published

# ---------------------------------------------------------------- pickles put together by hand


@dataclass(frozen=True)
class Raw:
    """Opcodes that leave one value on the stack."""

    octets: bytes
    what: str

    def __repr__(self) -> str:
        return self.what


def doubled(opening: bytes, twice: Callable[[bytes], bytes], depth: int = 60) -> bytes:
    """Each value holds the one before twice: taken apart it has 2**depth members."""
    recalls = [b"j" + at.to_bytes(4, "little") for at in range(depth)]
    return opening + b"".join(b"r" + each[1:] + b"0" + twice(each) for each in recalls)


TUPLES = doubled(b")", lambda before: before * 2 + b"\x86")
LISTS = doubled(b"]", lambda before: b"]" + (before + b"a") * 2)
DICTS = doubled(b"}", lambda before: b"}(K\1" + before + b"K\2" + before + b"u")


def of_type(name: str, *members: bytes) -> Raw:
    return Raw(opcodes.new(opcodes.pdu_type(name), *members), f"{name} of tuples")


def east_of(octets: bytes, seconds: int) -> Raw:
    """A datetime in its ten octets, in a zone so far east of Greenwich."""
    span = opcodes.call(opcodes.name("datetime", "timedelta"), b"K\0", opcodes.integer(seconds))
    zone = opcodes.call(opcodes.name("smpp.pdu.smpp_time", "FixedOffset"))
    zone += opcodes.dict_of((("_FixedOffset__offset", span),)) + b"b"
    moment = opcodes.call(opcodes.name("datetime", "datetime"), opcodes.octets(octets), zone)
    return Raw(moment, f"a moment {seconds} s east")


ONE = b"K\1"
SPAN = opcodes.name("smpp.pdu.smpp_time", "SMPPRelativeTime")
HOSTILE: tuple[object, ...] = (
    Raw(TUPLES, "tuples of tuples"),
    Raw(LISTS, "lists of lists"),
    Raw(DICTS, "dicts of dicts"),
    Raw(b"]r\0\1\0\0j\0\1\0\0a", "a list that holds itself"),
    Raw(b"}r\0\1\0\0X\1\0\0\0aj\0\1\0\0s", "a dict that holds itself"),
    Raw(b"csmpp.pdu.operations\nSubmitSM\n", "a class"),
    Raw(b"csmpp.pdu.pdu_types\nAddrTon\n", "an enumeration"),
    Raw(b"c_codecs\nencode\n", "a function"),
    of_type("EsmClass", TUPLES, ONE, ONE),
    of_type("RegisteredDelivery", ONE, TUPLES, TUPLES),
    of_type("DataCodingGsmMsg", TUPLES, ONE),
    of_type("CallbackNum", TUPLES, ONE, ONE, opcodes.octets(b"1")),
    of_type("Subaddress", TUPLES, TUPLES),
    Raw(
        opcodes.new(opcodes.name("smpp.pdu.smpp_time", "SMPPRelativeTime"), TUPLES, *[ONE] * 5),
        "a span of tuples",
    ),
    Raw(
        opcodes.new(
            opcodes.name("smpp.pdu.smpp_time", "SMPPRelativeTime"), *[b"J\xff\xff\xff\xff"] * 6
        ),
        "a span into the past",
    ),
    Raw(opcodes.call(opcodes.name("re", "_compile"), TUPLES, ONE), "a pattern of tuples"),
    east_of(b"\0\1\1\1\0\0\0\0\0\0", 86_399),
    east_of(b"\x27\x0f\x0c\x1f\x17\x3b\x3b\0\0\0", -86_399),
    *(
        -1,
        2**63 - 1,
        256,
        1.5,
        math.nan,
        math.inf,
        True,
        None,
        "",
        "text",
        "9" * 5000,
        b"",
        b"\xff",
    ),
    *([], {}, (), [1, 2], {"a": 1}, {1: 2}, ("a", 1, None, b""), (0x1400, 2, "Int2", "x")),
    *(Instance("DataCoding"), Instance("DataCoding", {"schemeData": "x"}), Instance("FixedOffset")),
    *(Instance("User"), Instance("SubmitSM", {"params": {}}), frozenset(), frozenset((1, 64))),
    *(datetime(1, 1, 1), datetime(9999, 12, 31), RelativeTime(1, 2, 3, 4, 5, 6)),
)
MODULES = {name: module for module, name in ALLOWED}


@functools.singledispatch
def emitted(value: Any) -> bytes:
    """Opcodes of what the machine made of a pickle of Jasmin's, or of a hostile value in it."""
    raise AssertionError(value)


emitted.register(type(None), lambda _: opcodes.NONE)
emitted.register(bool, opcodes.boolean)
emitted.register(int, opcodes.integer)
emitted.register(float, opcodes.floating)
emitted.register(str, opcodes.text)
emitted.register(bytes, opcodes.octets)
emitted.register(RelativeTime, opcodes.span)
emitted.register(datetime, opcodes.moment)
emitted.register(Raw, lambda raw: raw.octets)
emitted.register(list, lambda members: opcodes.list_of(map(emitted, members)))


@emitted.register
def _(value: Instance) -> bytes:
    items = [(key, emitted(part)) for key, part in value.state.items()]
    return opcodes.instance(opcodes.name(MODULES[value.name], value.name), items)


@emitted.register
def _(value: dict) -> bytes:  # type: ignore[type-arg]
    return b"}(" + b"".join(emitted(key) + emitted(part) for key, part in value.items()) + b"u"


@emitted.register
def _(value: frozenset) -> bytes:  # type: ignore[type-arg]
    return opcodes.call(opcodes.name("__builtin__", "set"), emitted(sorted(value)))


@emitted.register
def _(value: tuple) -> bytes:  # type: ignore[type-arg]
    members = map(emitted, value)
    if isinstance(value, Pattern):
        return opcodes.call(opcodes.name("re", "_compile"), *members)
    if not hasattr(value, "_fields"):
        return opcodes.tuple_of(*members)
    name = type(value).__name__
    return opcodes.new(opcodes.pdu_type(NAMES.get(name, name)), *members)


NAMES = {"GsmMessage": "DataCodingGsmMsg"}
"""Of stand-ins that have another name than Jasmin's class."""


def pickled(value: object) -> bytes:
    return opcodes.PROTOCOL + emitted(value) + opcodes.STOP


def places(value: object, *before: object) -> Iterator[tuple[object, ...]]:
    """Paths to every part of it."""
    yield before
    parts: Any = {}
    match value:
        case Instance(_, state):
            parts = state
        case dict():
            parts = value
        case list() | tuple():
            parts = dict(enumerate(value))
    for key, part in parts.items():
        yield from places(part, *before, key)


def changed(value: Any, path: tuple[object, ...], new: object) -> Any:
    """The same with one part replaced."""
    if not path:
        return new
    key, *rest = path
    match value:
        case Instance(name, state):
            return Instance(name, changed(state, path, new))
        case dict():
            return {**value, key: changed(value[key], tuple(rest), new)}
        case list() | tuple():
            assert isinstance(key, int)
            parts = [*value[:key], changed(value[key], tuple(rest), new), *value[key + 1 :]]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    raise AssertionError(value)


def test_a_body_put_together_again_is_the_same() -> None:
    """Or the tests below would only test garbage."""
    for body, _ in BODIES:
        assert unpickle(pickled(unpickle(body))) == unpickle(body)


# ---------------------------------------------------------------- read as each queue reads it

Read = Callable[[bytes], object]


def in_body_of(event: Any, read: Callable[[QueueMessage], object]) -> tuple[bytes, Read]:
    message = message_of(event)
    return message.body, lambda octets: read(replace(message, body=octets))


def in_header_of(
    event: Any, name: str, read: Callable[[QueueMessage], object]
) -> tuple[bytes, Read]:
    message = message_of(event)
    octets: Any = headers_of(event)[name]
    return octets, lambda new: read(replace(message, headers={**message.headers, name: new}))


def late_bill(message: QueueMessage) -> object:
    """What submit_one does with the bill when the SMSC has answered."""
    submit = submit_messages.read_submit(message)
    assert submit.bill is not None
    return bill_messages.late_bill(submit.bill, len(submit.parts))


SUBMITS = [e for e in published("submit.sm.con") if "header_pickles" in e]
MOS, ROUTED = published("deliver.sm."), published("deliver_sm_thrower.")
BODIES: list[tuple[bytes, Read]] = [
    *(in_body_of(SUBMITS[at], submit_messages.read_submit) for at in (0, 20)),
    *(in_body_of(MOS[at], mo_messages.read_mo) for at in (0, -1)),
    in_body_of(ROUTED[0], mo_messages.read_routed),
    in_header_of(ROUTED[0], "dst-connectors", mo_messages.read_routed),
    in_header_of(SUBMITS[0], "submit_sm_bill", late_bill),
]
SOON_S = 1.0
"""Of a wait for the other processes on a busy machine; without bounds it would be years."""


def read_soon(read: Read, octets: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(Undecodable, BadBill):
        read(octets)
    assert time.process_time() - began < SOON_S


# covers: W-SEC-02
@pytest.mark.parametrize(("body", "read"), BODIES, ids=range(len(BODIES)))
def test_a_hostile_value_in_any_place_costs_an_error_at_most(body: bytes, read: Read) -> None:
    value = unpickle(body)
    for at, path in enumerate(places(value)):
        for hostile in HOSTILE[at % 3 :: 3]:  # the tests below have the others, too
            read_soon(read, pickled(changed(value, path, hostile)))


@given(st.sampled_from(BODIES), st.data())
def test_several_hostile_values_cost_no_more(
    which: tuple[bytes, Read], data: st.DataObject
) -> None:
    body, read = which
    value = unpickle(body)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(list(places(value))))
        value = changed(value, path, data.draw(st.sampled_from(HOSTILE)))
    read_soon(read, pickled(value))


# ---------------------------------------------------------------- what becomes large when read

MAX_PEAK_OCTETS = 40_000_000
PART = unpickle(BODIES[0][0])
assert isinstance(PART, Instance)


def of_parts(body: bytes, count: int = 255) -> bytes:
    """A message of so many times the same part, each written out but for what `body` keeps."""
    part = b"h\xfe" + b")\x81}(X\6\0\0\0paramsh\xffX\x0b\0\0\0custom_tlvsh\xfdX\7\0\0\0nextPdu"
    kept = b"csmpp.pdu.operations\nSubmitSM\nq\xfe0" + body
    return opcodes.PROTOCOL + kept + part * count + b"N" + b"ub" * count + b"."


def params(**values: bytes) -> bytes:
    return opcodes.dict_of(values.items()) + b"q\xff0"


TEXT = opcodes.text("x" * 900_000) + b"q\xfc0"
LONG_TEXT = dict.fromkeys(("service_type", "source_addr", "destination_addr"), b"h\xfc")
PAYLOADS = {"message_payload": b"h\xfc", "sms_signal": b"h\xfc", "network_error_code": b"h\xfc"}
FULL_TLV = opcodes.tuple_of(
    *map(opcodes.integer, (0x1400, 65535)), *map(opcodes.text, ("OctetString", ""))
)
NO_TLVS = b"]q\xfd0"


# covers: W-SEC-02
@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(of_parts(TEXT + params(**LONG_TEXT) + NO_TLVS), id="a text in every field"),
        pytest.param(
            of_parts(opcodes.text("x" * 65_000) + b"q\xfc0" + params(**PAYLOADS) + NO_TLVS),
            id="payloads in every part",
        ),
        pytest.param(
            of_parts(params() + b"](" + FULL_TLV + b"q\xfc" + b"h\xfc" * 100_000 + b"eq\xfd0"),
            id="a TLV a hundred thousand times",
        ),
        pytest.param(b"\x80\x02" + b"}" * 200_000 + b".", id="many dicts"),
        pytest.param(b"\x80\x02)" + b"\x85" * 200_000 + b".", id="many tuples"),
        pytest.param(b"\x80\x02" + b"C\2ab" * 50_000 + b".", id="many octets"),
        pytest.param(
            b"\x80\x02csmpp.pdu.operations\nDataSM\nq\0" + b"h\0)\x81}b" * 70_000 + b".",
            id="many objects",
        ),
        pytest.param(b"\x80\x02" + b"(" * 200_000 + b".", id="many marks"),
        pytest.param(b"\x80\x02" + b"X\xff\xff\xff\x7f", id="a text of two gigabytes"),
    ],
)
def test_a_bomb_takes_little_room_and_time(octets: bytes) -> None:
    message = message_of(SUBMITS[0])
    tracemalloc.start()
    try:
        began = time.process_time()
        with contextlib.suppress(Undecodable):
            submit_messages.read_submit(replace(message, body=octets))
        peak = tracemalloc.get_traced_memory()[1]
        spent = time.process_time() - began
    finally:
        tracemalloc.stop()
    assert peak < MAX_PEAK_OCTETS
    assert spent < 10 * SOON_S  # tracing makes it slow


# ---------------------------------------------------------------- headers of any type

ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        2**63 - 1,
        10**400,
        1.5,
        math.nan,
        "",
        "text",
        "\u20ac\n\ud800",
        "1e999",
        "9" * 5000,
    ),
    *(b"", b"\xff", b"\x80\x02N.", datetime(1, 1, 1), [], [1], {}, {"a": [1]}),
)
READERS: list[tuple[QueueMessage, Callable[[QueueMessage], object]]] = [
    (message_of(SUBMITS[0]), submit_messages.read_submit),
    (message_of(MOS[0]), mo_messages.read_mo),
    (message_of(ROUTED[0]), mo_messages.read_routed),
    *(
        (message_of(published(key)[0]), read)
        for key, read in (
            ("dlr.submit_sm_resp", dlr_messages.read_lookup),
            ("dlr.deliver_sm", dlr_messages.read_lookup),
            ("dlr_thrower.http", dlr_messages.read_callback),
            ("dlr_thrower.smpps", dlr_messages.read_callback),
            ("bill_request.", bill_messages.read_late_bill),
        )
    ),
]
OURS = ("x-jc-tries", "x-jc-first", "x-jc-ids", "x-jc-exact-text", "x-jc-exact-url")


@pytest.mark.parametrize(("message", "read"), READERS, ids=lambda m: getattr(m, "routing_key", ""))
def test_headers_of_any_type_cost_an_error_at_most(
    message: QueueMessage, read: Callable[[QueueMessage], object]
) -> None:
    """Not all of these come out of a frame, but the readers do not know that."""
    for name in (*message.headers, *OURS):
        for odd in ODD:
            with contextlib.suppress(Undecodable):
                read(replace(message, headers={**message.headers, name: odd}))
    for body in (b"", b"\xff", b"\x80\x02N.", bytes(1 << 20)):
        with contextlib.suppress(Undecodable):
            read(replace(message, body=body))
