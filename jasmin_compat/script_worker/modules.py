"""Makes the names importable, in the worker's process only: `from smpp.pdu.pdu_types import …`."""

import sys
from collections.abc import Mapping
from types import ModuleType

from jasmin_compat.script_worker import jasmin_names, smpp_names

_CONTENTS: Mapping[str, Mapping[str, object]] = {
    smpp_names.TYPES: smpp_names.OF_TYPES,
    smpp_names.OPERATIONS: {**smpp_names.OF_TYPES, **smpp_names.OF_OPERATIONS},
    smpp_names.TIMES: smpp_names.OF_TIMES,
    jasmin_names.API: jasmin_names.OF_API,
    jasmin_names.ROUTABLES: {**jasmin_names.OF_API, **jasmin_names.OF_ROUTABLES},
}
_ALIASES = ("", "jasmin.vendor.")
"""Jasmin before 0.10 brought its SMPP library along; scripts of that time still say so."""


def install() -> None:
    """Put them, and the packages they are in, among the imported modules."""
    for name, contents in _CONTENTS.items():
        made = ModuleType(name, "Provided for scripts by jasmin_compat.")
        vars(made).update(contents)
        for alias in _ALIASES:
            if not alias or name.startswith("smpp."):
                _place(alias + name, made)


def _place(name: str, module: ModuleType) -> None:
    sys.modules[name] = module
    package, _, last = name.rpartition(".")
    while package:
        parent = sys.modules.get(package)
        if parent is None:
            parent = ModuleType(package)
            parent.__path__ = []
            sys.modules[package] = parent
        setattr(parent, last, sys.modules[name])
        name = package
        package, _, last = package.rpartition(".")
