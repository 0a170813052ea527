"""Message ids are UUIDs unless a site's plug-in makes them."""

import uuid
from importlib.metadata import EntryPoint

import pytest

from jasmin_compat.runtime.ids import BadMsgId, MsgIds, RandomIds, msgid_plugin


def test_random_ids_are_version_4_uuids_and_do_not_repeat() -> None:
    new = RandomIds()
    made = [new() for _ in range(2000)]  # several refills of the pool
    assert len(set(made)) == 2000
    for text in made:
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)


@pytest.mark.parametrize("octet", [0x00, 0xFF])
def test_version_and_variant_are_set_whatever_the_octets(octet: int) -> None:
    parsed = uuid.UUID(RandomIds(lambda n: bytes([octet]) * n)())
    assert (parsed.version, parsed.variant) == (4, uuid.RFC_4122)
    assert parsed.bytes[0] == parsed.bytes[15] == octet


def test_without_a_plug_in_both_kinds_are_random() -> None:
    ids = MsgIds()
    uuid.UUID(ids.of_submit(uid="u1", source="httpapi", cid="smsc"))
    uuid.UUID(ids.of_deliver(cid="smsc"))


def test_the_plug_in_gets_what_jasmins_gets() -> None:
    calls: list[tuple[str | None, ...]] = []

    def plugin(pdu_type: str, uid: str | None, source: str, destination: str | None) -> str:
        calls.append((pdu_type, uid, source, destination))
        return f"id-{len(calls)}"

    ids = MsgIds(plugin)
    assert ids.of_submit(uid="u1", source="httpapi", cid="smsc") == "id-1"
    assert ids.of_deliver(cid="smsc") == "id-2"
    assert calls == [("submit_sm", "u1", "httpapi", "smsc"), ("deliver_sm", None, "smsc", None)]


@pytest.mark.parametrize("given", ["", "x" * 256, None, 7, "é" * 128])
def test_what_amqp_cannot_carry_is_no_id(given: object) -> None:
    ids = MsgIds(lambda *_: given)  # type: ignore[arg-type, return-value]
    with pytest.raises(BadMsgId):
        ids.of_submit(uid="u1", source="httpapi", cid="smsc")


def test_the_first_entry_point_of_the_group_is_the_plug_in() -> None:
    asked: list[dict[str, str]] = []

    def found(**wanted: str) -> list[EntryPoint]:
        asked.append(wanted)
        return [
            EntryPoint("msgid", "uuid:uuid1", "jasmin.content"),
            EntryPoint("msgid", "uuid:uuid4", "jasmin.content"),
        ]

    assert msgid_plugin(found) is uuid.uuid1
    assert asked == [{"group": "jasmin.content", "name": "msgid"}]
    assert msgid_plugin(lambda **_: []) is None
