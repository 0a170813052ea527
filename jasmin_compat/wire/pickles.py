"""The only unpickler: a stack machine that knows the names it is given, and nothing else.

`pickle.loads` of what stands on a broker runs whatever its writer wished (W-SEC-02), thirteen
octets of it can take a gigabyte, and even with an allow-list BUILD may change the classes on it.
This machine has the opcodes Jasmin's pickles have (protocols 0 to 5: `pickle_protocol` is a setting
of its store files), calls only what is listed and builds nothing that needs recursion. It takes
three times as long as Python's own; what we write into queues does not come here
(wire/pickled_pdus.py).
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from jasmin_compat.wire.jasmin_classes import ALLOWED, Global, Instance

_MAX_DEPTH: Final = 600
"""Of marks within each other; a message of 255 parts has two to a part."""
_NEWEST_PROTOCOL: Final = 5
_TOLD_CHARS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What pickles of one sort may name, and how large they may be."""

    names: Mapping[tuple[str, str], Global]
    """By module and name."""
    max_octets: int
    max_memo: int
    """Values kept to be used again; each takes a hundred times its opcode."""
    max_objects: int
    """Collections and what listed names make, for the same reason."""
    max_integer_octets: int = 8
    by_lines: Mapping[bytes, Global] = field(init=False, repr=False)
    """The names as the opcode GLOBAL has them."""

    def __post_init__(self) -> None:
        lines = {f"{module}\n{name}".encode(): g for (module, name), g in self.names.items()}
        object.__setattr__(self, "by_lines", lines)


MESSAGES: Final = Dialect(names=ALLOWED, max_octets=1 << 20, max_memo=1 << 16, max_objects=1 << 16)
"""In queues and their headers. One of 255 parts, the longest there can be, takes a third of it; the
worst that can be read within these bounds takes 20 MB for a moment."""


class RefusedPickle(Exception):
    """Not a pickle, a pickle of something Jasmin does not send, or one beyond the bounds."""


def unpickle(octets: bytes, dialect: Dialect = MESSAGES) -> object:
    """The value: plain ones, stand-ins of wire/jasmin_classes.py, enumeration members as codes.

    Raises:
        RefusedPickle: the only error.
    """
    if len(octets) > dialect.max_octets:
        raise RefusedPickle(f"{len(octets)} octets, {dialect.max_octets} allowed")
    machine = _Machine(octets, dialect)
    try:
        return machine.run()
    except _GARBAGE as error:
        place = f"octet {machine.at} of {len(octets)}"
        raise RefusedPickle(f"{place}: {type(error).__name__} {_told(error)}") from None


_GARBAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What the machine runs into where octets are no pickle, or call a listed name wrongly."""


def _told(error: Exception) -> str:
    """What Python says of it. A value out of the pickle is not asked: forty tuples, each of the
    one before twice, have a text of more octets than there are."""
    said = error.args[0] if error.args else ""
    return str(said)[:_TOLD_CHARS] if isinstance(said, str | bytes) else ""


class _Machine:
    """One run: the octets and the place in them, stack, memo."""

    __slots__ = ("at", "dialect", "memo", "objects_left", "octets", "stack", "under_marks")

    def __init__(self, octets: bytes, dialect: Dialect) -> None:
        self.octets = octets
        self.dialect = dialect
        self.objects_left = dialect.max_objects
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

    def take_line(self) -> bytes:
        """The next octets up to the end of the line, which protocols 0 and 1 have."""
        start = self.at
        end = self.octets.index(b"\n", start)
        self.at = end + 1
        return self.octets[start:end]

    def count(self) -> None:
        """One more object."""
        self.objects_left -= 1
        if self.objects_left < 0:
            raise ValueError("too many objects")

    def keep(self, index: int) -> None:
        """The value on the stack, to be used again by this number."""
        if not 0 <= index < self.dialect.max_memo:
            raise ValueError("memo index too large")
        self.memo[index] = self.stack[-1]

    def take_marked(self) -> list[Any]:
        """The values above the last mark."""
        marked, self.stack = self.stack, self.under_marks.pop()
        return marked


_Step = Callable[[_Machine], None]

# ---------------------------------------------------------------- steps, by what they do


def _push(value: object) -> _Step:
    return lambda machine: machine.stack.append(value)


def _push_new(kind: Callable[[], object]) -> _Step:
    def push(machine: _Machine) -> None:
        machine.count()
        machine.stack.append(kind())

    return push


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
    if len(octets) > machine.dialect.max_integer_octets:
        raise ValueError("integer too large")
    machine.stack.append(int.from_bytes(octets, "little", signed=True))


def _push_float(machine: _Machine) -> None:
    machine.stack.append(struct.unpack(">d", machine.take(8))[0])


def _put(index_octets: int) -> _Step:
    return lambda machine: machine.keep(int.from_bytes(machine.take(index_octets), "little"))


def _put_short(machine: _Machine) -> None:
    """The commonest of all: four in ten opcodes."""
    machine.memo[machine.octets[machine.at]] = machine.stack[-1]
    machine.at += 1


def _put_line(machine: _Machine) -> None:
    machine.keep(_decimal(machine, machine.take_line()))


def _memoize(machine: _Machine) -> None:
    machine.keep(len(machine.memo))


def _get(index_octets: int) -> _Step:
    return lambda machine: machine.stack.append(
        machine.memo[int.from_bytes(machine.take(index_octets), "little")]
    )


def _get_short(machine: _Machine) -> None:
    machine.stack.append(machine.memo[machine.octets[machine.at]])
    machine.at += 1


def _get_line(machine: _Machine) -> None:
    machine.stack.append(machine.memo[_decimal(machine, machine.take_line())])


def _decimal(machine: _Machine, line: bytes) -> int:
    most = machine.dialect.max_integer_octets
    if len(line) <= 3 * most and _sign_apart(number := int(line)).bit_length() < 8 * most:
        return number
    raise ValueError("integer too large")


def _sign_apart(number: int) -> int:
    """What two's complement has beside the sign: of -2^63 no more bits than of 2^63 - 1."""
    return ~number if number < 0 else number


def _push_integer_line(machine: _Machine) -> None:
    """`01` and `00` are the truths."""
    line = machine.take_line()
    machine.stack.append(line == b"01" if line in {b"00", b"01"} else _decimal(machine, line))


def _push_long_line(machine: _Machine) -> None:
    machine.stack.append(_decimal(machine, machine.take_line().removesuffix(b"L")))


def _push_float_line(machine: _Machine) -> None:
    machine.stack.append(float(machine.take_line()))


def _push_text_line(machine: _Machine) -> None:
    machine.stack.append(machine.take_line().decode("raw-unicode-escape"))


def _pop(machine: _Machine) -> None:
    machine.stack.pop()


def _pop_marked(machine: _Machine) -> None:
    machine.take_marked()


def _marked_list(machine: _Machine) -> None:
    machine.count()
    members = machine.take_marked()
    machine.stack.append(members)


def _marked_dict(machine: _Machine) -> None:
    machine.count()
    members = machine.take_marked()
    made: dict[object, object] = {}
    _fill(made, members)
    machine.stack.append(made)


def _mark(machine: _Machine) -> None:
    if len(machine.under_marks) == _MAX_DEPTH:
        raise ValueError("nested too deeply")
    machine.under_marks.append(machine.stack)
    machine.stack = []


def _tuple_of_one(machine: _Machine) -> None:
    machine.count()
    machine.stack[-1] = (machine.stack[-1],)


def _tuple_of(length: int) -> _Step:
    def make(machine: _Machine) -> None:
        machine.count()
        members = tuple(machine.stack[-length:])
        if len(members) != length:
            raise IndexError("stack is empty")
        machine.stack[-length:] = [members]

    return make


def _marked_tuple(machine: _Machine) -> None:
    machine.count()
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
        if not isinstance(key, str | int):
            raise TypeError("key is not a text or a number")
        target[key] = value


def _push_global(machine: _Machine) -> None:
    start = machine.at
    end = machine.octets.index(b"\n", machine.octets.index(b"\n", start) + 1)
    machine.at = end + 1
    machine.stack.append(machine.dialect.by_lines[machine.octets[start:end]])


def _push_stack_global(machine: _Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    if not isinstance(name, str) or not isinstance(module, str):  # to hash it may take for ever
        raise TypeError("name is not a text")
    named = machine.dialect.names.get((module, name))
    if named is None:
        raise KeyError(f"{module} {name}")
    machine.stack.append(named)


def _call(machine: _Machine) -> None:
    machine.count()
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
    if machine.take(1)[0] > _NEWEST_PROTOCOL:
        raise ValueError("protocol is not 0 to 5")


def _skip_frame(machine: _Machine) -> None:
    machine.take(8)


def _refuse(machine: _Machine) -> None:
    raise ValueError(f"opcode {machine.octets[machine.at - 1]:#04x} is not one of Jasmin's")


_STOP = ord(".")
_STEPS: list[_Step] = [_refuse] * 256
for _opcodes, _step in {
    b"0": _pop,
    b"1": _pop_marked,
    b"I": _push_integer_line,
    b"L": _push_long_line,
    b"F": _push_float_line,
    b"V": _push_text_line,
    b"l": _marked_list,
    b"d": _marked_dict,
    b"p": _put_line,
    b"g": _get_line,
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
    b"h": _get_short,
    b"j": _get(4),
}.items():
    for _opcode in _opcodes:
        _STEPS[_opcode] = _step
