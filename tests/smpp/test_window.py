"""Sequence numbers and who waits under them."""

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.window import MAX_SEQUENCE_NUMBER, Window


def test_numbers_start_at_one() -> None:
    window = Window()
    assert [window.next_number() for _ in range(3)] == [1, 2, 3]


# covers: W-MT-29
def test_numbers_start_again_at_one_after_the_last() -> None:
    window = Window(MAX_SEQUENCE_NUMBER - 1)
    assert window.next_number() == 0x7FFFFFFF
    assert window.next_number() == 1


def test_a_number_under_which_somebody_waits_is_passed_over() -> None:
    window = Window(MAX_SEQUENCE_NUMBER)
    window.sent(1, commands.SUBMIT_SM, 0.0)
    window.sent_own(2, commands.ENQUIRE_LINK)
    assert window.next_number() == 3


def test_the_oldest_is_the_one_sent_first_of_those_left() -> None:
    window = Window()
    for number in (1, 2, 3):
        window.sent(number, commands.SUBMIT_SM, float(number))
    assert window.oldest == window.waiting[0]
    assert window.answered(1) is not None
    oldest = window.oldest
    assert oldest is not None
    assert oldest.sent_at == 2.0
    assert [request.sequence_number for request in window.waiting] == [2, 3]


def test_an_answer_is_taken_once() -> None:
    window = Window()
    window.sent(1, commands.SUBMIT_SM, 0.0)
    assert window.answered(1) is not None
    assert window.answered(1) is None


def test_the_requests_of_the_session_itself_take_no_place() -> None:
    window = Window()
    window.sent_own(1, commands.ENQUIRE_LINK)
    assert len(window) == 0
    assert window.answered(1) is None
    assert window.answered_own(1) == commands.ENQUIRE_LINK
    assert window.answered_own(1) is None
