"""The table and the dataclasses say the same."""

from dataclasses import fields

import pytest

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.layout import BODIES, LAYOUT, PARTS


@pytest.mark.parametrize("cls", [*LAYOUT, *PARTS], ids=lambda cls: cls.__name__)
def test_the_rows_are_the_fields_of_the_class_in_their_order(cls: type) -> None:
    names = [f.name for f in fields(cls) if f.name != "tlvs"]
    assert [row.name for row in (LAYOUT | PARTS)[cls]] == names


def test_every_command_of_the_specification_has_a_body() -> None:
    assert BODIES.keys() == commands.NAMES.keys()
    assert set(BODIES.values()) == set(LAYOUT)
