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
    Ran,
    Ready,
    Stopped,
    read_job,
    read_ran,
    write_job,
    write_ran,
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
    st.just(Ready()),
    st.builds(Failed, texts),
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

runs = st.builds(
    Ran,
    reply=replies,
    took_s=st.floats(0, 100),
    printed=texts,
    has_children=st.booleans(),
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


@given(runs)
def test_a_reply_arrives_as_it_was_sent(ran: Ran) -> None:
    assert read_ran(body(write_ran(ran))) == ran


# covers: W-INT-05
@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x80\x02cos\nsystem\n",
        b"[]",
        b"{}",
        b'{"is": "Job"}',
        *(
            b'{"is": "%b", "reply": %b, "took_s": 0, "printed": "", "has_children": false}' % case
            for case in (
                (b"Failed", b'{"reasons": 1}'),
                (b"Done", b'{"result": true, "pdu": 5, "tags": [], "locks": []}'),
                (b"Done", b'{"result": true, "pdu": "\\u1234", "tags": [], "locks": []}'),
            )
        ),
        b"[" * 100_000,
    ],
)
def test_what_is_no_reply(octets: bytes) -> None:
    with pytest.raises(BadReply):
        read_ran(octets)


@given(st.recursive(st.none() | st.booleans() | st.integers() | texts, st.lists))
def test_no_json_breaks_the_reader(value: object) -> None:
    with pytest.raises(BadReply):
        read_ran(json.dumps(value).encode())
