"""Values built through their twins are what the dataclass would have built."""

import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import get_type_hints

import pytest

from jasmin_compat.smpp.pdus import DeliverSm, SubmitSm, Tlv
from jasmin_compat.smpp.twins import constructor, quick_init


@dataclass(frozen=True, slots=True)
class Slow:
    one: int
    two: str = "b"
    three: tuple[int, ...] = field(default=(), kw_only=True)


@quick_init
@dataclass(frozen=True, slots=True)
class Quick:
    one: int
    two: str = "b"
    three: tuple[int, ...] = field(default=(), kw_only=True)


def test_what_a_constructor_makes_is_the_frozen_value_itself() -> None:
    made = constructor(Tlv)(5, b"x")
    assert type(made) is Tlv
    assert made == Tlv(5, b"x")
    assert hash(made) == hash(Tlv(5, b"x"))
    with pytest.raises(FrozenInstanceError):
        made.tag = 6


def test_signature_and_annotations_stay() -> None:
    assert str(inspect.signature(Quick)) == str(inspect.signature(Slow))
    assert get_type_hints(Quick.__init__) == get_type_hints(Slow.__init__)


@pytest.mark.parametrize(
    ("positional", "named"), [((), {}), ((1, "a", ()), {}), ((1,), {"four": 4})], ids=repr
)
def test_wrong_arguments_are_refused(positional, named) -> None:  # type: ignore[no-untyped-def]
    for cls in (Slow, Quick):
        with pytest.raises(TypeError):
            cls(*positional, **named)


def test_values_are_frozen_equal_hashed_and_shown() -> None:
    value = Quick(1, three=(3,))
    assert type(value) is Quick
    assert repr(value) == "Quick(one=1, two='b', three=(3,))"
    assert value == Quick(1, "b", three=(3,)) != Quick(2, three=(3,))
    assert hash(value) == hash(Quick(1, three=(3,)))
    assert replace(value, two="c") == Quick(1, "c", three=(3,))
    assert pickle.loads(pickle.dumps(value)) == value
    with pytest.raises(FrozenInstanceError):
        value.one = 2  # type: ignore[misc]


def test_a_class_that_inherits_its_slots_has_twins_too() -> None:
    made = DeliverSm(short_message=b"x")
    assert type(made) is DeliverSm
    assert made != SubmitSm(short_message=b"x")
    assert constructor(DeliverSm)(*(getattr(made, name) for name in SubmitSm.__slots__)) == made


def test_a_default_factory_makes_one_for_each() -> None:
    @quick_init
    @dataclass(frozen=True, slots=True)
    class Held:
        things: list[int] = field(default_factory=list)

    assert Held().things == []
    assert Held().things is not Held().things
    assert Held([1]).things == [1]
