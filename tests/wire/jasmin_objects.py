"""Objects of Jasmin's classes without Jasmin, for its store files; pickled by Python itself."""

import pickle
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from types import ModuleType
from typing import Any

from jasmin_compat.wire.store_names import STORES

_MODULES = {name: module for module, name in STORES.names}


def made(name: str, **state: Any) -> Any:
    """An object of the class of that name."""
    thing = _CLASSES[name]()
    vars(thing).update(state)
    return thing


def pickled(value: object, protocol: int) -> bytes:
    """As a Jasmin in this Python would pickle it."""
    with _modules():
        return pickle.dumps(value, protocol)


def _class(name: str) -> type:
    return type(name, (), {"__module__": _MODULES[name]})


_CLASSES = {
    name: _class(name)
    for module, name in STORES.names
    if module.startswith("jasmin.") and name[0].isupper()
}
AddrTon = Enum("AddrTon", "UNKNOWN INTERNATIONAL NATIONAL", module="smpp.pdu.pdu_types")


@contextmanager
def _modules() -> Iterator[None]:
    """Importable for as long as pickle looks the classes up."""
    added = {}
    for made_class in (*_CLASSES.values(), AddrTon):
        module = added.setdefault(made_class.__module__, ModuleType(made_class.__module__))
        setattr(module, made_class.__name__, made_class)
    for parts in [name.split(".") for name in added]:
        for length in range(1, len(parts)):
            package = ".".join(parts[:length])
            added.setdefault(package, ModuleType(package))
    before = {name: sys.modules[name] for name in added if name in sys.modules}
    sys.modules.update(added)
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]
        sys.modules.update(before)  # the real smpp.pdu3, where a test has it


def group(gid: str = "g1", **state: Any) -> Any:
    return made("Group", **({"gid": gid, "enabled": True} | state))


def user(uid: str = "u1", **state: Any) -> Any:
    """As `User(uid, group, …)` makes it in 0.11."""
    values = {
        "uid": uid,
        "group": group(),
        "enabled": True,
        "username": uid,
        "password": bytes(range(16)),
        "mt_credential": mt_credential(),
        "smpps_credential": made(
            "SmppsCredential", authorizations={"bind": True}, quotas={"max_bindings": None}
        ),
    }
    return made("User", **(values | state))


def mt_credential(**state: Any) -> Any:
    values: dict[str, Any] = {
        "authorizations": {"http_send": True, "http_bulk": False, "set_priority": False},
        "value_filters": {
            "destination_address": re.compile(b".*"),
            "content": re.compile("^a", re.IGNORECASE),
        },
        "defaults": {"source_address": None},
        "quotas": {"balance": 10.5, "submit_sm_count": 3, "http_throughput": 2},
        "quotas_updated": False,
    }
    return made("MtMessagingCredential", **(values | state))


def smpp_config(cid: str = "con1", **state: Any) -> Any:
    return made("JCliSMPPClientConfig", **({"id": cid, "port": 2776} | state))
