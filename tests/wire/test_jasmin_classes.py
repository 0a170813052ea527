"""The list of names: all that Jasmin's messages hold, and nothing with an effect."""

import builtins
import inspect

from jasmin_compat.wire.jasmin_classes import ALLOWED
from tests.wire.jasmin_pickles import published

LATER = {
    ("jasmin.routing.jasminApi", "HttpConnector"),
    ("jasmin.routing.jasminApi", "SmppServerSystemIdConnector"),
}
"""Of `deliver_sm_thrower`, which nobody here reads yet."""


def test_every_name_in_a_recorded_pickle_is_on_the_list() -> None:
    names = {
        (module, name)
        for event in published("")
        for pickled in (event.get("body_pickle"), *event.get("header_pickles", {}).values())
        if pickled and pickled["protocol"] == 2
        for module, name in pickled["globals"]
    }

    assert names - LATER <= set(ALLOWED)
    assert len(names) > 25


def test_nothing_on_the_list_is_the_real_builtin() -> None:
    real = {getattr(builtins, name) for name in ("bytes", "set", "getattr")}

    assert all(entry.make not in real for entry in ALLOWED.values())


def test_objects_can_be_given_no_arguments() -> None:
    for (module, name), entry in ALLOWED.items():
        if module.startswith("jasmin.") or module == "smpp.pdu.operations":
            assert not inspect.signature(entry.make).parameters, name
