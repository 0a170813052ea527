"""Jobs and replies, and what a worker gone wrong may write."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.wire.script_jobs import (
    HEAD,
    BadReply,
    Done,
    Failed,
    Job,
    NeedsSource,
    Reply,
    Stopped,
    read_job,
    read_reply,
    write_job,
    write_reply,
)

texts = st.text(max_size=20)
jobs = st.builds(
    Job,
    kind=st.sampled_from(("evaluate", "intercept")),
    digest=texts,
    source=st.none() | texts,
    pdu=st.binary(max_size=50),
    user=st.binary(max_size=50),
    tags=st.lists(texts, max_size=3).map(tuple),
    locks=st.lists(texts, max_size=3).map(tuple),
    at=texts,
)
replies = st.one_of(
    st.just(NeedsSource()),
    st.builds(Failed, texts, st.booleans()),
    st.builds(
        Stopped,
        smpp_status=st.none() | st.integers() | texts,
        http_status=st.none() | st.integers() | texts,
        extra=st.dictionaries(texts, texts, max_size=2),
    ),
    st.builds(
        Done,
        result=st.booleans(),
        pdu=st.binary(max_size=50),
        tags=st.lists(texts, max_size=3).map(tuple),
        locks=st.lists(texts, max_size=3).map(tuple),
    ),
)


def body(frame: bytes) -> bytes:
    (length,) = HEAD.unpack(frame[: HEAD.size])
    assert len(frame) == HEAD.size + length
    return frame[HEAD.size :]


@given(jobs)
def test_a_job_arrives_as_it_was_sent(job: Job) -> None:
    read = read_job(body(write_job(job)))
    assert Job(**{**vars_of(read), "tags": tuple(read.tags), "locks": tuple(read.locks)}) == job


def vars_of(job: Job) -> dict[str, object]:
    return {name: getattr(job, name) for name in Job.__dataclass_fields__}


@given(replies)
def test_a_reply_arrives_as_it_was_sent(reply: Reply) -> None:
    assert read_reply(body(write_reply(reply))) == reply


# covers: W-INT-05
@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x80\x02cos\nsystem\n",
        b"[]",
        b"{}",
        b'{"is": "Job"}',
        b'{"is": "Failed", "reasons": 1}',
        b'{"is": "Done", "result": true, "pdu": 5, "tags": [], "locks": []}',
        b'{"is": "Done", "result": true, "pdu": "\\u1234", "tags": [], "locks": []}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_reply(octets: bytes) -> None:
    with pytest.raises(BadReply):
        read_reply(octets)


@given(st.recursive(st.none() | st.booleans() | st.integers() | texts, st.lists))
def test_no_json_breaks_the_reader(value: object) -> None:
    with pytest.raises(BadReply):
        read_reply(json.dumps(value).encode())
