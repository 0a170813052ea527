"""What every adapter of the Store port promises; subclassed with `make_store` and `pass_time`."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.gateway.messages import ConnectorId, MsgId, SmppMsgId
from jasmin_compat.gateway.reassembly import KEPT_S
from jasmin_compat.ports import GroupPart, SegmentSent, Store
from tests.builders import CID, http_request, smpp_request

MakeStore = Callable[..., Awaitable[Store]]
"""With DlrPolicy fields as keywords."""

A, B, C, D = (MsgId(f"msg-{letter}") for letter in "abcd")
M1, M2, M3, M4 = (SmppMsgId(f"M{number}") for number in (1, 2, 3, 4))

REQUESTS = {
    "http level 2": http_request(msgid=A, level=2),
    "http level 3": http_request(msgid=A, level=3),
    "smpp": smpp_request(msgid=A),
}
EACH_REQUEST = pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())


def segment(index: int = 0, smpp_msgid: str | None = "M1", **fields: Any) -> SegmentSent:
    values: dict[str, Any] = {"command_status": 0, "wants_receipt": True}
    return SegmentSent(
        index=index,
        smpp_msgid=None if smpp_msgid is None else SmppMsgId(smpp_msgid),
        **(values | fields),
    )


class StoreContract(ABC):
    @abstractmethod
    async def pass_time(self, store: Store, seconds: float) -> None:
        """As if so much time had gone by since everything now in the store was written."""

    @pytest.fixture
    async def store(self, make_store: MakeStore) -> Store:
        return await make_store()

    # ------------------------------------------------------------ requests

    @pytest.mark.parametrize(
        "request_",
        [
            http_request(url="http://h/ü?a=1&b=2 3", method="GET", level=1),
            http_request(level=2, expiry_s=3),
            smpp_request(source_addr="+0033", destination_addr="00123", system_id="12345"),
            smpp_request(source_addr="caf\xe9", receipt=2, source_addr_ton=5, dest_addr_npi=18),
            smpp_request(source_addr="", source_addr_ton=7, source_addr_npi=77),
        ],
        ids=repr,
    )
    async def test_a_request_is_read_as_it_was_written(self, store: Store, request_: Any) -> None:
        # covers: W-DLR-13
        await store.remember(request_)
        assert await store.request(request_.msgid) == request_

    async def test_an_unknown_message_has_no_request(self, store: Store) -> None:
        assert await store.request(A) is None
        assert await store.sent(A) == ()
        assert await store.find(M1, CID) is None

    async def test_a_forgotten_request_is_gone(self, store: Store) -> None:
        await store.remember(http_request(msgid=A))
        await store.forget(A)
        assert await store.request(A) is None
        await store.forget(A)
        assert store.counts.records == 0
        assert store.counts.octets == 0

    async def test_remembering_twice_is_remembering_once(self, store: Store) -> None:
        await store.remember(http_request(msgid=A))
        octets = store.counts.octets
        await store.remember(http_request(msgid=A))
        assert (store.counts.records, store.counts.octets) == (1, octets)

    # ------------------------------------------------------------ what was sent

    async def test_answered_segments_are_known_and_others_added(self, store: Store) -> None:
        first = segment(0, "M1", wants_receipt=False)
        refused = segment(1, None, command_status=0x58)
        empty = segment(2, "", wants_receipt=True)
        await store.record_sent(A, [refused, first])
        assert await store.sent(A) == (first, refused)
        await store.record_sent(A, [empty])
        assert await store.sent(A) == (first, refused, empty)

    async def test_a_later_answer_replaces_an_earlier_one(self, store: Store) -> None:
        await store.record_sent(A, [segment(0, None, command_status=0x58)])
        await store.record_sent(A, [segment(0, "M1")])
        await store.record_sent(A, [segment(0, "M1")])
        assert await store.sent(A) == (segment(0, "M1"),)

    async def test_what_was_sent_is_known_for_its_time(self, make_store: MakeStore) -> None:
        store = await make_store(sent_ttl_s=3600)
        await store.record_sent(A, [segment()])
        await self.pass_time(store, 3590)
        assert await store.sent(A) == (segment(),)
        await self.pass_time(store, 20)
        assert await store.sent(A) == ()
        await store.record_sent(B, [segment()])  # a write counts anew
        assert store.counts.records == 1

    @EACH_REQUEST
    async def test_what_was_sent_stays_known_when_the_request_is_over(
        self, store: Store, request_: Any
    ) -> None:
        """Else a redelivery by the broker would be sent again (design D9)."""
        await store.remember(request_)
        await store.record_sent(A, [segment()])
        await store.map_smpp_msgids(request_, [M1])
        await store.finish_segment(A, M1)
        assert await store.request(A) is None
        assert await store.sent(A) == (segment(),)
        await self.pass_time(store, 3610)
        await store.forget(A)
        assert await store.sent(A) == ()
        assert (store.counts.records, store.counts.octets) == (0, 0)

    # ------------------------------------------------------------ finding the message

    @EACH_REQUEST
    async def test_a_receipt_finds_its_message_once_mapped(
        self, store: Store, request_: Any
    ) -> None:
        # covers: DLR-14
        await store.remember(request_)
        assert await store.find(M1, CID) is None
        await store.map_smpp_msgids(request_, [M1])
        found = await store.find(M1, CID)
        assert found is not None
        assert (found.msgid, found.request, found.replied) == (A, request_, True)
        assert await store.find(M2, CID) is None

    @EACH_REQUEST
    async def test_the_answer_maps_the_ids_that_asked_for_a_receipt(
        self, store: Store, request_: Any
    ) -> None:
        await store.remember(request_)
        await store.record_sent(
            A,
            [
                segment(0, "M1", wants_receipt=False),
                segment(1, None, command_status=0x45),
                segment(2, "M3"),
            ],
        )
        assert await store.find(M1, CID) is None
        found = await store.find(M3, CID)
        assert found is not None
        assert not found.replied
        await store.map_smpp_msgids(request_, [M3])
        found = await store.find(M3, CID)
        assert found is not None
        assert found.replied

    @EACH_REQUEST
    async def test_an_answer_that_is_recorded_after_the_lookup_ends_with_its_receipt(
        self, store: Store, request_: Any
    ) -> None:
        """The connector could not record it, its outcome was published all the same, and recorded
        when the message came again."""
        await store.remember(request_)
        await store.map_smpp_msgids(request_, [M1])
        await store.record_sent(A, [segment(0, "M1")])
        assert await store.find(M1, CID) is not None
        await store.map_smpp_msgids(request_, [M1])  # its outcome came twice
        await store.finish_segment(A, M1)
        assert await store.request(A) is None
        assert await store.find(M1, CID) is None
        await store.forget(A)
        await self.pass_time(store, 3610)
        await store.forget(B)
        assert (store.counts.records, store.counts.octets) == (0, 0)

    async def test_nothing_is_mapped_for_level_1_nor_without_a_request(self, store: Store) -> None:
        await store.remember(http_request(msgid=A, level=1))
        await store.record_sent(A, [segment(0, "M1")])
        await store.record_sent(B, [segment(0, "M2")])
        assert await store.find(M1, CID) is None
        assert await store.find(M2, CID) is None

    async def test_nothing_is_mapped_for_a_forgotten_request(self, store: Store) -> None:
        request = http_request(msgid=A)
        await store.remember(request)
        await store.forget(A)
        await store.map_smpp_msgids(request, [M1])
        assert await store.find(M1, CID) is None
        assert store.counts.records == 0

    async def test_an_empty_id_is_an_id(self, store: Store) -> None:
        """An SMSC that answers `0000`: contract/redis-keys.md §2.3."""
        request = http_request(msgid=A)
        await store.remember(request)
        await store.map_smpp_msgids(request, [SmppMsgId("")])
        assert await store.find(SmppMsgId(""), CID) is not None

    async def test_a_used_again_id_belongs_to_the_newer_message(self, store: Store) -> None:
        older, newer = http_request(msgid=A), http_request(msgid=B)
        for request in (older, newer):
            await store.remember(request)
            await store.map_smpp_msgids(request, [M1])
        await store.forget(A)
        found = await store.find(M1, CID)
        assert found is not None
        assert found.msgid == B

    async def test_two_smscs_may_give_the_same_id(self, store: Store) -> None:
        # covers: W-DLR-08
        older = http_request(msgid=A, cid=ConnectorId("con-a"))
        newer = http_request(msgid=B, cid=ConnectorId("con-b"))
        for request in (older, newer, older):
            await store.remember(request)
            await store.map_smpp_msgids(request, [M1])
        for request in (older, newer):
            found = await store.find(M1, request.cid)
            assert found is not None
            assert found.request == request
        await store.finish_segment(B, M1)
        assert await store.find(M1, newer.cid) == await store.find(M1, older.cid)
        await store.finish_segment(A, M1)
        assert await store.find(M1, older.cid) is None
        assert (store.counts.records, store.counts.octets) == (0, 0)

    async def test_a_receipt_may_come_by_another_connector(self, store: Store) -> None:
        """A transmitter for the messages, a receiver for the receipts."""
        await store.remember(http_request(msgid=A))
        await store.map_smpp_msgids(http_request(msgid=A), [M1])
        assert await store.find(M1, ConnectorId("receiver")) is not None

    # ------------------------------------------------------------ the end of a message

    @EACH_REQUEST
    async def test_the_final_receipt_of_the_only_segment_removes_everything(
        self, store: Store, request_: Any
    ) -> None:
        # covers: DLR-13
        await store.remember(request_)
        await store.map_smpp_msgids(request_, [M1])
        await store.finish_segment(A, M1)
        assert await store.find(M1, CID) is None
        assert await store.request(A) is None
        assert (store.counts.records, store.counts.octets) == (0, 0)

    async def test_five_parts_with_a_receipt_for_the_last_leave_nothing(self, store: Store) -> None:
        """The field's complaint: parts nobody reports on must not hang until the timeout."""
        request = http_request(msgid=A)
        await store.remember(request)
        parts = [segment(index, f"P{index}", wants_receipt=index == 4) for index in range(5)]
        await store.record_sent(A, parts)
        await store.map_smpp_msgids(request, [SmppMsgId("P4")])
        await store.finish_segment(A, SmppMsgId("P4"))
        for index in range(5):
            assert await store.find(SmppMsgId(f"P{index}"), CID) is None
        assert await store.request(A) is None
        await self.pass_time(store, 3610)  # only that it was sent is known, and for an hour
        await store.forget(A)
        assert (store.counts.records, store.counts.octets) == (0, 0)

    async def test_an_unreplied_message_is_kept_past_its_final_receipt(self, store: Store) -> None:
        """Level 1 is still to be told, if it is asked for; then nothing is awaited any more."""
        request = http_request(msgid=A)
        await store.remember(request)
        await store.record_sent(A, [segment(0, "M1")])
        await store.finish_segment(A, M1)
        assert await store.find(M1, CID) is None
        assert await store.request(A) == request
        await store.map_smpp_msgids(request, [M1])
        assert await store.request(A) is None
        assert await store.find(M1, CID) is None

    async def test_a_finished_segment_is_not_mapped_again(self, store: Store) -> None:
        request = http_request(msgid=A)
        await store.remember(request)
        await store.record_sent(A, [segment(0, "M1"), segment(1, "M2")])
        await store.map_smpp_msgids(request, [M1, M2])
        await store.finish_segment(A, M1)
        await store.record_sent(A, [segment(0, "M1")])
        await store.map_smpp_msgids(request, [M1, M2])
        assert await store.find(M1, CID) is None
        assert await store.find(M2, CID) is not None

    async def test_finishing_what_is_unknown_changes_nothing(self, store: Store) -> None:
        await store.finish_segment(A, M1)
        await store.remember(http_request(msgid=A))
        await store.finish_segment(B, M1)
        assert await store.request(A) is not None

    # ------------------------------------------------------------ several segments

    async def three_segments(self, store: Store) -> None:
        request = http_request(msgid=A)
        await store.remember(request)
        ids = [M1, M2, M3]
        await store.record_sent(A, [segment(index, id_) for index, id_ in enumerate(ids)])
        await store.map_smpp_msgids(request, [M3, M1, M2])

    async def test_segments_reported_in_order_end_with_the_last(self, store: Store) -> None:
        await self.three_segments(store)
        await store.finish_segment(A, M1)
        await store.finish_segment(A, M2)
        assert await store.request(A) is not None
        await store.finish_segment(A, M3)
        assert await store.request(A) is None

    async def test_siblings_of_the_last_segment_have_their_grace(
        self, make_store: MakeStore
    ) -> None:
        """Receipts that arrive 3, 1, 2 are all forwarded (design D8)."""
        store = await make_store(siblings_grace_s=60)
        await self.three_segments(store)
        await store.finish_segment(A, M3)
        await self.pass_time(store, 50)
        assert await store.find(M1, CID) is not None
        await store.finish_segment(A, M1)
        assert await store.find(M2, CID) is not None
        await store.finish_segment(A, M2)
        assert await store.request(A) is None

    async def test_siblings_are_gone_after_their_grace(self, make_store: MakeStore) -> None:
        store = await make_store(siblings_grace_s=60, on_expiry="callback")
        await self.three_segments(store)
        await store.finish_segment(A, M3)
        await self.pass_time(store, 62)
        assert await store.find(M1, CID) is None
        assert await store.request(A) is None
        assert await store.expired(10) == []  # the last segment told the client already
        assert store.counts.expired == 0

    async def test_without_grace_the_last_segment_ends_all_at_once(
        self, make_store: MakeStore
    ) -> None:
        store = await make_store(siblings_grace_s=0)
        await self.three_segments(store)
        await store.finish_segment(A, M3)
        assert await store.find(M1, CID) is None
        assert await store.request(A) is None

    # ------------------------------------------------------------ an SMPP sender's own segments

    async def own_segments(self, store: Store, *msgids: MsgId, first_id: int = 1) -> None:
        for number, msgid in enumerate(msgids, start=1):
            request = smpp_request(msgid=msgid)
            part = GroupPart(group="esme1 1000 15550001 42", number=number, of=len(msgids))
            await store.remember(request, part)
            await store.map_smpp_msgids(request, [SmppMsgId(f"M{first_id + number - 1}")])

    async def test_messages_of_a_group_end_after_its_last(self, make_store: MakeStore) -> None:
        store = await make_store(siblings_grace_s=60)
        await self.own_segments(store, A, B, C)
        await store.finish_segment(B, M2)
        await self.pass_time(store, 100)
        assert await store.request(A) is not None
        await store.finish_segment(C, M3)
        assert await store.request(C) is None
        assert await store.find(M1, CID) is not None
        await self.pass_time(store, 62)
        assert await store.find(M1, CID) is None
        await store.forget(A)
        assert (store.counts.records, store.counts.octets) == (0, 0)

    async def test_a_group_without_grace_ends_at_once(self, make_store: MakeStore) -> None:
        store = await make_store(siblings_grace_s=0)
        await self.own_segments(store, A, B, C)
        await store.finish_segment(C, M3)
        assert await store.request(A) is None
        assert await store.find(M2, CID) is None
        assert (store.counts.records, store.counts.octets) == (0, 0)

    async def test_a_reference_used_again_makes_a_new_group(self, make_store: MakeStore) -> None:
        store = await make_store(siblings_grace_s=0)
        await self.own_segments(store, A, B)
        await self.own_segments(store, C, D, first_id=3)
        await store.finish_segment(B, M2)
        assert await store.find(M3, CID) is not None
        await store.finish_segment(D, M4)
        assert await store.find(M3, CID) is None
        assert await store.find(M1, CID) is not None  # left to its own expiry

    # ------------------------------------------------------------ expiry

    @pytest.mark.parametrize("on_expiry", ["silent", "callback"])
    async def test_each_record_lives_for_its_own_expiry(
        self, make_store: MakeStore, on_expiry: str
    ) -> None:
        store = await make_store(on_expiry=on_expiry)
        for msgid, expiry_s in ((A, 100), (B, 200)):
            request = http_request(msgid=msgid, expiry_s=expiry_s)
            await store.remember(request)
            await store.map_smpp_msgids(request, [SmppMsgId(f"for {msgid}")])
        await self.pass_time(store, 102)
        await store.expired(10)
        assert await store.find(SmppMsgId(f"for {A}"), CID) is None
        assert await store.request(B) is not None
        await store.forget(A)
        assert store.counts.records == 1
        assert store.counts.expired == 1

    async def test_ended_requests_are_lent_until_they_are_forgotten(
        self, make_store: MakeStore
    ) -> None:
        store = await make_store(on_expiry="callback")
        requests = {
            A: http_request(msgid=A, expiry_s=100),
            B: smpp_request(msgid=B, expiry_s=100),
            C: http_request(msgid=C, expiry_s=900),
        }
        for request in requests.values():
            await store.remember(request)
        assert await store.expired(10) == []
        await self.pass_time(store, 102)
        first = await store.expired(1)
        second = await store.expired(10)
        assert {e.request.msgid: e.request for e in [*first, *second]} == {
            A: requests[A],
            B: requests[B],
        }
        assert not any(e.by_budget for e in [*first, *second])
        assert await store.expired(10) == []
        await store.forget(first[0].request.msgid)
        await self.pass_time(store, 61)
        assert await store.expired(10) == second
        await store.forget(second[0].request.msgid)
        await self.pass_time(store, 61)
        assert await store.expired(10) == []
        assert store.counts.expired == 2

    async def test_silent_is_silent(self, store: Store) -> None:
        await store.remember(http_request(msgid=A, expiry_s=100))
        await self.pass_time(store, 102)
        assert await store.expired(10) == []
        assert (store.counts.records, store.counts.octets) == (0, 0)

    async def test_a_told_or_answered_request_does_not_expire(self, make_store: MakeStore) -> None:
        store = await make_store(on_expiry="callback")
        request = http_request(msgid=A, expiry_s=100)
        await store.remember(request)
        await store.map_smpp_msgids(request, [M1])
        await store.finish_segment(A, M1)
        await self.pass_time(store, 102)
        assert await store.expired(10) == []
        assert store.counts.expired == 0

    # ------------------------------------------------------------ the budget

    async def test_at_the_budget_the_nearest_to_expiry_goes(self, make_store: MakeStore) -> None:
        store = await make_store(max_records=2)
        far, near, middle = (
            http_request(msgid=msgid, expiry_s=expiry_s)
            for msgid, expiry_s in ((A, 900), (B, 100), (C, 500))
        )
        for request in (far, near, middle):
            await store.remember(request)
            await store.map_smpp_msgids(request, [SmppMsgId(f"for {request.msgid}")])
        assert await store.request(A) is not None
        assert await store.request(B) is None
        assert await store.find(SmppMsgId(f"for {B}"), CID) is None
        assert await store.request(C) is not None
        assert (store.counts.records, store.counts.evicted) == (2, 1)

    async def test_records_stay_at_the_budget_however_many_come(
        self, make_store: MakeStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = await make_store(max_records=50)
        for number in itertools.islice(itertools.count(), 500):
            request = http_request(msgid=MsgId(f"m{number}"))
            await store.remember(request)
            await store.record_sent(request.msgid, [segment(0, f"S{number}")])
            await store.map_smpp_msgids(request, [SmppMsgId(f"S{number}")])
            assert store.counts.records <= 50
        assert (store.counts.records, store.counts.evicted) == (50, 450)
        assert len([line for line in caplog.messages if "DLR store at its limit" in line]) == 1

    async def test_octets_stay_within_the_budget(self, make_store: MakeStore) -> None:
        store = await make_store(max_octets=10_000)
        for number in range(200):
            url = "http://127.0.0.1/" + "x" * (number * 7 % 500)
            request = http_request(msgid=MsgId(f"m{number}"), url=url)
            await store.remember(request)
            await store.record_sent(request.msgid, [segment(0, f"S{number}")])
            await store.map_smpp_msgids(request, [SmppMsgId(f"S{number}")])
            assert store.counts.octets <= 10_000
        assert store.counts.octets > 5_000
        assert store.counts.evicted > 100

    async def test_what_was_sent_is_within_the_budget_too(self, make_store: MakeStore) -> None:
        store = await make_store(max_records=20)
        for number in range(100):
            await store.record_sent(MsgId(f"m{number}"), [segment()])
            assert store.counts.records <= 20
        assert store.counts.records == 20
        assert store.counts.evicted == 0  # no receipt is lost by it

    async def test_pushed_out_requests_are_told_of(self, make_store: MakeStore) -> None:
        store = await make_store(max_records=1, on_expiry="callback")
        near = http_request(msgid=A, expiry_s=100)
        await store.remember(near)
        await store.remember(http_request(msgid=B, expiry_s=900))
        ended = await store.expired(10)
        assert [(e.request, e.by_budget) for e in ended] == [(near, True)]
        await store.forget(A)
        await self.pass_time(store, 61)
        assert await store.expired(10) == []

    async def test_the_octets_of_a_message_are_given_back(self, store: Store) -> None:
        other = http_request(msgid=B)
        await store.remember(other)
        await store.map_smpp_msgids(other, [M4])
        before = store.counts.octets
        await self.three_segments(store)
        assert store.counts.octets > before + 200
        for id_ in (M1, M2, M3):
            await store.finish_segment(A, id_)
        await self.pass_time(store, 3610)
        await store.remember(replace(other))
        assert store.counts.octets == before

    # ------------------------------------------------------------ segments from handsets

    async def test_segments_are_kept_by_message_in_any_order(self, store: Store) -> None:
        # covers: W-MO-07
        assert await store.keep_part("m", 3, b"\x00c\xff") == {3: b"\x00c\xff"}
        assert await store.keep_part("other", 1, b"x") == {1: b"x"}
        assert await store.keep_part("m", 1, b"a") == {1: b"a", 3: b"\x00c\xff"}
        assert await store.keep_part("m", 1, b"again") == {1: b"again", 3: b"\x00c\xff"}
        assert store.counts.records == 0

    async def test_dropped_segments_are_gone(self, store: Store) -> None:
        await store.keep_part("m", 1, b"a")
        for _ in range(2):
            await store.drop_parts("m")
        assert await store.keep_part("m", 2, b"b") == {2: b"b"}

    async def test_segments_go_together_after_their_time(self, store: Store) -> None:
        await store.keep_part("m", 1, b"a")
        await self.pass_time(store, KEPT_S - 20)
        assert await store.keep_part("m", 2, b"b") == {1: b"a", 2: b"b"}
        await self.pass_time(store, KEPT_S + 1)
        assert await store.keep_part("m", 3, b"c") == {3: b"c"}
