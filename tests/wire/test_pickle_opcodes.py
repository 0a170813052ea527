"""Opcodes put together by hand, read by Python's own unpickler."""

import pickle
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.smpp.times import RelativeTime
from jasmin_compat.wire import pdu_enums, pickle_opcodes
from jasmin_compat.wire.pickles import unpickle


def loads(opcodes: bytes) -> object:
    """By Python."""
    found: object = pickle.loads(pickle_opcodes.PROTOCOL + opcodes + pickle_opcodes.STOP)
    return found


def unpickled(opcodes: bytes) -> object:
    """By us."""
    return unpickle(pickle_opcodes.PROTOCOL + opcodes + pickle_opcodes.STOP)


@given(st.binary())
def test_octets(value: bytes) -> None:
    opcodes = pickle_opcodes.octets(value)

    assert loads(opcodes) == unpickled(opcodes) == pickle_opcodes.read_octets(opcodes) == value


@given(st.binary(max_size=80), st.integers(0, 60), st.integers(0, 255))
def test_other_opcodes_are_not_read_as_octets(value: bytes, at: int, octet: int) -> None:
    opcodes = bytearray(pickle_opcodes.octets(value))
    opcodes[at % len(opcodes)] = octet
    read = pickle_opcodes.read_octets(bytes(opcodes))

    assert read is None or pickle_opcodes.octets(read) == opcodes
    assert pickle_opcodes.read_octets(bytes(opcodes[:-1])) is None
    assert pickle_opcodes.read_octets(bytes(opcodes) + b"N") is None


@given(st.text())
def test_text(value: str) -> None:
    assert loads(pickle_opcodes.text(value)) == unpickled(pickle_opcodes.text(value)) == value


@given(st.integers(1 - 2**63, 2**63 - 1))
def test_integers(value: int) -> None:
    opcodes = pickle_opcodes.integer(value)

    assert loads(opcodes) == unpickled(opcodes) == value


@given(st.floats(allow_nan=False))
def test_floats(value: float) -> None:
    assert loads(pickle_opcodes.floating(value)) == value


@given(st.lists(st.integers(0, 70000), max_size=6))
def test_collections(values: list[int]) -> None:
    opcodes = [pickle_opcodes.integer(value) for value in values]
    items = {str(value): value for value in values}
    written = [(key, pickle_opcodes.integer(value)) for key, value in items.items()]

    assert loads(pickle_opcodes.list_of(opcodes)) == values
    assert loads(pickle_opcodes.tuple_of(*opcodes)) == tuple(values)
    assert loads(pickle_opcodes.dict_of(written)) == items


@pytest.mark.parametrize("value", [True, False])
def test_booleans(value: bool) -> None:
    assert loads(pickle_opcodes.boolean(value)) is value


@given(st.datetimes())
def test_naive_moments(moment: datetime) -> None:
    opcodes = pickle_opcodes.moment(moment)

    assert loads(opcodes) == unpickled(opcodes) == moment
    assert pickle_opcodes.moment(moment.replace(tzinfo=UTC)) == opcodes


@pytest.mark.parametrize("minutes", [-720, -15, 15, 345, 720])
def test_moments_of_a_zone(minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    moment = datetime(2026, 11, 23, 12, tzinfo=zone)

    assert unpickled(pickle_opcodes.moment(moment)) == moment


def test_spans() -> None:
    span = RelativeTime(1, 2, 3, 4, 5, 6)

    assert unpickled(pickle_opcodes.span(span)) == span


def test_members() -> None:
    features = pdu_enums.ESM_CLASS_GSM_FEATURES

    assert pickle_opcodes.member(pdu_enums.ADDR_TON, 7) is None
    assert unpickled(pickle_opcodes.member(pdu_enums.ADDR_NPI, 18) or b"") == 18
    assert unpickled(pickle_opcodes.named_member(pdu_enums.ADDR_NPI, "DATA")) == 3
    assert unpickled(pickle_opcodes.members(features, 0xFF)) == {0x40, 0x80}
    assert unpickled(pickle_opcodes.members(features, 0x3F)) == frozenset()
    with pytest.raises(KeyError):
        pickle_opcodes.named_member(pdu_enums.ADDR_NPI, "CARRIER_PIGEON")


@given(st.dates(), st.times())
def test_days_and_times_of_day(day: date, at: time) -> None:
    assert loads(pickle_opcodes.day(day)) == day
    assert loads(pickle_opcodes.time_of_day(at)) == at


def test_what_is_kept_is_made_once() -> None:
    often = pickle_opcodes.text("often")
    kept = pickle_opcodes.Kept([often, pickle_opcodes.integer(7)])
    items = pickle_opcodes.dict_of([("often", kept(often)), ("seldom", kept(b"N"))], kept)

    assert items.count(b"often") == 0
    assert (
        loads(kept.head + items)
        == unpickled(kept.head + items)
        == {"often": "often", "seldom": None}
    )
