"""Layouts: each field has its place, and objects of other classes are refused."""

from dataclasses import fields

import pytest

from jasmin_compat.smpp.pdus import DataSm, DeliverSm, SubmitSm
from jasmin_compat.wire import pickle_opcodes
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickled_fields import BadField
from jasmin_compat.wire.pickled_layouts import DATA, DELIVER, OBJECT_END, SUBMIT, Layout
from jasmin_compat.wire.pickles import unpickle

LAYOUTS = [
    *((SubmitSm, layout) for layout in SUBMIT.values()),
    (DeliverSm, DELIVER),
    (DataSm, DATA),
]


@pytest.mark.parametrize(("pdu_class", "layout"), LAYOUTS)
def test_every_field_of_the_pdu_has_its_place(
    pdu_class: type[SubmitSm | DataSm], layout: Layout[SubmitSm | DataSm]
) -> None:
    names = {field.name for field in fields(pdu_class)} - {"tlvs"}

    assert {field.name for field in layout.fields} == names
    assert layout.class_name == pdu_class.__name__.replace("Sm", "SM")


@pytest.mark.parametrize(("pdu_class", "layout"), LAYOUTS)
def test_an_object_is_written_and_read(
    pdu_class: type[SubmitSm | DataSm], layout: Layout[SubmitSm | DataSm]
) -> None:
    pdu = pdu_class(destination_addr=b"1", esm_class=3, data_coding=8)
    written = layout.write(pdu, pickle_opcodes.integer(7))
    found = unpickle(pickle_opcodes.PROTOCOL + written + OBJECT_END + pickle_opcodes.STOP)

    assert layout.read(found) == pdu
    assert isinstance(found, Instance)
    assert found.state["seqNum"] == 7


@pytest.mark.parametrize(
    "found",
    [
        None,
        {"params": {}},
        Instance("DataSM", {"params": {}}),
        Instance("SubmitSM", {}),
        Instance("SubmitSM", {"params": []}),
    ],
)
def test_anything_else_is_refused(found: object) -> None:
    with pytest.raises(BadField):
        SUBMIT[True, False].read(found)


def test_a_param_that_is_missing_is_null() -> None:
    assert DELIVER.read(Instance("DeliverSM", {"params": {}})) == DeliverSm()
