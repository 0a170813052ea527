"""The books of mixed sites tell what is missing, wrong or there twice."""

from urllib.parse import urlencode

from compat_tests.mixed.loads import LATE, PATH, Books, expected
from compat_tests.peers import smpp
from compat_tests.peers.sink import Call, Sink
from compat_tests.peers.smsc import Session, Smsc, Submitted

TO, LONG_TO, MSGID, ID = (
    "33600000001",
    "33600000020",
    "d5b7c1a6-0000-4000-8000-000000000000",
    "C000001",
)


def books() -> Books:
    """One message was accepted; neither SMSC nor receiver has seen anything."""
    return Books(Smsc(), Sink(), accepted={TO: MSGID})


def submit(
    books: Books, message_id: str | None, *, to: str = TO, part: int = 0, asks: bool = True
) -> None:
    fields = {"destination_addr": to, "registered_delivery": int(asks)}
    if part:
        fields |= {"esm_class": 0x40, "short_message": bytes((5, 0, 3, 9, 3, part)) + b"x"}
    pdu = smpp.parse(smpp.build("submit_sm", 1, 0, fields))
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
    assert not one.repeats()
    assert one.due() == {expected(MSGID, ID, "1"), expected(MSGID, ID, "2")}


def test_a_long_message_is_submitted_with_its_last_part() -> None:
    one = Books(Smsc(), Sink(), accepted={LONG_TO: MSGID})
    for part in (1, 2):
        submit(one, f"C{part}", to=LONG_TO, part=part, asks=False)
    assert (one.submitted(), one.due()) == (0, set())
    submit(one, "C3", to=LONG_TO, part=3)
    assert (one.submitted(), one.repeats()) == (1, [])
    assert one.due("2") == {expected(MSGID, "C3", "2")}


def test_what_comes_twice_is_counted() -> None:
    one = books()
    submit(one, ID)
    call(one, "1")
    assert not one.repeats()
    call(one, "1")
    submit(one, ID)
    assert len(one.repeats()) == 2


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
