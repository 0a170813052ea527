"""Callbacks over HTTP: the request Jasmin makes, and what its answer means (contract/dlr.md §6)."""

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from jasmin_compat.gateway.messages import Ack, Dead, Delay, HttpDlr, SmppDlr, Verdict
from jasmin_compat.smpp.twins import quick_init

ACKNOWLEDGED: Final = "ACK/Jasmin"
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
DLR_HEADERS: Final = (
    ("Content-Type", "application/x-www-form-urlencoded"),  # with GET, too
    ("Accept", "text/plain"),
    ("User-Agent", "Jasmin gateway/1.0 DLRThrower"),
    ("Accept-Encoding", "gzip"),
)

_PATH = "/%:@!$&'()*+,;=~-._"
"""What RFC 3986 lets stand in a path, and what is encoded already; a query may hold `?` as well."""


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One callback request; `body` is None for GET. Host and Content-Length are the adapter's."""

    method: str
    url: str
    """ASCII, encoded, without user and fragment."""
    headers: tuple[tuple[str, str], ...]
    body: bytes | None = None
    timeout_s: float = 30.0
    """From the first octet to the last."""


@quick_init
@dataclass(frozen=True, slots=True)
class HttpReply:
    """What the receiver answered: status and at most the first KiB of the body, decoded.

    A status of REDIRECTS is one that was not followed.
    """

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class NoReply:
    """Nobody answered: refused, timed out, denied address, or broken answer."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPolicy:
    """Jasmin's attempts, then ours while there is hope."""

    timeout_s: float = 30.0
    retry_delay_s: float = 30.0
    max_retries: int = 3
    """Attempts after the first, `retry_delay_s` apart."""
    late_retry_delay_s: float = 300.0
    """Between further ones, if nobody answered or the answer was 5xx."""
    no_slot_delay_s: float = 10.0
    """Before a call is tried that found as many open as allowed. For a receiver that hangs, as long
    as it has hung already, `late_retry_delay_s` at most: thousands that wait cost little then."""
    max_age_s: float = 86_400.0
    """Since the first attempt; older ones end as dead letters."""


class BadUrl(Exception):
    """No request can be made of this URL, now or later."""


def dlr_call(dlr: HttpDlr, *, timeout_s: float) -> HttpCall:
    """GET: behind the URL's own query. POST: a form in the body.

    Raises:
        BadUrl: no host, or a name or port that cannot be one.
    """
    fields: list[tuple[str, str | int]] = [
        ("id", dlr.msgid),
        ("level", dlr.level),
        ("message_status", dlr.message_status),
        ("connector", dlr.connector),
    ]
    if dlr.level == 2:
        fields += [
            ("id_smsc", dlr.id_smsc),
            ("sub", dlr.sub),
            ("dlvrd", dlr.dlvrd),
            ("subdate", dlr.subdate),
            ("donedate", dlr.donedate),
            ("err", dlr.err),
            ("text", dlr.text),
        ]
    form = urlencode(fields, errors="surrogateescape")
    is_get = dlr.method == "GET"
    return HttpCall(
        method=dlr.method,
        url=encoded_url(dlr.url, form if is_get else ""),
        headers=DLR_HEADERS,
        body=None if is_get else form.encode(),
        timeout_s=timeout_s,
    )


def encoded_url(url: str, form: str = "") -> str:
    """The URL as it is requested, with `form` behind its query.

    User and password in it are not sent, as Jasmin does not.

    Raises:
        BadUrl: no host, or a name or port that cannot be one.
    """
    try:
        parts = urlsplit(url)
        authority = _authority(parts)
    except ValueError as error:  # UnicodeError is one
        raise BadUrl(f"{url}: {error}") from error
    path = quote(parts.path or "/", safe=_PATH, errors="surrogateescape")
    query = quote(parts.query, safe=_PATH + "?", errors="surrogateescape")
    query = "&".join(part for part in (query, form) if part)
    return f"{parts.scheme}://{authority}{path}{'?' if query else ''}{query}"


def _authority(parts: SplitResult) -> str:
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not http, or no host")
    name = parts.hostname.encode("idna").decode()
    if name.replace(".", "").isdigit():
        IPv4Address(name)  # resolvers read 127.1 and 2130706433 as addresses, too
    host = f"[{name}]" if ":" in name else name
    return host if parts.port is None else f"{host}:{parts.port}"


def is_acknowledged(reply: HttpReply) -> bool:
    """Any status below 400 will do, if the body says the word."""
    is_answer = reply.status < 400 and reply.status not in REDIRECTS
    return is_answer and reply.text.strip() == ACKNOWLEDGED


def after_call(
    dlr: HttpDlr, outcome: HttpReply | NoReply, *, now: float, policy: CallbackPolicy
) -> Verdict:
    """`dlr.tries` counts the attempts before the one whose outcome this is."""
    if isinstance(outcome, HttpReply) and is_acknowledged(outcome):
        return Ack()
    attempts = dlr.tries + 1
    if attempts <= policy.max_retries:
        return Delay(policy.retry_delay_s)
    age_s = _age_s(dlr, now)
    is_hopeful = isinstance(outcome, NoReply) or outcome.status >= 500
    if is_hopeful and age_s + policy.late_retry_delay_s <= policy.max_age_s:
        return Delay(policy.late_retry_delay_s)
    return Dead(f"{attempts} attempts in {age_s:.0f} s, the last: {shown(outcome)}")


def after_no_slot(dlr: HttpDlr, *, now: float, policy: CallbackPolicy) -> Verdict:
    """The receiver had as many calls open as allowed: no attempt, but the message grows older."""
    age_s = _age_s(dlr, now)
    if age_s > policy.max_age_s:
        return Dead(f"{dlr.tries} attempts in {age_s:.0f} s, then no slot for a call")
    return Delay(policy.no_slot_delay_s)


def after_silence(dlr: HttpDlr, *, silent_s: float, now: float, policy: CallbackPolicy) -> Verdict:
    """The same, at a receiver that has answered nobody for `silent_s`."""
    verdict = after_no_slot(dlr, now=now, policy=policy)
    if not isinstance(verdict, Delay):
        return verdict
    return Delay(max(verdict.delay_s, min(silent_s, policy.late_retry_delay_s)))


def _age_s(dlr: HttpDlr | SmppDlr, now: float) -> float:
    return 0.0 if dlr.first_tried_at is None else now - dlr.first_tried_at


def shown(outcome: HttpReply | NoReply) -> str:
    """For logs and dead letters."""
    match outcome:
        case NoReply(reason):
            return reason
        case HttpReply(status=status) if status >= 400 or status in REDIRECTS:
            return f"answered {status}"
        case HttpReply(status=status):
            return f"answered {status} without {ACKNOWLEDGED}"


def while_nobody_holds(dlr: SmppDlr, *, now: float, policy: CallbackPolicy) -> Verdict:
    """For a receipt to an ESME that the holding queue does not take: it waits, until too old."""
    age_s = _age_s(dlr, now)
    if age_s + policy.late_retry_delay_s > policy.max_age_s:
        return Dead(f"not held for {dlr.system_id}, {age_s:.0f} s old")
    return Delay(policy.late_retry_delay_s)
