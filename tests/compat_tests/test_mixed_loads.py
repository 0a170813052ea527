"""The books of mixed sites tell what is missing, wrong or there twice."""

from urllib.parse import urlencode

from compat_tests.mixed.loads import LATE, PATH, Books, expected
from compat_tests.peers import smpp
from compat_tests.peers.sink import Call, Sink
from compat_tests.peers.smsc import Session, Smsc, Submitted

TO, MSGID, ID = "33600000000", "d5b7c1a6-0000-4000-8000-000000000000", "C000001"


def books() -> Books:
    """One message was accepted; neither SMSC nor receiver has seen anything."""
    return Books(Smsc(), Sink(), accepted={TO: MSGID})


def submit(books: Books, message_id: str | None) -> None:
    pdu = smpp.parse(smpp.build("submit_sm", 1, 0, {"destination_addr": TO}))
    session = Session(1, None, 0.0)  # type: ignore[arg-type]
    books.smsc.submitted.append(Submitted(0.0, pdu, session, message_id))


def call(books: Books, level: str, path: str = PATH, **other: str) -> None:
    arguments = dict(expected(MSGID, ID, level)) | other
    target = f"{path}?{urlencode(arguments)}"
    books.sink.calls.append(Call(0.0, "GET", target, (), b"", b""))


def test_a_message_the_smsc_refused_is_not_submitted() -> None:
    one = books()
    submit(one, None)
    assert (one.submitted(), one.due()) == (0, set())
    submit(one, ID)
    assert one.submitted() == 1
    assert one.came_twice() == 0
    assert one.due() == {expected(MSGID, ID, "1"), expected(MSGID, ID, "2")}


def test_what_comes_twice_is_counted() -> None:
    one = books()
    submit(one, ID)
    call(one, "1")
    assert one.came_twice() == 0
    call(one, "1")
    submit(one, ID)
    assert one.came_twice() == 2


def test_a_callback_with_another_field_is_not_due() -> None:
    one = books()
    submit(one, ID)
    call(one, "2", err="001")
    assert not set(one.made()) <= one.due()


async def test_what_was_refused_was_not_made() -> None:
    one = books()
    submit(one, ID)
    one.refuse_late()
    call(one, "1", LATE)
    one.accept_late()
    assert not one.made()
    call(one, "1", LATE)
    assert list(one.made()) == [expected(MSGID, ID, "1")]
