"""Redis records: those of the recordings, and every value there and back."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.messages import (
    ConnectorId,
    DlrRequest,
    HttpDlrRequest,
    MsgId,
    SmppDlrRequest,
    Source,
)
from jasmin_compat.wire.redis_records import (
    BadRecord,
    mapping_fields,
    pairs,
    read_request,
    read_request_text,
    request_fields,
    request_text,
    source_of,
)
from tests import golden, recorded_dlrs
from tests.builders import http_request, smpp_request

RECORDINGS = ["flows_http_mt_dlr", "flows_smpps_mt", "flows_altconfig", "multipart_dlr"]


def recorded(prefix: str) -> dict[str, dict[bytes, bytes]]:
    records: dict[str, dict[bytes, bytes]] = {}
    for name in RECORDINGS:
        records |= recorded_dlrs.records_at_rest(name, prefix)
    return records


def test_each_recorded_request_is_read_and_written_octet_for_octet() -> None:
    # covers: DLR-14
    records = recorded("dlr:")
    assert len(records) > 200
    kinds = set()
    for key, fields in records.items():
        request = read_request(MsgId(key.removeprefix("dlr:")), fields)
        assert request_fields(request) == fields
        kinds.add((source_of(request), getattr(request, "level", getattr(request, "receipt", 0))))
    assert kinds >= {("httpapi", 2), ("httpapi", 3), ("smppsapi", 1), ("smppsapi", 2)}


def test_fields_are_in_the_order_jasmin_sends_them() -> None:
    commands = [
        command["command"].replace('"', "").split(" ")
        for flow in golden.load("flows_smpps_mt")["flows"]
        for command in flow.get("redis_commands") or ()
        if command.get("command", "").startswith('"HMSET" "dlr:')
    ]
    assert commands
    # no value but the date holds a space
    names = [word for word in commands[0][2:] if word.encode() in request_fields(smpp_request())]
    assert names == [field.decode() for field in request_fields(smpp_request())]


def test_each_recorded_mapping_is_written_octet_for_octet() -> None:
    records = recorded("queue-msgid:")
    assert len(records) > 200
    origins: dict[bytes, Source] = {b"httpapi": "httpapi", b"smppsapi": "smppsapi"}
    for fields in records.values():
        source = origins[fields[b"connector_type"]]
        assert mapping_fields(MsgId(fields[b"msgid"].decode()), source) == fields


TEXT = st.text(st.characters(exclude_categories=("Cs",)))
LATIN_1 = st.text(st.characters(max_codepoint=255))
OCTET = st.integers(0, 255)
REQUEST = st.one_of(
    st.builds(
        HttpDlrRequest,
        msgid=st.just(MsgId("m")),
        url=TEXT,
        level=st.sampled_from([1, 2, 3]),
        method=st.sampled_from(["GET", "POST"]),
        cid=TEXT.map(ConnectorId),
        expiry_s=st.integers(0, 99_999_999),
    ),
    st.builds(
        SmppDlrRequest,
        msgid=st.just(MsgId("m")),
        system_id=TEXT,
        source_addr=LATIN_1,
        source_addr_ton=OCTET,
        source_addr_npi=OCTET,
        destination_addr=LATIN_1,
        dest_addr_ton=OCTET,
        dest_addr_npi=OCTET,
        submitted_at=TEXT,
        receipt=st.sampled_from([1, 2]),
        expiry_s=st.integers(0, 99_999_999),
    ),
)


@given(REQUEST)
def test_every_request_survives(request_: DlrRequest) -> None:
    # covers: W-DLR-13
    assert read_request(MsgId("m"), request_fields(request_)) == request_


@given(REQUEST)
def test_every_request_survives_as_a_text_in_ascii(request_: DlrRequest) -> None:
    text = request_text(request_)
    assert text.isascii()
    assert read_request_text(MsgId("m"), text) == request_


def test_a_request_that_travels_has_the_fields_of_the_record() -> None:
    assert request_text(http_request(url="http://h/?a=1&b=é")).startswith(
        "sc=httpapi&url=http%3A%2F%2Fh%2F%3Fa%3D1%26b%3D%C3%A9&level="
    )


@given(st.text() | st.lists(st.text(), max_size=9).map("&".join))
def test_a_text_that_is_garbage_raises_only_our_error(text: str) -> None:
    with contextlib.suppress(BadRecord):
        read_request_text(MsgId("m"), text)


NAMES = st.sampled_from([*request_fields(http_request()), *request_fields(smpp_request()), b"x"])
VALUES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"httpapi", b"smppsapi", b"1", b"GET", b"AddrTon.NATIONAL"]),
)


@given(st.dictionaries(NAMES, VALUES))
def test_garbage_raises_only_our_error(fields: dict[bytes, bytes]) -> None:
    try:
        read_request(MsgId("m"), fields)
    except BadRecord:
        return
    assert fields[b"sc"] in {b"httpapi", b"smppsapi"}


def http(**changes: Any) -> dict[bytes, bytes]:
    fields = {**request_fields(http_request()), **{k.encode(): v for k, v in changes.items()}}
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize(
    "fields",
    [{}, http(sc=b"pb"), http(level=b"0"), http(method=b"PUT"), http(url=None), http(url=b"\xff")],
    ids=repr,
)
def test_a_request_nobody_can_act_on_is_refused(fields: dict[bytes, bytes]) -> None:
    with pytest.raises(BadRecord):
        read_request(MsgId("m"), fields)


def test_old_records_have_no_connector_and_odd_ones_no_expiry() -> None:
    request = read_request(MsgId("m"), http(connector=None, expiry=b"1e9"))
    assert isinstance(request, HttpDlrRequest)
    assert (request.cid, request.expiry_s) == ("unknown", 86400)


def test_a_hash_comes_as_a_flat_list() -> None:
    assert pairs([b"a", b"1", b"b", b"2"]) == {b"a": b"1", b"b": b"2"}
