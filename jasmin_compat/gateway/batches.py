"""Messages of a batch, what becomes of each, and who is told (contract/http-api.md §19.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode

from jasmin_compat.gateway.callbacks import HttpCall, HttpReply, NoReply, encoded_url
from jasmin_compat.gateway.messages import Ack, Dead, Delay, Verdict
from jasmin_compat.gateway.users import UserId

REPORT_HEADERS: Final = (
    ("Accept", "*/*"),
    ("User-Agent", "Jasmin gateway/1.0 RestApi"),
    ("Accept-Encoding", "gzip"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMessage:
    """One message to one recipient, on its way to be sent."""

    batch_id: str
    number: int
    """Which of its batch, from 1."""
    uid: UserId | None
    """Who sends it; None where it names a sender whose credentials are nobody's."""
    username: str
    to: tuple[str, ...]
    """As the report says it: the texts that `to` becomes in a query."""
    params: Mapping[str, object]
    """JSON values by their names at `/send`; no credentials (W-REST-01)."""
    callback_url: str = ""
    errback_url: str = ""
    due: float = 0.0
    """Unix seconds; not to be sent before."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """It was sent; the text is what `/send` answers."""

    text: str


@dataclass(frozen=True, slots=True)
class Declined:
    """It will not be sent; the text is what `/send` answers."""

    text: str


@dataclass(frozen=True, slots=True)
class PutOff:
    """It may be sent later: broker, store or interceptor are away."""

    text: str


Outcome = Accepted | Declined | PutOff


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """A call that tells what became of a message."""

    url: str
    batch_id: str
    to: tuple[str, ...]
    status: Literal[0, 1]
    """1: sent."""
    text: str

    @property
    def kind(self) -> str:
        """As Jasmin's log names it."""
        return "Callback" if self.status else "Errback"


def report_of(message: BatchMessage, outcome: Accepted | Declined) -> BatchReport | None:
    """None where nobody asked to be told."""
    is_sent = isinstance(outcome, Accepted)
    url = message.callback_url if is_sent else message.errback_url
    if not url:
        return None
    text = outcome.text.strip('"')
    return BatchReport(
        url=url,
        batch_id=message.batch_id,
        to=message.to,
        status=1 if is_sent else 0,
        text=outcome.text if is_sent else f"HTTPAPI error: {text}",
    )


def report_call(report: BatchReport, *, timeout_s: float) -> HttpCall:
    """A GET; the fields stand behind the URL's own query.

    Raises:
        BadUrl: no request can be made of the URL.
    """
    fields = [
        ("batchId", report.batch_id),
        *(("to", to) for to in report.to),
        ("status", str(report.status)),
        ("statusText", report.text),
    ]
    form = urlencode(fields, errors="backslashreplace")
    return HttpCall(
        method="GET",
        url=encoded_url(report.url, form),
        headers=REPORT_HEADERS,
        timeout_s=timeout_s,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPolicy:
    """How long is gone on; Jasmin tries everything once (contract/weaknesses.md W-REST-03)."""

    put_off_delay_s: float = 30.0
    """Before a message is tried again that was put off."""
    put_off_retries: int = 20
    """Attempts after the first; then its sender is told the refusal."""
    report_timeout_s: float = 30.0
    report_retry_delay_s: float = 30.0
    report_retries: int = 3
    """Calls after the first, if nobody answers or the answer is 5xx."""
    no_slot_delay_s: float = 10.0
    """Before a call is made that found as many open as allowed."""
    finished_kept: int = 10_000
    """Messages sent, and remembered lest a redelivery be sent again."""


def after_report(outcome: HttpReply | NoReply, *, tries: int, policy: BatchPolicy) -> Verdict:
    """Any answer below 500 will do, as nothing is asked of it; `tries` counts earlier attempts."""
    if isinstance(outcome, HttpReply) and outcome.status < 500:
        return Ack()
    if tries < policy.report_retries:
        return Delay(policy.report_retry_delay_s)
    return Dead(f"{tries + 1} attempts, the last: {report_failure(outcome)}")


def report_failure(outcome: HttpReply | NoReply) -> str:
    """For logs and dead letters."""
    return outcome.reason if isinstance(outcome, NoReply) else f"answered {outcome.status}"
