"""Names in store files: what builds an object or a value, and nothing with an effect."""

import inspect
import pickle
from datetime import date, time
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickles import MESSAGES, RefusedPickle, unpickle
from jasmin_compat.wire.store_names import STORES
from tests.wire.jasmin_objects import AddrTon, made, pickled


@given(st.dates(), st.times(), st.integers(0, 5))
def test_dates_and_times_are_read(day: date, at: time, protocol: int) -> None:
    assert unpickle(pickle.dumps([day, at], protocol), STORES) == [day, at]


@pytest.mark.parametrize("protocol", range(6))
def test_objects_of_every_protocol_are_read(protocol: int) -> None:
    octets = pickled(made("TagFilter", tag="7"), protocol)
    assert unpickle(octets, STORES) == Instance("TagFilter", {"tag": "7"})
    with pytest.raises(RefusedPickle):
        unpickle(octets, MESSAGES)


@pytest.mark.parametrize("protocol", range(6))
def test_enumerations_are_read_by_value_and_by_name(protocol: int) -> None:
    assert unpickle(pickled(AddrTon["NATIONAL"], protocol), STORES) == 2
    by_name = b"c__builtin__\ngetattr\n(csmpp.pdu.pdu_types\nAddrTon\nVNATIONAL\ntR."
    assert unpickle(by_name, STORES) == 2


def test_named_tuples_of_old_protocols_are_read() -> None:
    class EsmClass(NamedTuple):
        mode: int
        type: int
        features: list[int]

    octets = (
        b"ccopy_reg\n_reconstructor\n(csmpp.pdu.pdu_types\nEsmClass\n"
        b"c__builtin__\ntuple\n(I3\nI0\n(lttR."
    )
    assert unpickle(octets, STORES) == EsmClass(3, 0, [])


FILTER = b"cjasmin.routing.Filters\nTagFilter\n"


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"c__builtin__\nobject\n)R.", id="a base class called"),
        pytest.param(b"c__builtin__\ntuple\n)R.", id="another"),
        pytest.param(FILTER + b"(I1\ntR.", id="an argument for an object"),
        pytest.param(
            b"ccopy_reg\n_reconstructor\n(" + FILTER + b"c__builtin__\nobject\nI1\ntR.",
            id="a state",
        ),
        pytest.param(
            b"ccopy_reg\n_reconstructor\n(" + FILTER + FILTER + b"NtR.", id="another base class"
        ),
        pytest.param(b"ccopy_reg\n_reconstructor\n(I1\nI1\nNtR.", id="object of a number"),
        pytest.param(b"cdatetime\ndate\n(I1\ntR.", id="a day of a number"),
        pytest.param(b"cdatetime\ntime\n(I1\ntR.", id="a time of a number"),
        pytest.param(
            b"c__builtin__\ngetattr\n(" + FILTER + b"Vtag\ntR.", id="an attribute of a class"
        ),
    ],
)
def test_anything_else_is_refused(octets: bytes) -> None:
    with pytest.raises(RefusedPickle):
        unpickle(octets, STORES)


def test_objects_can_be_given_no_arguments() -> None:
    for (module, name), entry in STORES.names.items():
        if module.startswith("jasmin."):
            assert not inspect.signature(entry.make).parameters, name
