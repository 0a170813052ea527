"""The only unpickler: a stack machine that knows the names of wire/jasmin_classes.py, nothing else.

`pickle.loads` of what stands on a broker runs whatever its writer wished (W-SEC-02), thirteen
octets of it can take a gigabyte, and even with an allow-list BUILD may change the classes on it.
This machine has the opcodes Jasmin's pickles have (protocols 2 to 5), calls only what is listed and
builds nothing that needs recursion. It takes three times as long as Python's own; what we write
ourselves does not come here (wire/pickled_pdus.py).
"""

import struct
from collections.abc import Callable
from typing import Any, Final, cast

from jasmin_compat.wire.jasmin_classes import ALLOWED, Global, Instance

MAX_OCTETS: Final = 1 << 20
"""A message of 255 parts, the longest there can be, takes a third of it."""
_MAX_MEMO_INDEX: Final = 1 << 16
_MAX_DEPTH: Final = 64
"""Of collections within each other, tuples apart, which nothing walks through."""
_MAX_INTEGER_OCTETS: Final = 8


class RefusedPickle(Exception):
    """Not a pickle, a pickle of something Jasmin does not send, or one beyond the bounds."""


def unpickle(octets: bytes) -> object:
    """The value: plain ones, stand-ins of wire/jasmin_classes.py, enumeration members as codes.

    Raises:
        RefusedPickle: the only error.
    """
    if len(octets) > MAX_OCTETS:
        raise RefusedPickle(f"{len(octets)} octets, {MAX_OCTETS} allowed")
    machine = _Machine(octets)
    try:
        return machine.run()
    except _GARBAGE as error:
        reason = f"octet {machine.at} of {len(octets)}: {type(error).__name__} {error}"
        raise RefusedPickle(reason) from error


_GARBAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What the machine runs into where octets are no pickle, or call a listed name wrongly."""


class _Machine:
    """One run: the octets and the place in them, stack, memo."""

    __slots__ = ("at", "memo", "octets", "stack", "under_marks")

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.at = 0
        self.stack: list[Any] = []
        self.under_marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> object:
        octets, steps = self.octets, _STEPS
        while (opcode := octets[self.at]) != _STOP:
            self.at += 1
            steps[opcode](self)
        (value,) = self.stack
        if self.under_marks:
            raise ValueError("ends before a mark is taken")
        return value

    def take(self, count: int) -> bytes:
        """The next octets, all of them or none."""
        start = self.at
        self.at = end = start + count
        if end > len(self.octets):
            raise IndexError("ends within a value")
        return self.octets[start:end]

    def take_length(self, octets: int) -> bytes:
        """The next octets, their number in front."""
        return self.take(int.from_bytes(self.take(octets), "little"))

    def take_marked(self) -> list[Any]:
        """The values above the last mark."""
        marked, self.stack = self.stack, self.under_marks.pop()
        return marked


_Step = Callable[[_Machine], None]

# ---------------------------------------------------------------- steps, by what they do


def _push(value: object) -> _Step:
    return lambda machine: machine.stack.append(value)


def _push_new(kind: Callable[[], object]) -> _Step:
    return lambda machine: machine.stack.append(kind())


def _push_octet(machine: _Machine) -> None:
    machine.stack.append(machine.octets[machine.at])
    machine.at += 1


def _push_text(length_octets: int) -> _Step:
    return lambda machine: machine.stack.append(
        machine.take_length(length_octets).decode("utf-8", "surrogatepass")
    )


def _push_octets(length_octets: int) -> _Step:
    return lambda machine: machine.stack.append(machine.take_length(length_octets))


def _push_integer(octets: int, *, signed: bool = False) -> _Step:
    return lambda machine: machine.stack.append(
        int.from_bytes(machine.take(octets), "little", signed=signed)
    )


def _push_long(machine: _Machine) -> None:
    octets = machine.take_length(1)
    if len(octets) > _MAX_INTEGER_OCTETS:
        raise ValueError("integer too large")
    machine.stack.append(int.from_bytes(octets, "little", signed=True))


def _push_float(machine: _Machine) -> None:
    machine.stack.append(struct.unpack(">d", machine.take(8))[0])


def _put(index_octets: int) -> _Step:
    def put(machine: _Machine) -> None:
        index = int.from_bytes(machine.take(index_octets), "little")
        if index > _MAX_MEMO_INDEX:
            raise ValueError("memo index too large")
        machine.memo[index] = machine.stack[-1]

    return put


def _put_short(machine: _Machine) -> None:
    """The commonest of all: four in ten opcodes."""
    machine.memo[machine.octets[machine.at]] = machine.stack[-1]
    machine.at += 1


def _memoize(machine: _Machine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _get(index_octets: int) -> _Step:
    return lambda machine: machine.stack.append(
        machine.memo[int.from_bytes(machine.take(index_octets), "little")]
    )


def _mark(machine: _Machine) -> None:
    if len(machine.under_marks) == _MAX_DEPTH:
        raise ValueError("nested too deeply")
    machine.under_marks.append(machine.stack)
    machine.stack = []


def _tuple_of_one(machine: _Machine) -> None:
    machine.stack[-1] = (machine.stack[-1],)


def _tuple_of(length: int) -> _Step:
    def make(machine: _Machine) -> None:
        members = tuple(machine.stack[-length:])
        if len(members) != length:
            raise IndexError("stack is empty")
        machine.stack[-length:] = [members]

    return make


def _marked_tuple(machine: _Machine) -> None:
    members = machine.take_marked()
    machine.stack.append(tuple(members))


def _append(machine: _Machine) -> None:
    value = machine.stack.pop()
    _list(machine).append(value)


def _append_marked(machine: _Machine) -> None:
    members = machine.take_marked()
    _list(machine).extend(members)


def _list(machine: _Machine) -> list[object]:
    target = machine.stack[-1]
    if not isinstance(target, list):
        raise TypeError("append to something else than a list")
    return target


def _add_marked(machine: _Machine) -> None:
    members = machine.take_marked()
    if not all(isinstance(member, int) for member in members):
        raise TypeError("set of something else than enumeration members")
    if not isinstance(machine.stack[-1], frozenset):
        raise TypeError("add to something else than a set")
    machine.stack[-1] |= frozenset(members)  # as a new one: Jasmin never shares them


def _set_item(machine: _Machine) -> None:
    value = machine.stack.pop()
    key = machine.stack.pop()
    _fill(machine.stack[-1], [key, value])


def _set_marked(machine: _Machine) -> None:
    members = machine.take_marked()
    _fill(machine.stack[-1], members)


def _fill(target: object, members: list[object]) -> None:
    if not isinstance(target, dict):
        raise TypeError("item of something else than a dict")
    for key, value in zip(members[::2], members[1::2], strict=True):
        if not isinstance(key, str):
            raise TypeError("key is not a text")
        target[key] = value


_BY_LINES = {f"{module}\n{name}".encode(): found for (module, name), found in ALLOWED.items()}


def _push_global(machine: _Machine) -> None:
    start = machine.at
    end = machine.octets.index(b"\n", machine.octets.index(b"\n", start) + 1)
    machine.at = end + 1
    machine.stack.append(_BY_LINES[machine.octets[start:end]])


def _push_stack_global(machine: _Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(ALLOWED[module, name])


def _call(machine: _Machine) -> None:
    arguments = machine.stack.pop()
    target = machine.stack[-1]
    if not isinstance(target, Global) or type(arguments) is not tuple:
        raise TypeError("call of something else than a listed name")
    machine.stack[-1] = target.make(*arguments)


def _build(machine: _Machine) -> None:
    state = machine.stack.pop()
    target = machine.stack[-1]
    if not isinstance(target, Instance) or not isinstance(state, dict):
        raise TypeError("state of something else than an object of Jasmin")
    target.state = cast(dict[str, object], state)


def _check_protocol(machine: _Machine) -> None:
    if machine.take(1)[0] not in range(2, 6):
        raise ValueError("protocol is not 2 to 5")


def _skip_frame(machine: _Machine) -> None:
    machine.take(8)


def _refuse(machine: _Machine) -> None:
    raise ValueError(f"opcode {machine.octets[machine.at - 1]:#04x} is not one of Jasmin's")


_STOP = ord(".")
_STEPS: list[_Step] = [_refuse] * 256
for _opcodes, _step in {
    b"\x80": _check_protocol,
    b"\x95": _skip_frame,
    b"c": _push_global,
    b"\x93": _push_stack_global,
    b"R\x81": _call,
    b"b": _build,
    b"N": _push(None),
    b"\x88": _push(True),
    b"\x89": _push(False),
    b"K": _push_octet,
    b"M": _push_integer(2),
    b"J": _push_integer(4, signed=True),
    b"\x8a": _push_long,
    b"G": _push_float,
    b"X": _push_text(4),
    b"\x8c": _push_text(1),
    b"B": _push_octets(4),
    b"C": _push_octets(1),
    b")": _push(()),
    b"]": _push_new(list),
    b"}": _push_new(dict),
    b"\x8f": _push(frozenset()),
    b"(": _mark,
    b"\x85": _tuple_of_one,
    b"\x86": _tuple_of(2),
    b"\x87": _tuple_of(3),
    b"t": _marked_tuple,
    b"a": _append,
    b"e": _append_marked,
    b"s": _set_item,
    b"u": _set_marked,
    b"\x90": _add_marked,
    b"q": _put_short,
    b"r": _put(4),
    b"\x94": _memoize,
    b"h": _get(1),
    b"j": _get(4),
}.items():
    for _opcode in _opcodes:
        _STEPS[_opcode] = _step
