"""`/send` from request to answer: order of checks, counters, references, reports (§3)."""

import logging

import pytest

from jasmin_compat.gateway.credentials import MtCredential, Quotas
from jasmin_compat.gateway.messages import HttpDlrRequest, MsgId
from jasmin_compat.servers.http.counts import HttpCounts
from jasmin_compat.servers.http.params import BadArguments, read_query
from jasmin_compat.servers.measures import Measured, families
from tests import builders
from tests.builders import CID
from tests.http_client import ask, get
from tests.servers.http.api import RunningApi, running_api

GOOD = "username=full&password=pwd&to=15550001&content=hello"


async def status_and_text(api: RunningApi, query: str) -> tuple[int, str]:
    answer = await ask(api.port, get(f"/send?{query}"))
    return answer.status, answer.body.decode()


# covers: HTTP-01
async def test_success_names_the_message_that_was_queued() -> None:
    async with running_api() as api:
        assert await status_and_text(api, GOOD) == (200, f'Success "{api.queued[0].msgid}"')
        assert await api.queues.depth("submit.sm.con1") == 1


# covers: HTTP-15 HTTP-17 HTTP-19
@pytest.mark.parametrize(
    ("query", "level", "method"),
    [
        ("&dlr=yes&dlr-url=http://h/", 1, "POST"),
        ("&dlr-url=http://h/&dlr-level=3&dlr-method=get", 3, "GET"),
        ("&dlr=no&dlr-url=http://h/&dlr-level=2", 2, "POST"),
    ],
)
async def test_reports_asked_for_are_remembered(query: str, level: int, method: str) -> None:
    async with running_api() as api:
        await status_and_text(api, GOOD + query)
        queued = api.queued[0]
        assert queued.parts[-1].registered_delivery == 1
        assert await api.store.request(queued.msgid) == HttpDlrRequest(
            msgid=queued.msgid,
            url="http://h/",
            level=level,  # type: ignore[arg-type]
            method=method,  # type: ignore[arg-type]
            cid=CID,
            expiry_s=86400,
        )


async def test_a_receipt_without_an_address_is_not_remembered() -> None:
    async with running_api() as api:
        await status_and_text(api, GOOD + "&dlr=yes")
        assert api.queued[0].parts[0].registered_delivery == 1
        assert await api.store.request(MsgId(api.queued[0].msgid)) is None


# covers: HTTP-33 W-AMQP-04
async def test_without_a_queue_there_is_no_success() -> None:
    async with running_api(bindings=()) as api:
        assert await status_and_text(api, GOOD + "&dlr-url=http://h/") == (
            500,
            'Error "Cannot send submit_sm, check SMPPClientManagerPB log file for details"',
        )
        assert await api.store.request(api.queued[0].msgid) is None


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("username=full&password=no&to=1&hex-content=zz", 400, "Invalid hex-content data"),
        ("username=full&password=no&to=1&content=x&coding=3", 403, "Authentication failure"),
        ("username=full&password=p%C3%A9&to=1&content=x", 500, "'ascii' codec can't encode"),
        ("username=nobody&password=p%C3%A9&to=1&content=x", 403, "Authentication failure"),
        (GOOD + "&custom_tlvs=%7B%22a%22:1%7D&sdt=261331235959000%2B", 500, "invalid literal"),
        (GOOD + "&sdt=261331235959000%2B", 412, "No route found"),
    ],
    ids=["hex first", "then the password", "ascii", "unknown user", "tlvs", "route before time"],
)
async def test_checks_come_in_jasmins_order(query: str, status: int, text: str) -> None:
    nowhere = builders.site(mt_routes={})
    async with running_api(nowhere) as api:
        answered, said = await status_and_text(api, query)
        assert answered == status
        assert text in said


async def test_references_of_long_messages_go_round_from_1_to_255() -> None:
    async with running_api() as api:
        long = GOOD + "a" * 200
        await status_and_text(api, GOOD)
        for _ in range(2):
            await status_and_text(api, long)
        assert [q.parts[0].short_message[3] for q in api.queued[1:]] == [1, 2]
        taken = [api.api.resources.send._next_reference() for _ in range(254)]
        assert (taken[0], taken[252], taken[253]) == (3, 255, 1)


async def test_counters_are_jasmins() -> None:
    async with running_api() as api:
        tally = api.api.resources.tally
        await status_and_text(api, GOOD)
        await status_and_text(api, "")
        await status_and_text(api, GOOD.replace("pwd", "no"))
        api.site.swap(builders.site(mt_routes={}))
        await status_and_text(api, GOOD)
        now = tally.counts.last_request_at
        assert tally.counts == HttpCounts(
            request_count=4,
            auth_error_count=1,
            route_error_count=1,
            success_count=1,
            last_request_at=now,
            last_success_at=now,
            created_at=now,
        )


def test_the_counters_are_counters_and_the_times_are_not() -> None:
    counts = HttpCounts(success_count=2, last_success_at=5.0)
    by_name = {f.name: f for f in families([Measured(prefix="http", counts=counts)])}
    assert by_name["jasmin_compat_http_success_count"].kind == "counter"
    assert by_name["jasmin_compat_http_last_success_at"].kind == "gauge"
    assert "jasmin_compat_http_last_request_at" not in by_name


@pytest.mark.parametrize(
    ("query", "private", "line"),
    [
        (
            "",
            False,
            "[prio:0] [dlr:No] [from:None] [to:b'15550001'] [content:b'hello'] [tlvs:none]",
        ),
        (
            "&from=ACME&priority=2&dlr-level=2",
            True,
            "[prio:2] [dlr:Terminal] [from:b'ACME'] [to:b'15550001']"
            " [content:** 5 byte content **] [tlvs:none]",
        ),
    ],
)
async def test_a_message_is_logged_as_jasmin_does(
    caplog: pytest.LogCaptureFixture, query: str, private: bool, line: str
) -> None:
    caplog.set_level(logging.INFO, logger="jasmin-http-api")
    async with running_api(log_privacy=private) as api:
        await status_and_text(api, GOOD + query)
    msgid = api.queued[0].msgid
    assert caplog.messages == [f"SMS-MT [uid:full] [cid:con1] [msgid:{msgid}] {line}"]


async def test_a_long_message_is_logged_once_and_whole(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="jasmin-http-api")
    async with running_api() as api:
        await status_and_text(api, GOOD + "a" * 300)
    [line] = caplog.messages
    assert f"[content:b'hello{'a' * 300}']" in line


async def test_a_refusal_is_logged_once_and_without_secrets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_api() as api:
        await status_and_text(api, GOOD.replace("pwd", "hunter2"))
        await status_and_text(api, GOOD.replace("pwd", "hunter2hunter2hunter2"))
        api.site.swap(builders.site(mt_routes={}))
        await status_and_text(api, GOOD)
    errors = [r.getMessage() for r in caplog.records if r.name == "jasmin-http-api"]
    assert errors == [
        "Error: 403: AuthenticationError (Authentication failure for username:full)",
        "Error: 400: UrlArgsValidationError (Argument [password] has an invalid value: [***].)",
        "Error: 412: RouteNotFoundError (No route found)",
    ]
    assert "hunter2" not in caplog.text


# covers: HTTP-31 CRED-20
async def test_a_message_that_came_too_fast_has_a_line_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    user = builders.user(mt=MtCredential(quotas=Quotas(http_throughput=2)))
    async with running_api(builders.site(user)) as api:
        await status_and_text(api, GOOD)
        assert await status_and_text(api, GOOD) == (403, 'Error "User throughput exceeded"')
        assert api.api.resources.tally.counts.throughput_error_count == 1
    assert caplog.messages == [
        "QoS: submit_sm_event is faster (0:00:00) than fixed throughput (0:00:00.500000),"
        " user:full, rejecting message.",
        "Error: 403: ThroughputExceededError (User throughput exceeded)",
    ]


# covers: HTTP-32
async def test_a_message_that_is_not_paid_has_a_line_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    user = builders.user(mt=MtCredential(quotas=Quotas(submit_sm_count=1)))
    async with running_api(builders.site(user)) as api:
        answered, _ = await status_and_text(api, GOOD + "a" * 200)
    assert answered == 403
    assert [r.getMessage() for r in caplog.records if r.name == "jasmin-http-api"] == [
        "Charging user full failed, [bid:11111111-1111-4111-8111-111111111111] [ttlamounts:0.0]"
        " SubmitSmPDU (x2)",
        "Error: 403: ChargingError (Cannot charge submit_sm, check RouterPB log file for details)",
    ]


# covers: CRED-15
async def test_the_accounts_own_sender_is_logged_as_a_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="jasmin-http-api")
    user = builders.user(mt=MtCredential(source_address="SUNHOTEL"))
    async with running_api(builders.site(user)) as api:
        await status_and_text(api, GOOD)
        await status_and_text(api, GOOD + "&from=SUNHOTEL")
    own, given = caplog.messages
    assert "[from:SUNHOTEL]" in own
    assert "[from:b'SUNHOTEL']" in given


async def test_arguments_that_came_another_way_are_answered_alike() -> None:
    arguments = read_query(GOOD.encode())
    async with running_api() as api:
        answer = await api.api.resources.send.answer_arguments(dict(arguments))
        assert answer.body.decode() == f'Success "{api.queued[0].msgid}"'
        refused = await api.api.resources.send.answer_arguments(arguments | {b"password": b"no"})
        assert refused.body == b'Error "Authentication failure for username:full"'
        assert api.api.resources.tally.counts.request_count == 2


async def test_a_sender_authenticated_before_needs_no_password() -> None:
    arguments = read_query(GOOD.encode()) | {b"username": b"other", b"password": b"-"}
    async with running_api() as api:
        msgid = await api.api.resources.send.take_as(builders.user(), arguments)
        assert api.queued[0].msgid == msgid
        with pytest.raises(BadArguments):
            await api.api.resources.send.take_as(builders.user(), {**arguments, b"to": b"x"})
