"""smpp.pdu3, whose classes Jasmin's pickles name: what they become in a Jasmin or a logger."""

import importlib
import io
import pickle
from types import ModuleType
from typing import Any

_NAMES = ("smpp.pdu.operations", "smpp.pdu.pdu_types", "smpp.pdu.smpp_time")
_MODULES: dict[str, ModuleType] = {name: importlib.import_module(name) for name in _NAMES}
encoding: Any = importlib.import_module("smpp.pdu.pdu_encoding")
types: Any = _MODULES["smpp.pdu.pdu_types"]


class _Unpickler(pickle.Unpickler):
    """As Python's own, but that Jasmin's classes, which are not there, are made by name."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _MODULES:  # not as imported now: tests of scripts put others in their place
            return getattr(_MODULES[module], name)
        if module.startswith("jasmin."):
            return type(name, (), {"__module__": module})
        return super().find_class(module, name)


def load(octets: bytes) -> Any:
    """As `pickle.loads` in a program that has smpp.pdu3."""
    return _Unpickler(io.BytesIO(octets)).load()


def dump(value: object, protocol: int = 2) -> bytes:
    """As a Jasmin in this Python pickles it."""
    return pickle.dumps(value, protocol)
