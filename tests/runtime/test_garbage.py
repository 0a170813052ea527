"""The collector of cycles."""

import gc
import weakref

from jasmin_compat.runtime.garbage import NEW_OBJECTS, sparing_what_stays


class Node:
    """In a cycle with itself."""

    def __init__(self) -> None:
        self.me = self


def test_what_stays_is_spared_and_what_is_new_is_still_collected() -> None:
    before = gc.get_threshold()
    old = Node()
    with sparing_what_stays():
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold()[0] == NEW_OBJECTS
        new = weakref.ref(Node())
        gc.collect()
        assert new() is None
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
    seen = weakref.ref(old)
    del old
    gc.collect()
    assert seen() is None
