"""What a client is told, and what is kept, at each turn of a delivery report (contract/dlr.md)."""

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from jasmin_compat.gateway.messages import (
    DlrCallback,
    DlrRequest,
    HttpDlr,
    HttpDlrRequest,
    ReceiptArrived,
    SmppDlr,
    SmppDlrRequest,
    SmppMsgId,
    SubmitReplied,
)
from jasmin_compat.smpp.twins import quick_init

ACCEPTED = "ESME_ROK"
SUCCESS_STATES = frozenset({"ACCEPTD", "DELIVRD"})
FINAL_STATES = frozenset({"DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "REJECTD"})
TOLD_STATES = FINAL_STATES | {"ACCEPTD", "UNKNOWN"}
"""What Jasmin's clients may see at level 2; a receipt with any other word tells nothing (§9)."""
OUR_ERR = "99"
"""`err` of receipts made here, not by the SMSC (§3.2)."""
NOT_DEFINED = "ND"
TELL_S = 300
"""How long an ended request waits for its client to be told."""
LEND_S = 60
"""How long one that is being told is not given to anybody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DlrPolicy:
    """Settings of `[dlr]`: what is told, what is kept, and for how long."""

    max_records: int = 1_000_000
    """Messages with a record in the store; one message is one, whatever its segments."""
    max_octets: int = 1_073_741_824
    """Of keys, fields and values."""
    siblings_grace_s: float = 60.0
    """How long the segments still awaited live on after the last one's final receipt; 0: not."""
    on_expiry: Literal["silent", "callback"] = "silent"
    """`callback`: the client is told how each request ended, also where Jasmin keeps silent."""
    max_untold: int = 10_000
    """Ended requests whose client is not told yet; beyond, the oldest go untold."""
    sent_ttl_s: int = 3600
    """How long a message is known to be sent (`jc:sent:<msgid>`)."""
    receipt_retry_delays_s: tuple[float, ...] = (2.0, 10.0, 30.0)
    """When a receipt that came before its mapping is looked up again."""
    receipt_on_success: bool = False
    """`smpp_receipt_on_success_submit_sm_resp`: an ACCEPTD receipt at ESME_ROK."""
    log_privacy: bool = False
    sweep_s: float = 5.0

    @property
    def tells_every_end(self) -> bool:
        return self.on_expiry == "callback"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class DlrPlan:
    """What to do about one event, in this order; nothing at all is a plan too."""

    callback: DlrCallback | None = None
    map_smpp_msgids: tuple[SmppMsgId, ...] = ()
    finish_segment: bool = False
    """The receipt is this segment's last."""
    forget: bool = False


def plan_after_submit(request: DlrRequest, replied: SubmitReplied, policy: DlrPolicy) -> DlrPlan:
    """The SMSC answered: level 1, and what to keep for level 2 (contract/dlr.md §3)."""
    ids = () if replied.smpp_msgid is None else (replied.smpp_msgid, *replied.more_smpp_msgids)
    match request:
        case HttpDlrRequest():
            return _after_submit_http(request, replied.status, ids, policy)
        case SmppDlrRequest():
            return _after_submit_smpp(request, replied.status, ids, policy)
        case _:
            assert_never(request)


def _after_submit_http(
    request: HttpDlrRequest, status: str, ids: tuple[SmppMsgId, ...], policy: DlrPolicy
) -> DlrPlan:
    level_1 = HttpDlr(
        msgid=request.msgid,
        url=request.url,
        method=request.method,
        message_status=status,
        level=1,
        connector=request.cid,
    )
    if request.level == 1:
        return DlrPlan(callback=level_1, forget=True)
    if status == ACCEPTED:
        return DlrPlan(callback=level_1 if request.level == 3 else None, map_smpp_msgids=ids)
    if request.level == 3 or policy.tells_every_end:
        return DlrPlan(callback=level_1, forget=True)
    # Kept as Jasmin keeps it: its connector reports each failed attempt, and one may yet succeed.
    return DlrPlan()


def _after_submit_smpp(
    request: SmppDlrRequest, status: str, ids: tuple[SmppMsgId, ...], policy: DlrPolicy
) -> DlrPlan:
    # A thrower tells failure from success by this prefix (contract/dlr.md §7).
    named = status if status.startswith("ESME_") else "ESME_RUNKNOWNERR"
    receipt = _smpp_dlr(request, named, OUR_ERR)
    if status == ACCEPTED:
        return DlrPlan(callback=receipt if policy.receipt_on_success else None, map_smpp_msgids=ids)
    if policy.tells_every_end:
        return DlrPlan(callback=receipt, forget=True)
    return DlrPlan(callback=receipt if request.receipt == 2 else None)


def wants_receipts(request: DlrRequest) -> bool:
    """SMSC ids are mapped for it: level 1 is over with the answer."""
    return not isinstance(request, HttpDlrRequest) or request.level != 1


def waits_for_reply(request: DlrRequest, policy: DlrPolicy) -> bool:
    """The answer to the submit is told too, and must be told before the receipt."""
    match request:
        case HttpDlrRequest():
            return request.level == 3
        case SmppDlrRequest():
            return policy.receipt_on_success
        case _:
            assert_never(request)


def plan_after_receipt(request: DlrRequest, receipt: ReceiptArrived) -> DlrPlan:
    """The SMSC reported: level 2 (contract/dlr.md §5)."""
    if receipt.stat not in TOLD_STATES:
        return DlrPlan()
    return DlrPlan(
        callback=_told_of_receipt(request, receipt),
        finish_segment=receipt.stat in FINAL_STATES,
    )


def _told_of_receipt(request: DlrRequest, receipt: ReceiptArrived) -> DlrCallback | None:
    match request:
        case HttpDlrRequest(level=1):
            return None
        case HttpDlrRequest():
            return HttpDlr(
                msgid=request.msgid,
                url=request.url,
                method=request.method,
                message_status=receipt.stat,
                level=2,
                connector=receipt.raw_id,  # not the connector: managers/dlr.py:385, DLR-17
                id_smsc=receipt.smpp_msgid,
                sub=receipt.sub,
                dlvrd=receipt.dlvrd,
                subdate=receipt.submit_date,
                donedate=receipt.done_date,
                err=receipt.err,
                text=receipt.text,
            )
        case SmppDlrRequest():
            if receipt.stat in SUCCESS_STATES and request.receipt == 2:
                return None
            return _smpp_dlr(request, receipt.stat, receipt.err)
        case _:
            assert_never(request)


def plan_after_expiry(request: DlrRequest, *, by_budget: bool) -> DlrCallback:
    """The receipt is not waited for any more: a final state, so that nobody waits for ever.

    EXPIRED by time, UNKNOWN when the budget pushed it out; fields as of a receipt with neither.
    """
    state = "UNKNOWN" if by_budget else "EXPIRED"
    match request:
        case SmppDlrRequest():
            return _smpp_dlr(request, state, OUR_ERR)
        case HttpDlrRequest():
            level_1 = HttpDlr(
                msgid=request.msgid,
                url=request.url,
                method=request.method,
                message_status=state,
                level=1,
                connector=request.cid,
            )
            return level_1 if request.level == 1 else _as_receipt(level_1)
        case _:
            assert_never(request)


def _as_receipt(level_1: HttpDlr) -> HttpDlr:
    return replace(
        level_1,
        level=2,
        sub=NOT_DEFINED,
        dlvrd=NOT_DEFINED,
        subdate=NOT_DEFINED,
        donedate=NOT_DEFINED,
        err=NOT_DEFINED,
    )


def _smpp_dlr(request: SmppDlrRequest, status: str, err: str) -> SmppDlr:
    return SmppDlr(
        msgid=request.msgid,
        message_status=status,
        err=err,
        system_id=request.system_id,
        source_addr=request.source_addr,
        source_addr_ton=request.source_addr_ton,
        source_addr_npi=request.source_addr_npi,
        destination_addr=request.destination_addr,
        dest_addr_ton=request.dest_addr_ton,
        dest_addr_npi=request.dest_addr_npi,
        sub_date=request.submitted_at,
    )
