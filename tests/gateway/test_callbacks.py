"""The callback Jasmin makes, and what its answer means (contract/dlr.md §6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jasmin_compat.gateway.callbacks import (
    BadUrl,
    CallbackPolicy,
    HttpReply,
    NoReply,
    after_call,
    after_no_slot,
    after_silence,
    dlr_call,
    encoded_url,
    is_acknowledged,
    while_nobody_holds,
)
from jasmin_compat.gateway.messages import Ack, Dead, Delay
from tests import builders
from tests.builders import MSGID

POLICY = CallbackPolicy()
LEVEL_2 = {
    "level": 2,
    "message_status": "DELIVRD",
    "connector": "m13",
    "id_smsc": "M13",
    "sub": "001",
    "dlvrd": "001",
    "subdate": "2611231200",
    "donedate": "2611231201",
    "err": "000",
    "text": "hello",
}
FORM_1 = f"id={MSGID}&level=1&message_status=ESME_ROK&connector=con1"
FORM_2 = (
    f"id={MSGID}&level=2&message_status=DELIVRD&connector=m13&id_smsc=M13&sub=001&dlvrd=001"
    "&subdate=2611231200&donedate=2611231201&err=000&text=hello"
)


# covers: DLR-01 DLR-02 DLR-04 DLR-17 DLR-19 DLR-20
def test_post_sends_a_form() -> None:
    call = dlr_call(builders.http_dlr(url="http://h/dlr?keep=me"), timeout_s=30)
    assert (call.method, call.url, call.timeout_s) == ("POST", "http://h/dlr?keep=me", 30)
    assert call.body == FORM_1.encode()
    assert dict(call.headers) == {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "text/plain",
        "User-Agent": "Jasmin gateway/1.0 DLRThrower",
        "Accept-Encoding": "gzip",
    }


def test_get_appends_to_the_urls_own_query() -> None:
    dlr = builders.http_dlr(method="GET", url="http://h/dlr?keep=me", **LEVEL_2)
    call = dlr_call(dlr, timeout_s=30)
    assert (call.method, call.url) == ("GET", f"http://h/dlr?keep=me&{FORM_2}")
    assert call.body is None


def test_values_are_encoded_as_a_form() -> None:
    dlr = builders.http_dlr(**(LEVEL_2 | {"text": "a b:c/d?é'(~)+=&\n", "err": ""}))
    body = dlr_call(dlr, timeout_s=30).body
    assert body is not None
    assert body.endswith(b"&err=&text=a+b%3Ac%2Fd%3F%C3%A9%27%28~%29%2B%3D%26%0A")


# The right-hand sides are what treq 24.9.1, which Jasmin calls with, puts on the wire.
@pytest.mark.parametrize(
    ("url", "requested"),
    [
        ("http://h", "http://h/?id=x"),
        ("http://H:8080/a b?x y=z", "http://h:8080/a%20b?x%20y=z&id=x"),
        ("http://h/é?a=b&c=d", "http://h/%C3%A9?a=b&c=d&id=x"),
        ("http://h/p?", "http://h/p?id=x"),
        ("http://h/p?a&b=", "http://h/p?a&b=&id=x"),
        ("http://h/p#fragment", "http://h/p?id=x"),
        ("http://user:secret@h/p", "http://h/p?id=x"),
        ("https://exämple.com/", "https://xn--exmple-cua.com/?id=x"),
        ("http://h/p?x=%zz%41", "http://h/p?x=%zz%41&id=x"),
        ("http://h/a/../b", "http://h/a/../b?id=x"),
        ("http://h//x", "http://h//x?id=x"),
        ("http://h/p?a=1;b=2", "http://h/p?a=1;b=2&id=x"),
        ("http://h/p?q=a+b", "http://h/p?q=a+b&id=x"),
        ("http://h/%7euser/?x=/y:z@'", "http://h/%7euser/?x=/y:z@'&id=x"),
        ("http://[::1]:80/x", "http://[::1]:80/x?id=x"),
    ],
)
def test_a_url_is_requested_as_it_was_given(url: str, requested: str) -> None:
    assert encoded_url(url, "id=x") == requested


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http:///x",
        "http://h:notaport/",
        "http://[::1/",
        "ftp://h/",
        "http://a..b/",
        "http://127.1/",
        "http://2130706433/",
        "http://127.0.0.1./",
        "http://256.0.0.1/",
    ],
)
def test_a_url_nothing_can_be_requested_of_is_told(url: str) -> None:
    with pytest.raises(BadUrl):
        encoded_url(url)


@given(st.text())
def test_any_url_is_requested_in_ascii_or_refused(text: str) -> None:
    try:
        url = encoded_url(f"http://h/{text}")
    except BadUrl:
        return
    assert url.isascii()
    assert " " not in url


# covers: DLR-05
@pytest.mark.parametrize(
    ("reply", "acknowledged"),
    [
        (HttpReply(200, "ACK/Jasmin"), True),
        (HttpReply(200, "ACK/Jasmin\n"), True),
        (HttpReply(200, "  \r\n ACK/Jasmin \t\n"), True),
        (HttpReply(201, "ACK/Jasmin"), True),
        (HttpReply(399, "ACK/Jasmin"), True),
        (HttpReply(200, "ack/jasmin"), False),
        (HttpReply(200, "ACK/Jasmin OK"), False),
        (HttpReply(200, "OK"), False),
        (HttpReply(200, ""), False),
        (HttpReply(200, "\u00ef\u00bb\u00bfACK/Jasmin"), False),
        (HttpReply(204, ""), False),
        (HttpReply(301, "ACK/Jasmin"), False),
        (HttpReply(302, "ACK/Jasmin"), False),
        (HttpReply(400, "ACK/Jasmin"), False),
        (HttpReply(404, "ACK/Jasmin"), False),
        (HttpReply(503, "ACK/Jasmin"), False),
    ],
)
def test_an_acknowledgement_is_the_word_below_400(reply: HttpReply, acknowledged: bool) -> None:
    assert is_acknowledged(reply) is acknowledged


def test_an_acknowledged_report_is_done() -> None:
    reply = HttpReply(200, "ACK/Jasmin")
    assert after_call(builders.http_dlr(), reply, now=0, policy=POLICY) == Ack()


# covers: DLR-06 W-MO-16
@pytest.mark.parametrize(
    "outcome",
    [HttpReply(200, "NO"), HttpReply(404, ""), HttpReply(500, ""), NoReply("refused")],
    ids=["no word", "404", "500", "nobody"],
)
def test_the_first_four_attempts_are_thirty_seconds_apart(outcome: HttpReply | NoReply) -> None:
    for tries in (0, 1, 2):
        dlr = builders.http_dlr(tries=tries, first_tried_at=100.0)
        assert after_call(dlr, outcome, now=100.0, policy=POLICY) == Delay(30.0)


def test_who_answered_and_did_not_acknowledge_is_given_up_then() -> None:
    dlr = builders.http_dlr(tries=3, first_tried_at=100.0)
    assert after_call(dlr, HttpReply(404, ""), now=190.0, policy=POLICY) == Dead(
        "4 attempts in 90 s, the last: answered 404"
    )
    assert after_call(dlr, HttpReply(200, "OK"), now=190.0, policy=POLICY) == Dead(
        "4 attempts in 90 s, the last: answered 200 without ACK/Jasmin"
    )


@pytest.mark.parametrize("outcome", [HttpReply(503, "ACK/Jasmin"), NoReply("refused")])
def test_who_may_come_back_is_tried_for_a_day(outcome: HttpReply | NoReply) -> None:
    dlr = builders.http_dlr(tries=3, first_tried_at=0.0)
    assert after_call(dlr, outcome, now=86_100.0, policy=POLICY) == Delay(300.0)
    ended = after_call(dlr, outcome, now=86_101.0, policy=POLICY)
    assert isinstance(ended, Dead)
    assert ended.reason.startswith("4 attempts in 86101 s, the last: ")


def test_a_report_that_finds_no_slot_waits_and_grows_old() -> None:
    dlr = builders.http_dlr(tries=1, first_tried_at=0.0)
    assert after_no_slot(dlr, now=86_400.0, policy=POLICY) == Delay(10.0)
    assert after_no_slot(dlr, now=86_401.0, policy=POLICY) == Dead(
        "1 attempts in 86401 s, then no slot for a call"
    )
    assert after_no_slot(builders.http_dlr(), now=9.0, policy=POLICY) == Delay(10.0)


@pytest.mark.parametrize(("silent_s", "delay_s"), [(1.5, 10.0), (40.0, 40.0), (900.0, 300.0)])
def test_a_report_waits_as_long_as_its_receiver_has_hung(silent_s: float, delay_s: float) -> None:
    dlr = builders.http_dlr(tries=1, first_tried_at=0.0)
    waits = after_silence(dlr, silent_s=silent_s, now=86_400.0, policy=POLICY)
    assert waits == Delay(delay_s)
    ended = after_silence(dlr, silent_s=silent_s, now=86_401.0, policy=POLICY)
    assert isinstance(ended, Dead)


# covers: W-DLR-16
def test_a_receipt_for_an_esme_that_is_not_held_waits() -> None:
    waiting = builders.smpp_dlr(first_tried_at=0.0)
    assert while_nobody_holds(waiting, now=86_100.0, policy=POLICY) == Delay(300.0)
    assert while_nobody_holds(waiting, now=86_101.0, policy=POLICY) == Dead(
        "not held for esme1, 86101 s old"
    )
