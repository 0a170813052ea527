"""Shows what a pickle would build, building nothing: each class it names becomes a record."""

import io
import pickle
from typing import Any


class _Record:
    """Stands for an object of any class; keeps the arguments and the state it was given."""

    of = ""

    def __new__(cls, *arguments: Any) -> "_Record":
        record = object.__new__(cls)
        record.__dict__["arguments"] = list(arguments)
        return record

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.__dict__["state"] = state


def _encode(text: str, encoding: str) -> bytes:
    return text.encode(encoding)


def _reconstruct(cls: type, _base: type, _state: Any) -> Any:
    return cls()


KNOWN = {
    "_codecs.encode": _encode,
    "copyreg._reconstructor": _reconstruct,
    "copy_reg._reconstructor": _reconstruct,
    "builtins.set": set,
    "__builtin__.set": set,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        full = f"{module}.{name}"
        return KNOWN.get(full) or type(name, (_Record,), {"of": full})


def show(pickled: bytes) -> Any:
    """The pickle's content in dicts, lists, texts and octets; objects as {class, args, state}."""
    return _plain(_Unpickler(io.BytesIO(pickled)).load())


def _plain(value: Any) -> Any:
    if isinstance(value, _Record):
        plain = {key: _plain(part) for key, part in value.__dict__.items() if part != []}
        return {"class": value.of, **plain}
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted(repr(_plain(part)) for part in value)
    if isinstance(value, type):
        return {"class": getattr(value, "of", value.__name__)}
    return value
