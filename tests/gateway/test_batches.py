"""What is told of a message of a batch, to whom, and how often."""

import gzip
import json
from pathlib import Path

import pytest

from jasmin_compat.gateway.batches import (
    Accepted,
    BatchPolicy,
    BatchReport,
    Declined,
    after_report,
    report_call,
    report_of,
)
from jasmin_compat.gateway.callbacks import BadUrl, HttpReply, NoReply
from jasmin_compat.gateway.messages import Ack, Dead, Delay
from tests import builders

RECORDED = json.loads(
    gzip.decompress(
        (Path(__file__).parents[1] / "servers" / "rest" / "recorded.json.gz").read_bytes()
    )
)


def report(**fields: object) -> BatchReport:
    values = {"url": "http://h/c", "batch_id": "B", "to": ("1",), "status": 1, "text": "x"}
    return BatchReport(**(values | fields))  # type: ignore[arg-type]


# covers: REST-13
def test_who_is_told_and_what() -> None:
    message = builders.batch_message(callback_url="http://h/c", errback_url="http://h/e")
    sent, refused = Accepted('Success "7c9f"'), Declined('Error "No route found"')
    assert report_of(message, sent) == report(batch_id=message.batch_id, text='Success "7c9f"')
    assert report_of(message, refused) == report(
        url="http://h/e",
        batch_id=message.batch_id,
        status=0,
        text='HTTPAPI error: Error "No route found',
    )
    assert report_of(builders.batch_message(errback_url="http://h/e"), sent) is None
    assert report_of(builders.batch_message(callback_url="http://h/c"), refused) is None


TEXTS = {"5": ("5",), "None": (), "['1', '2']": ("1", "2"), "{'a': 1}": ("a",)}


def test_the_request_is_jasmins() -> None:
    for row in RECORDED["callbacks"]:
        made = report_call(
            report(
                url=row["url"],
                to=TEXTS.get(str(row["to"]), (row["to"],)),
                status=row["status"],
                text=row["text"],
            ),
            timeout_s=5,
        )
        assert made.method == "GET"
        assert made.body is None
        # Q13: a URL's own user and fragment are not sent
        assert made.url == row["request"].replace("u:p@", "").removesuffix("#f")


def test_no_request_can_be_made_of_what_is_no_url() -> None:
    with pytest.raises(BadUrl):
        report_call(report(url="5"), timeout_s=5)


# covers: W-REST-03
@pytest.mark.parametrize(
    ("outcome", "tries", "verdict"),
    [
        (HttpReply(200, ""), 0, Ack()),
        (HttpReply(404, ""), 0, Ack()),
        (HttpReply(500, ""), 0, Delay(30)),
        (NoReply("refused"), 2, Delay(30)),
        (NoReply("refused"), 3, Dead("4 attempts, the last: refused")),
        (HttpReply(503, ""), 9, Dead("10 attempts, the last: answered 503")),
    ],
)
def test_a_call_nobody_takes_is_made_again_and_not_for_ever(
    outcome: HttpReply | NoReply, tries: int, verdict: object
) -> None:
    assert after_report(outcome, tries=tries, policy=BatchPolicy()) == verdict
