"""The Store contract on a real Redis, and what only Redis has to show."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, TypeVar

import pytest
import redis as redis_client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jasmin_compat.adapters.memory_store import MemoryStore
from jasmin_compat.adapters.redis import open_redis_store
from jasmin_compat.adapters.redis_connect import ClusterRefused, RedisPolicy
from jasmin_compat.gateway.dlr import TELL_S, DlrPolicy, wants_receipts
from jasmin_compat.gateway.messages import ConnectorId, DlrRequest, MsgId, SmppMsgId
from jasmin_compat.ports import Correlated, GroupPart, SegmentSent, Store, StoreAway
from jasmin_compat.runtime.clock import SystemClock
from jasmin_compat.wire.redis_records import (
    mapping_fields,
    read_request,
    request_fields,
    source_of,
)
from tests import recorded_dlrs
from tests.builders import CID, http_request, smpp_request
from tests.contracts.store_contract import M1, M2, A, B, MakeStore, StoreContract, segment
from tests.fakes import FakeClock
from tests.services import Redis, RedisPair, free_port
from tests.waiting import until

pytestmark = pytest.mark.redis


class Server:
    """A look into the private server, by a client of its own."""

    def __init__(self, server: Redis) -> None:
        self.server = server
        self.client = redis_client.Redis(port=server.port)

    def flush(self) -> None:
        self.client.flushall()

    def keys(self, pattern: str = "*") -> set[str]:
        return {key.decode() for key in self.client.keys(pattern)}

    def make_older(self, seconds: float) -> None:
        """Everything in it was written so much earlier: what that would have ended ends."""
        for key in self.client.keys("*"):
            left_ms = self.client.pttl(key)
            if 0 < left_ms <= seconds * 1000:
                self.client.delete(key)
            elif left_ms > 0:
                self.client.pexpire(key, int(left_ms - seconds * 1000))
            if key.startswith(b"jc:sent:") and self.client.hexists(key, "t"):
                self.client.hincrby(key, "t", -int(seconds))
        for index in ("jc:dlr-index", "jc:sent-index", "jc:untold"):
            for member in self.client.zrange(index, 0, -1):
                self.client.zincrby(index, -int(seconds), member)


@pytest.fixture
def server(redis_server: Redis) -> Server:
    looked_into = Server(redis_server)
    looked_into.flush()
    return looked_into


T = TypeVar("T")


@contextlib.asynccontextmanager
async def kept(context: contextlib.AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave it in one task: a fixture's two halves run in two."""
    entered: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    leave = asyncio.Event()

    async def keep() -> None:
        async with context as value:
            entered.set_result(value)
            await leave.wait()

    keeping = asyncio.create_task(keep())
    await asyncio.wait([entered, keeping], return_when=asyncio.FIRST_COMPLETED)
    if keeping.done():
        await keeping
    yield entered.result()
    leave.set()
    await keeping


@pytest.fixture
async def make_store(server: Server) -> AsyncIterator[MakeStore]:
    async with contextlib.AsyncExitStack() as stores:

        async def make(*, timeout_s: float = 2.0, **fields: Any) -> Store:
            return await stores.enter_async_context(
                kept(
                    open_redis_store(
                        policy=RedisPolicy(url=server.server.url, timeout_s=timeout_s),
                        dlr=DlrPolicy(**fields),
                        clock=SystemClock(),
                    )
                )
            )

        yield make


class TestRedisStore(StoreContract):
    async def pass_time(self, store: Store, seconds: float) -> None:
        self.server.make_older(seconds)

    @pytest.fixture(autouse=True)
    def _keep_server(self, server: Server) -> None:
        self.server = server


# ---------------------------------------------------------------- records, a Jasmin's and ours


def write_as_jasmin(client: "redis_client.Redis", request: DlrRequest, smpp_msgid: str) -> None:
    """What a jasmind and its lookup leave behind for an accepted message."""
    for key, fields in (
        (f"dlr:{request.msgid}", request_fields(request)),
        (f"queue-msgid:{smpp_msgid}", mapping_fields(request.msgid, source_of(request))),
    ):
        client.hset(key, mapping=fields)  # type: ignore[arg-type]
        client.expire(key, request.expiry_s)


async def test_records_are_those_of_the_recordings(make_store: MakeStore, server: Server) -> None:
    """Each key that lay in Redis after a flow, its fields octet for octet, and its expiry."""
    # covers: DLR-14 W-DLR-02
    store = await make_store()
    written = 0
    for recording in recorded_dlrs.RECORDINGS:
        requests = recorded_dlrs.records_at_rest(recording, "dlr:")
        mappings = recorded_dlrs.mappings(recording)
        for key, fields in requests.items():
            request = read_request(MsgId(key.removeprefix("dlr:")), fields)
            await store.remember(request)
            ids = [id_ for id_, msgid in mappings.items() if msgid == request.msgid]
            await store.map_smpp_msgids(request, ids)
            assert server.client.hgetall(key) == fields
            assert request.expiry_s - 10 < server.client.ttl(key) <= request.expiry_s
            written += 1
        recorded = recorded_dlrs.records_at_rest(recording, "queue-msgid:")
        known = {k: v for k, v in recorded.items() if "dlr:" + v[b"msgid"].decode() in requests}
        for key, fields in known.items():
            assert server.client.hgetall(key) == fields
            expiry_s = int(requests["dlr:" + fields[b"msgid"].decode()][b"expiry"])
            assert expiry_s - 10 < server.client.ttl(key) <= expiry_s
            written += 1
    assert written > 500


async def test_recorded_records_are_found_as_a_jasmin_left_them(
    make_store: MakeStore, server: Server
) -> None:
    """Each SMSC id that was mapped leads to its request, octet for octet, with its expiry or, where
    a Jasmin went down between HMSET and EXPIRE, without."""
    # covers: DLR-14 W-DLR-02
    store, found = await make_store(), 0
    for recording in recorded_dlrs.RECORDINGS:
        requests = recorded_dlrs.records_at_rest(recording, "dlr:")
        for key, mapping in recorded_dlrs.records_at_rest(recording, "queue-msgid:").items():
            request = "dlr:" + mapping[b"msgid"].decode()
            if request not in requests:
                continue
            server.client.hset(request, mapping=requests[request])  # type: ignore[arg-type]
            server.client.hset(key, mapping=mapping)  # type: ignore[arg-type]
            if found % 2:
                server.client.expire(request, 86400)
            correlated = await store.find(SmppMsgId(key.removeprefix("queue-msgid:")), CID)
            assert correlated is not None
            assert (f"dlr:{correlated.msgid}", correlated.replied) == (request, True)
            assert request_fields(correlated.request) == requests[request]
            found += 1
    assert found > 200


AS_IT_IS_TAKEN = {
    "a plus sign": ({"destination_addr": b"+33612345678"}, "destination_addr", "+33612345678"),
    "leading zeros": ({"source_addr": b"00123"}, "source_addr", "00123"),
    "a name of digits": ({"system_id": b"12345"}, "system_id", "12345"),
    "a point": ({"destination_addr": b"33.6"}, "destination_addr", "33.6"),
    "an underscore": ({"source_addr": b"1_000"}, "source_addr", "1_000"),
    "no address": ({"source_addr": b"None"}, "source_addr", "None"),
    "octets of no text": ({"source_addr": b"\xff\x00"}, "source_addr", "\xff\x00"),
    "no expiry": ({"expiry": None}, "expiry_s", 86400),
    "an expiry with a plus": ({"expiry": b"+60"}, "expiry_s", 86400),
}


@pytest.mark.parametrize(("change", "name", "value"), AS_IT_IS_TAKEN.values(), ids=AS_IT_IS_TAKEN)
async def test_texts_that_a_jasmin_makes_numbers_stay_texts(
    make_store: MakeStore, server: Server, change: dict[str, Any], name: str, value: object
) -> None:
    """contract/redis-keys.md §3."""
    # covers: W-DLR-13
    fields = {**request_fields(smpp_request(msgid=A))}
    for field, octets in change.items():
        fields[field.encode()] = octets
    server.client.hset(
        f"dlr:{A}",
        mapping={k: v for k, v in fields.items() if v is not None},  # type: ignore[arg-type]
    )
    server.client.hset("queue-msgid:M1", mapping={"msgid": A, "connector_type": "smppsapi"})
    found = await (await make_store()).find(M1, CID)
    assert found is not None
    assert getattr(found.request, name) == value


async def test_a_msgid_of_digits_keeps_its_zeros(make_store: MakeStore, server: Server) -> None:
    """A plug-in of Jasmin's may make such; its own lookup then looks for another key."""
    write_as_jasmin(server.client, http_request(msgid=MsgId("0042")), "M1")
    found = await (await make_store()).find(M1, CID)
    assert found is not None
    assert found.msgid == "0042"


async def test_a_user_of_redis_needs_our_keys_and_few_commands(server: Server) -> None:
    """docs/redis.md."""
    # covers: W-SEC-11
    rights = "~dlr:* ~queue-msgid:* ~jc:* -@all +@hash +@sortedset +@string +@keyspace +@scripting"
    more = "+time +info +ping +wait +@connection -@dangerous -@admin +info +select"
    server.client.execute_command(
        *["ACL", "SETUSER", "narrow", "reset", "on", ">pw"], *rights.split(), *more.split()
    )
    try:
        policy = RedisPolicy(url=f"redis://narrow:pw@127.0.0.1:{server.server.port}/0")
        dlr = DlrPolicy(on_expiry="callback")
        async with open_redis_store(policy=policy, dlr=dlr, clock=SystemClock()) as store:
            request = smpp_request(msgid=A)
            await store.remember(request, GroupPart(group="g", number=1, of=1))
            await store.record_sent(A, [segment(0, "M1")])
            await store.map_smpp_msgids(request, [M1])
            assert await store.find(M1, CID) is not None
            assert len(await store.sent(A)) == 1
            await store.finish_segment(A, M1)
            assert await store.request(A) is None
            assert await store.expired(10) == []
            assert await store.keep_part("w", 1, b"x") == {1: b"x"}
            await store.drop_parts("w")
            await store.adopt()
    finally:
        server.client.execute_command("ACL", "DELUSER", "narrow")


async def test_every_record_of_ours_expires(make_store: MakeStore, server: Server) -> None:
    store = await make_store()
    request = smpp_request(msgid=A)
    await store.remember(request, GroupPart(group="g", number=1, of=2))
    await store.record_sent(A, [segment(0, "M1")])
    await store.map_smpp_msgids(request, [M1])
    await store.record_sent(B, [segment(0, "M2")])
    indexes = {"jc:dlr-index", "jc:sent-index", "jc:octets"}
    records = server.keys() - indexes
    assert records == {
        f"dlr:{A}",
        "queue-msgid:M1",
        f"jc:sent:{A}",
        f"jc:part:{A}",
        "jc:group:g",
        f"jc:sent:{B}",
    }
    assert all(0 < server.client.ttl(key) <= 86400 for key in records)


async def test_after_the_last_receipt_only_that_it_was_sent_is_left(
    make_store: MakeStore, server: Server
) -> None:
    """A 5-part message with a receipt for the last only: no DLR record, for an hour `jc:sent:`."""
    store = await make_store()
    request = http_request(msgid=A)
    await store.remember(request)
    parts = [segment(index, f"P{index}", wants_receipt=index == 4) for index in range(5)]
    await store.record_sent(A, parts)
    await store.map_smpp_msgids(request, [SmppMsgId("P4")])
    await store.finish_segment(A, SmppMsgId("P4"))
    assert server.keys() == {f"jc:sent:{A}", "jc:sent-index", "jc:octets"}
    assert 3590 < server.client.ttl(f"jc:sent:{A}") <= 3600
    server.make_older(3601)
    await store.forget(A)
    assert server.keys() == {"jc:octets"}
    assert server.client.get("jc:octets") == b"0"


@pytest.mark.parametrize(
    "request_", [http_request(msgid=A), smpp_request(msgid=A)], ids=["http", "smpp"]
)
async def test_what_a_jasmin_wrote_is_found_and_ended(
    make_store: MakeStore, server: Server, request_: Any
) -> None:
    store = await make_store()
    write_as_jasmin(server.client, request_, "M1")
    found = await store.find(M1, CID)
    assert found == Correlated(msgid=A, request=request_, replied=True)
    await store.finish_segment(A, M1)
    assert server.keys() <= {"jc:octets"}
    assert (store.counts.records, store.counts.octets) == (0, 0)


async def test_a_jasmins_answer_is_mapped_by_our_lookup(
    make_store: MakeStore, server: Server
) -> None:
    """Its connector does not record what it sent."""
    store = await make_store()
    request = http_request(msgid=A)
    server.client.hset(f"dlr:{A}", mapping=request_fields(request))  # type: ignore[arg-type]
    await store.map_smpp_msgids(request, [M1])
    assert server.client.hlen("queue-msgid:M1") == 2
    assert 86390 < server.client.ttl(f"dlr:{A}") <= 86400  # it had none: W-DLR-02
    assert await store.sent(A) == ()
    await store.finish_segment(A, M1)
    assert server.keys() <= {"jc:octets"}


@pytest.mark.parametrize(
    "fields",
    [{"sc": "other"}, {"sc": "httpapi", "url": "u", "level": "9", "method": "GET"}, {"x": "y"}],
    ids=repr,
)
async def test_a_record_nobody_can_read_is_no_request(
    make_store: MakeStore, server: Server, fields: Any
) -> None:
    store = await make_store()
    server.client.hset(f"dlr:{A}", mapping=fields)
    server.client.hset("queue-msgid:M1", mapping={"msgid": A, "connector_type": "httpapi"})
    assert await store.request(A) is None
    assert await store.find(M1, CID) is None


async def test_a_mapping_of_the_other_kind_does_not_match(
    make_store: MakeStore, server: Server
) -> None:
    store = await make_store()
    await store.remember(http_request(msgid=A))
    server.client.hset("queue-msgid:M1", mapping={"msgid": A, "connector_type": "smppsapi"})
    server.client.hset("queue-msgid:M2", mapping={"msgid": A, "connector_type": "httpapi", "x": 1})
    assert await store.find(M1, CID) is None
    assert await store.find(M2, CID) is None


async def test_at_start_a_jasmins_records_come_under_the_budget(
    make_store: MakeStore, server: Server
) -> None:
    for number in range(1500):  # more than one turn of the scan
        request = http_request(msgid=MsgId(f"j{number}"), expiry_s=1000 + number)
        write_as_jasmin(server.client, request, f"S{number}")
    store = await make_store(max_records=100)
    await until(lambda: server.client.zcard("jc:dlr-index") == 100)
    await until(lambda: len(server.keys("queue-msgid:*")) == 100)
    assert len(server.keys("dlr:*")) == 100
    assert await store.find(SmppMsgId("S1499"), CID) is not None
    assert await store.find(SmppMsgId("S0"), CID) is None
    assert store.counts.evicted == 1400


async def test_at_start_mappings_without_a_request_go(
    make_store: MakeStore, server: Server
) -> None:
    """A Jasmin keeps them for a day after their message has ended."""
    client = server.client
    write_as_jasmin(client, http_request(msgid=A), "M1")
    client.hset("queue-msgid:M2", mapping={"msgid": "gone", "connector_type": "httpapi"})
    client.set("queue-msgid:M3", "not ours")
    client.set("dlr:x", "not ours")
    client.set("other", "not ours")
    await make_store()
    await until(lambda: not client.exists("queue-msgid:M2"))
    await until(lambda: bool(client.zscore("jc:dlr-index", A)))
    assert {"queue-msgid:M1", "queue-msgid:M3", "dlr:x", "other", f"dlr:{A}"} <= server.keys()


# ---------------------------------------------------------------- bounds


async def test_many_concurrent_messages_stay_within_the_bound(
    make_store: MakeStore, server: Server
) -> None:
    store = await make_store(max_records=1000)
    numbers = iter(range(20_000))

    async def send() -> None:
        for number in numbers:
            request = http_request(msgid=MsgId(f"m{number}"))
            await store.remember(request)
            await store.record_sent(request.msgid, [segment(0, f"S{number}")])
            await store.map_smpp_msgids(request, [SmppMsgId(f"S{number}")])

    async with asyncio.TaskGroup() as tasks:
        for _ in range(50):
            tasks.create_task(send())
    assert store.counts.records == 1000
    assert store.counts.evicted == 19_000
    # what was recorded after its request had been pushed out is a message, too
    assert server.client.zcard("jc:dlr-index") + server.client.zcard("jc:sent-index") == 1000
    assert server.client.dbsize() <= 3 * 1000 + 3


async def test_octets_are_those_in_redis(make_store: MakeStore, server: Server) -> None:
    """The sum kept is the sum of what is there, whatever was done."""
    store = await make_store(max_octets=20_000)
    for number in range(200):
        request = http_request(msgid=MsgId(f"m{number}"), url="u" * (number % 90))
        await store.remember(request)
        if number % 2:
            await store.record_sent(request.msgid, [segment(0, f"S{number}"), segment(1, None)])
        if number % 3:
            await store.map_smpp_msgids(request, [SmppMsgId(f"S{number}")])
        if number % 5 == 0:
            await store.finish_segment(request.msgid, SmppMsgId(f"S{number}"))
        if number % 7 == 0:
            await store.forget(request.msgid)
    counted = 0
    for key in server.keys("dlr:*") | server.keys("queue-msgid:*") | server.keys("jc:sent:*"):
        fields = server.client.hgetall(key)
        counted += len(key) + sum(len(name) + len(value) for name, value in fields.items())
    assert store.counts.octets == counted
    assert store.counts.octets <= 20_000


async def test_untold_requests_are_bounded(make_store: MakeStore, server: Server) -> None:
    store = await make_store(max_records=1, on_expiry="callback", max_untold=10)
    server.client.zadd("jc:untold", {f"T old{number}": number for number in range(10)})
    await store.remember(http_request(msgid=A))
    await store.remember(http_request(msgid=B, expiry_s=90000))
    assert server.client.zcard("jc:untold") == 10
    assert server.client.zscore("jc:untold", f"B{A}") is not None
    assert 0 < server.client.ttl(f"dlr:{A}") <= TELL_S


# ---------------------------------------------------------------- both adapters

MSGIDS = [A, B, MsgId("msg-c")]
PASSED_S = [7, 70, 399, 3997]
"""Sums of them are at least two seconds from any of the times below."""
TIMES = {"siblings_grace_s": 66, "sent_ttl_s": 3602}
WISHES: list[Any] = [
    make(expiry_s=expiry_s, **fields)
    for expiry_s in (205, 5050, 86400)
    for make, fields in (
        (http_request, {"level": 1}),
        (http_request, {}),
        (http_request, {"cid": ConnectorId("other")}),
        (smpp_request, {}),
    )
]
PARTS = st.none() | st.builds(
    GroupPart, group=st.sampled_from("gh"), number=st.integers(1, 3), of=st.just(3)
)


def ids_of(msgid: MsgId) -> list[SmppMsgId]:
    """By segment; two messages were given the same id once."""
    return [SmppMsgId("M1"), SmppMsgId(f"{msgid} 2"), SmppMsgId(f"{msgid} 3")]


SMPP_MSGIDS = sorted({id_ for msgid in MSGIDS for id_ in ids_of(msgid)})


def answers(msgid: MsgId) -> st.SearchStrategy[list[SegmentSent]]:
    accepted = [
        segment(index, id_, wants_receipt=index != 1) for index, id_ in enumerate(ids_of(msgid))
    ]
    refused = [segment(index, None, command_status=0x58) for index in range(3)]
    each = st.sampled_from([*accepted, *refused])
    return st.lists(each, min_size=1, max_size=3, unique_by=lambda answer: answer.index)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Names of methods, or `pass_time`, and their arguments. Messages have a request or not; it is
    remembered before they are sent."""
    wishes = {msgid: (draw(st.sampled_from(WISHES)), draw(PARTS)) for msgid in MSGIDS}
    requests = {msgid: replace(wish, msgid=msgid) for msgid, (wish, _) in wishes.items()}

    def of(msgid: MsgId) -> st.SearchStrategy[tuple[str, Any]]:
        id_ = st.sampled_from(ids_of(msgid))
        always = st.one_of(
            answers(msgid).map(lambda given: ("record_sent", (msgid, given))),
            st.just(("forget", (msgid,))),
        )
        if not wants_receipts(requests[msgid]):
            return always
        return st.one_of(
            always,
            st.lists(id_, max_size=3).map(lambda ids: ("map_smpp_msgids", (requests[msgid], ids))),
            id_.map(lambda one: ("finish_segment", (msgid, one))),
        )

    others = st.one_of(
        st.just(("expired", (10,))), st.sampled_from(PASSED_S).map(lambda s: ("pass_time", s))
    )
    step = st.one_of(st.sampled_from(MSGIDS).flatmap(of), others)
    asked = draw(st.lists(st.sampled_from(MSGIDS), unique=True))
    remembered = [("remember", (requests[msgid], wishes[msgid][1])) for msgid in asked]
    return [*remembered, *draw(st.lists(step, max_size=14))]


async def seen(store: Store) -> dict[str, object]:
    """All that a user of the port can see."""
    await store.forget(MsgId("nobody"))  # a write: counts are as of the last
    found = {f"request {msgid}": await store.request(msgid) for msgid in MSGIDS}
    found |= {f"sent {msgid}": await store.sent(msgid) for msgid in MSGIDS}
    for cid in (CID, ConnectorId("other")):
        found |= {f"find {id_} {cid}": await store.find(id_, cid) for id_ in SMPP_MSGIDS}
    counts = store.counts
    return found | {"counts": (counts.records, counts.evicted, counts.expired)}


@given(history=histories(), on_expiry=st.sampled_from(["silent", "callback"]))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_both_adapters_see_the_same(
    server: Server, history: list[tuple[str, Any]], on_expiry: Any
) -> None:
    dlr = DlrPolicy(on_expiry=on_expiry, **TIMES)
    clock = FakeClock()
    memory = MemoryStore(policy=dlr, clock=clock)

    async def live() -> None:
        server.flush()
        async with open_redis_store(
            policy=RedisPolicy(url=server.server.url), dlr=dlr, clock=SystemClock()
        ) as store:
            for method, arguments in history:
                if method == "pass_time":
                    server.make_older(arguments)
                    clock.advance(arguments)
                else:
                    theirs = await getattr(store, method)(*arguments)
                    ours = await getattr(memory, method)(*arguments)
                    assert sorted(map(repr, theirs or ())) == sorted(map(repr, ours or ()))
                assert await seen(store) == await seen(memory)
            server.make_older(200_000)
            await store.expired(10)
            assert server.keys() <= {"jc:octets"}
            assert (store.counts.records, store.counts.octets) == (0, 0)

    asyncio.run(live())


# ---------------------------------------------------------------- a server that goes


async def test_scripts_are_sent_again_when_the_server_forgot_them(
    make_store: MakeStore, server: Server
) -> None:
    store = await make_store()
    await store.remember(http_request(msgid=A))
    server.client.script_flush()
    await store.remember(http_request(msgid=B))
    assert await store.request(B) is not None


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_nothing_recorded_is_lost_with_the_server(
    make_store: MakeStore, server: Server, how: str
) -> None:
    """appendonly yes, appendfsync always; what was under way when it went is done in the end."""
    store = await make_store(timeout_s=60)
    requests = [http_request(msgid=MsgId(f"m{number}")) for number in range(2000)]
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(store.remember(request)) for request in requests]
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        server.server.stop() if how == "stop" else server.server.kill()
        server.server.start()
    for request in requests:
        assert await store.request(request.msgid) == request
    assert store.counts.records == 2000
    assert store.counts.reconnects >= 2
    await store.forget(requests[0].msgid)
    assert store.counts.records == 1999


async def test_a_full_server_is_a_store_that_is_away(make_store: MakeStore, server: Server) -> None:
    store = await make_store()
    server.client.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreAway, match="maxmemory"):
            await store.remember(http_request(msgid=A))
    finally:
        server.client.config_set("maxmemory", "0")
    await store.remember(http_request(msgid=A))


async def test_a_cluster_is_refused_at_start(server: Server) -> None:
    cluster = Redis("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    cluster.start()
    try:
        with pytest.raises(ClusterRefused):
            async with open_redis_store(
                policy=RedisPolicy(url=cluster.url), dlr=DlrPolicy(), clock=SystemClock()
            ):
                pass
    finally:
        cluster.close()


async def test_a_store_opens_before_its_server(server: Server) -> None:
    late = Redis()
    async with open_redis_store(
        policy=RedisPolicy(url=late.url, timeout_s=0.2), dlr=DlrPolicy(), clock=SystemClock()
    ) as store:
        with pytest.raises(StoreAway):
            await store.remember(http_request(msgid=A))
        late.start()
        await until(lambda: store.counts.is_connected)
        await store.remember(http_request(msgid=A))
    late.close()


async def remembered(store: Store, request: DlrRequest) -> bool:
    """A sender that was refused sends again."""
    with contextlib.suppress(StoreAway):
        await store.remember(request)
        return True
    return False


async def test_what_is_refused_for_want_of_a_replica_leaves_no_record(server: Server) -> None:
    policy = RedisPolicy(url=server.server.url, wait_replicas=1)
    async with open_redis_store(policy=policy, dlr=DlrPolicy(), clock=SystemClock()) as store:
        await until(lambda: store.counts.is_connected)
        with pytest.raises(StoreAway, match="on 0 of 1 replicas"):
            await store.remember(http_request(msgid=A))  # who finds out cannot know
        for _ in range(100):
            with pytest.raises(StoreAway, match="too few replicas"):
                await store.remember(http_request(msgid=B))
        assert server.keys("dlr:*") <= {f"dlr:{A}"}
        assert await store.request(B) is None


async def test_a_failover_loses_no_write_that_returned(redis_pair: RedisPair) -> None:
    """Under load, at any moment; and while no replica is there nothing is taken for written."""
    policy = RedisPolicy(
        sentinels=(("127.0.0.1", free_port()), ("127.0.0.1", redis_pair.sentinel.port)),
        wait_replicas=1,
        timeout_s=2,
    )
    returned: list[DlrRequest] = []
    numbers, stop = itertools.count(), asyncio.Event()

    async with open_redis_store(policy=policy, dlr=DlrPolicy(), clock=SystemClock()) as store:

        async def write() -> None:
            while not stop.is_set():
                request = http_request(msgid=MsgId(f"m{next(numbers)}"))
                if await remembered(store, request):
                    returned.append(request)
                else:
                    await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as writers:
            for _ in range(8):
                writers.create_task(write())
            await until(lambda: len(returned) > 500)
            await asyncio.to_thread(redis_pair.lose_master)
            await until(lambda: store.counts.lacks_replicas)
            before = len(returned)
            promoted = redis_client.Redis(port=redis_pair.master.port)
            assert [r.msgid for r in returned if not promoted.exists(f"dlr:{r.msgid}")] == []
            assert len(returned) == before
            await asyncio.to_thread(redis_pair.rejoin)
            await until(lambda: len(returned) > before + 100)
            stop.set()
        assert store.counts.takes_writes()
        assert [r.msgid for r in returned if not promoted.exists(f"dlr:{r.msgid}")] == []
        promoted.close()
