"""Answers in octets."""

import json

import pytest

from jasmin_compat.servers.http.answers import Answer
from jasmin_compat.servers.rest import answers
from jasmin_compat.servers.rest.answers import RestManner, octets_of

MANNER = RestManner(version=(1, 1), is_head=False, closes=False, powered_by="Jasmin 0.11.1")


def lines(answer: answers.RestAnswer, manner: RestManner = MANNER) -> list[str]:
    return octets_of(answer, manner, date=b"now").decode().split("\r\n")


# covers: REST-15
def test_an_answer_says_who_made_it_unless_it_shall_not() -> None:
    answer = answers.data("x")
    assert lines(answer) == [
        "HTTP/1.1 200 OK",
        "Server: jasmin-compat",
        "Date: now",
        "Content-Type: application/json",
        "Powered-By: Jasmin 0.11.1",
        "Content-Length: 13",
        "",
        '{"data": "x"}',
    ]
    manner = RestManner(version=(1, 0), is_head=True, closes=True, powered_by=None)
    assert lines(answer, manner)[3:] == [
        "Content-Type: application/json",
        "Content-Length: 13",
        "",
        "",
    ]


# covers: W-REST-04
def test_the_quotes_at_both_ends_are_lost_as_in_jasmin() -> None:
    answer = answers.result(Answer(status=200, body=b'Success "7c9f"'))
    assert answer.body == b'{"data": "Success \\"7c9f"}'
    answer = answers.result(Answer(status=412, body=b'Error "No route found"'))
    assert (answer.status, answer.body) == (412, b'{"message": "Error \\"No route found"}')


# covers: W-REST-07
@pytest.mark.parametrize(("status", "shown"), [(520, 520), (299, 299), (100, 500), (1000, 500)])
def test_a_status_an_interceptor_wants_is_given_if_http_has_it(status: int, shown: int) -> None:
    answer = answers.result(Answer(status=status, body=b"x"))
    assert answer.status == shown
    assert lines(answer)[0].startswith(f"HTTP/1.1 {shown} ")


def test_statuses_without_a_body_have_none() -> None:
    assert lines(answers.result(Answer(status=204, body=b"x")))[-2:] == ["", ""]


def test_errors_have_no_length_to_guess() -> None:
    answer = answers.unparsable(b"\xff")
    description = json.loads(answer.body)["description"]
    assert description == "Got unparseable json data: b'\\xff'"


@pytest.mark.parametrize(
    ("status", "line"),
    [(413, "413 Payload Too Large"), (418, "418 I'm a teapot"), (555, "555 Unknown Status")],
)
def test_phrases_are_falcons(status: int, line: str) -> None:
    assert lines(answers.error(status, "x"))[0] == f"HTTP/1.1 {line}"
