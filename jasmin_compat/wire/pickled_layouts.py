"""How PDUs lie in pickles: a template of opcodes with a place for each value.

Writing fills it; reading takes what the machine of wire/pickles.py left, or, many times faster,
the template itself backwards (wire/pickled_pdus.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from jasmin_compat.smpp.pdus import DataSm, DeliverSm, SubmitSm, Tlv
from jasmin_compat.smpp.twins import constructor
from jasmin_compat.wire import pdu_enums, pickled_tlvs
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire import pickled_fields as forms
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickled_fields import BadField

PARAMS_END: Final = b"u"
OBJECT_END: Final = b"ub"


@dataclass(frozen=True, slots=True)
class Field:
    """One param of a PDU."""

    name: str
    write: Callable[[Any], bytes]
    """Opcodes of the value."""
    read: Callable[[object], Any]
    """The value of what the machine left; raises BadField."""
    recall: Callable[[bytes], Any]
    """The value of opcodes that `write` gave; None when the machine has to look."""


def _code(
    name: str, table: tuple[bytes, ...], read: Callable[[object], int], *more: tuple[bytes, ...]
) -> Field:
    """`more` are tables that another layout of the same PDU writes with."""
    known = {written: code for each in (table, *more) for code, written in enumerate(each)}
    return Field(name, table.__getitem__, read, known.get)


def _octets(name: str, write: Callable[[bytes], bytes] = opcodes.octets) -> Field:
    def recall(written: bytes) -> bytes | None:
        if len(written) > forms.MAX_OCTETS:  # the machine looks whether it is too long
            return None
        return b"" if written == opcodes.NONE else opcodes.read_octets(written)

    return Field(name, write, forms.read_octets, recall)


def _time(name: str) -> Field:
    return Field(name, forms.write_time, forms.read_time, {opcodes.NONE: b""}.get)


def _null(_value: bytes) -> bytes:
    return opcodes.NONE


_TON = forms.member_reader(pdu_enums.ADDR_TON)
_NPI = forms.member_reader(pdu_enums.ADDR_NPI)
_PRIORITY = forms.member_reader(pdu_enums.PRIORITY_FLAG)
_REPLACE = forms.member_reader(pdu_enums.REPLACE_IF_PRESENT_FLAG)

_ADDRESSES = (
    _octets("service_type"),
    _code("source_addr_ton", forms.ADDR_TON, _TON),
    _code("source_addr_npi", forms.ADDR_NPI, _NPI),
    _octets("source_addr"),
    _code("dest_addr_ton", forms.ADDR_TON, _TON),
    _code("dest_addr_npi", forms.ADDR_NPI, _NPI),
    _octets("destination_addr"),
    _code("esm_class", forms.ESM_CLASS, forms.read_esm_class),
)
_DELIVERY = _code("registered_delivery", forms.REGISTERED_DELIVERY, forms.read_registered_delivery)
_CODING = _code("data_coding", forms.DATA_CODING, forms.read_data_coding, forms.INTEGER)

DATA_SM_FIELDS: Final = (*_ADDRESSES, _DELIVERY, _CODING)
SMPP_FIELDS: Final = (
    *_ADDRESSES,
    _code("protocol_id", forms.INTEGER, forms.read_integer, forms.PROTOCOL_ID_OF_HTTP),
    _code("priority_flag", forms.PRIORITY_FLAG, _PRIORITY, forms.PRIORITY_FLAG_OF_HTTP),
    _time("schedule_delivery_time"),
    _time("validity_period"),
    _DELIVERY,
    _code("replace_if_present_flag", forms.REPLACE_IF_PRESENT_FLAG, _REPLACE),
    _CODING,
    _octets("short_message"),
    _code("sm_default_msg_id", forms.INTEGER, forms.read_integer),  # last: two octets, always
)
"""Of a submit_sm or deliver_sm that came over SMPP."""


def written_with(fields: tuple[Field, ...], *others: Field) -> tuple[Field, ...]:
    """`fields`, some of them written in another way."""
    by_name = {field.name: field for field in others}
    return tuple(by_name.get(field.name, field) for field in fields)


HTTP_FIELDS: Final = written_with(
    SMPP_FIELDS,
    _octets("service_type", forms.write_octets_or_none),
    _code("protocol_id", forms.PROTOCOL_ID_OF_HTTP, forms.read_integer),
    _code("priority_flag", forms.PRIORITY_FLAG_OF_HTTP, _PRIORITY),
    _code("data_coding", forms.INTEGER, forms.read_data_coding),
)
"""Of a submit_sm that Jasmin's HTTP API builds."""
NULL_SOURCE: Final = _octets("source_addr", _null)


P = TypeVar("P", bound=SubmitSm | DataSm)


def _read_named(field: Field, params: Mapping[str, object]) -> Any:
    try:
        return field.read(params.get(field.name))
    except BadField as error:
        raise BadField(f"{field.name}: {error}") from error


class Layout(Generic[P]):
    """One class of PDUs, and one way to write its objects."""

    def __init__(
        self,
        pdu_class: type[P],
        command: str,
        fields: tuple[Field, ...],
        known_tlvs: tuple[int, ...],
    ) -> None:
        names = [field.name for field in fields]
        self.class_name = command.title().replace("_Sm", "SM")
        self.fields = fields
        self.known_tlvs = known_tlvs
        self.literals = (
            opcodes.name("smpp.pdu.operations", self.class_name)
            + b")\x81}("
            + opcodes.text("id")
            + opcodes.named_member(pdu_enums.COMMAND_ID, command)
            + opcodes.text("seqNum"),
            opcodes.text("status")
            + opcodes.named_member(pdu_enums.COMMAND_STATUS, "ESME_ROK")
            + opcodes.text("custom_tlvs"),
            opcodes.text("params") + b"}(" + opcodes.text(names[0]),
            *map(opcodes.text, names[1:]),
        )
        """What stands before each value: sequence number, custom TLVs, the fields."""
        self._template = b"%b".join((*self.literals, b"", PARAMS_END))
        self._values_of = attrgetter(*names)
        self._order = [names.index(each.name) for each in dataclass_fields(pdu_class)[:-1]]
        self._make = constructor(pdu_class)

    def write(self, pdu: P, sequence_number: bytes = opcodes.NONE) -> bytes:
        """The PDU up to the end of its params. The object is left open for what comes behind;
        OBJECT_END closes it."""
        custom, among_params = opcodes.EMPTY_LIST, b""
        if pdu.tlvs:
            custom, among_params = pickled_tlvs.write_tlvs(pdu.tlvs, self.known_tlvs)
        values = self._values_of(pdu)
        written = [f.write(value) for f, value in zip(self.fields, values, strict=True)]
        return self._template % (sequence_number, custom, *written, among_params)

    def read(self, found: object) -> P:
        """What `write` was given, or Jasmin, out of what the machine made of it.

        Raises:
            BadField, BadTlv: it is not of this class, or a value is not of its kind.
        """
        if not isinstance(found, Instance) or found.name != self.class_name:
            raise BadField(f"not a {self.class_name}")
        params = found.state.get("params")
        if not isinstance(params, dict):
            raise BadField("no params")
        values = [_read_named(field, params) for field in self.fields]
        custom = found.state.get("custom_tlvs", [])
        return self.make(values, pickled_tlvs.read_tlvs(params, custom, self.known_tlvs))

    def make(self, values: Sequence[Any], tlvs: tuple[Tlv, ...]) -> P:
        """The PDU, its values in the order of `fields`."""
        pdu: P = self._make(*[values[at] for at in self._order], tlvs)
        return pdu


SUBMIT: Final = {
    (is_of_http, source_addr_is_null): Layout(
        SubmitSm,
        "submit_sm",
        written_with(fields, NULL_SOURCE) if source_addr_is_null else fields,
        pickled_tlvs.SUBMIT_SM,
    )
    for is_of_http, fields in ((True, HTTP_FIELDS), (False, SMPP_FIELDS))
    for source_addr_is_null in (True, False)
}
"""By origin, and by whether the source address is Jasmin's None."""
DELIVER: Final = Layout(DeliverSm, "deliver_sm", SMPP_FIELDS, pickled_tlvs.DELIVER_SM)
DATA: Final = Layout(DataSm, "data_sm", DATA_SM_FIELDS, pickled_tlvs.DATA_SM)
