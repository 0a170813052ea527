"""Builds frozen values without the cost of a frozen `__init__`, which sets each field by a call.

A dataclass of 18 fields takes 3.6 us that way. Its twin, a class with the same slots and no
ceremony, is filled in the ordinary way, and the object then given its class: 0.5 us by position
(`constructor`), 1.7 us by name (`quick_init`). Of a message's whole pure path that is a tenth.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")


def twin(cls: type) -> type:
    """A class with the slots of `cls` and none of its ceremony, whose instances can become it."""
    return type(f"{cls.__name__}Twin", (), {"__slots__": [f.name for f in fields(cls)]})


def constructor(cls: type) -> Callable[..., Any]:
    """`cls(…)` with every field given by position."""
    names = [f.name for f in fields(cls)]
    lines = ["self = Twin()", *(f"self.{name} = {name}" for name in names)]
    lines += ["self.__class__ = cls", "return self"]
    return function(", ".join(names), lines, {"Twin": twin(cls), "cls": cls})


def quick_init(cls: type[T]) -> type[T]:
    """Decorates a frozen dataclass with slots whose values are made for every message.

    Signature and meaning stay; not for classes with `__post_init__`.
    """
    slow: Any = cls.__init__
    names: dict[str, Any] = {"Twin": twin(cls), "cls": cls, "set_slot": object.__setattr__}
    parameters = ["self"]
    lines = ["set_slot(self, '__class__', Twin)"]
    for field in fields(cls):  # type: ignore[arg-type]
        name, value = field.name, field.name
        if field.kw_only and "*" not in parameters:
            parameters.append("*")
        if field.default is not MISSING:
            names[f"default_{name}"] = field.default
            parameters.append(f"{name}=default_{name}")
        elif field.default_factory is not MISSING:
            names |= {f"make_{name}": field.default_factory, "MISSING": MISSING}
            parameters.append(f"{name}=MISSING")
            value = f"make_{name}() if {name} is MISSING else {name}"
        else:
            parameters.append(name)
        lines.append(f"self.{name} = {value}")
    made = function(", ".join(parameters), [*lines, "self.__class__ = cls"], names)
    made.__name__, made.__qualname__ = slow.__name__, slow.__qualname__
    made.__annotations__, made.__module__ = slow.__annotations__, cls.__module__
    cls.__init__ = made  # type: ignore[method-assign]
    return cls


def function(parameters: str, lines: Iterable[str], names: Mapping[str, Any]) -> Callable[..., Any]:
    """Python written as text, with the names it uses."""
    namespace = dict(names)
    exec(f"def made({parameters}):\n" + "".join(f"    {line}\n" for line in lines), namespace)
    made: Callable[..., Any] = namespace["made"]
    return made
