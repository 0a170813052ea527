"""What clients are told: the tables of contract/dlr.md §3, §5, §9, and every recorded flow."""

from typing import Any

import pytest

from jasmin_compat.gateway.dlr import (
    FINAL_STATES,
    TOLD_STATES,
    DlrPlan,
    DlrPolicy,
    plan_after_expiry,
    plan_after_receipt,
    plan_after_submit,
    waits_for_reply,
    wants_receipts,
)
from jasmin_compat.gateway.messages import (
    DlrRequest,
    ReceiptArrived,
    SmppDlr,
    SmppMsgId,
    SubmitReplied,
)
from tests import recorded_dlrs
from tests.builders import MSGID, http_dlr, http_request, receipt, smpp_dlr, smpp_request

SILENT = DlrPolicy()
TELLING = DlrPolicy(on_expiry="callback")
M1, M2 = SmppMsgId("M1"), SmppMsgId("M2")


def replied(status: str = "ESME_ROK", **fields: Any) -> SubmitReplied:
    values: dict[str, Any] = {"smpp_msgid": M1 if status == "ESME_ROK" else None}
    return SubmitReplied(msgid=MSGID, status=status, **(values | fields))


def smpp_told(status: str, err: str = "99") -> SmppDlr:
    request = smpp_request()
    return smpp_dlr(
        message_status=status, err=err, source_addr_ton=1, sub_date=request.submitted_at
    )


LEVEL_1 = {
    status: http_dlr(message_status=status)
    for status in ("ESME_ROK", "ESME_RSUBMITFAIL", "RESERVEDSTATUS_VENDOR_SPECIFIC")
}
AFTER_SUBMIT = {
    # contract/dlr.md §3.1
    # covers: DLR-01 DLR-03 DLR-20 W-DLR-07
    "1 ok": (1, "ESME_ROK", DlrPlan(callback=LEVEL_1["ESME_ROK"], forget=True)),
    "1 error": (1, "ESME_RSUBMITFAIL", DlrPlan(callback=LEVEL_1["ESME_RSUBMITFAIL"], forget=True)),
    "2 ok": (2, "ESME_ROK", DlrPlan(map_smpp_msgids=(M1,))),
    "3 ok": (3, "ESME_ROK", DlrPlan(callback=LEVEL_1["ESME_ROK"], map_smpp_msgids=(M1,))),
    "3 error": (3, "ESME_RSUBMITFAIL", DlrPlan(callback=LEVEL_1["ESME_RSUBMITFAIL"], forget=True)),
    "3 a status Jasmin has no name for": (
        3,
        "RESERVEDSTATUS_VENDOR_SPECIFIC",
        DlrPlan(callback=LEVEL_1["RESERVEDSTATUS_VENDOR_SPECIFIC"], forget=True),
    ),
}


@pytest.mark.parametrize("policy", [SILENT, TELLING], ids=["silent", "callback"])
@pytest.mark.parametrize(("level", "status", "plan"), AFTER_SUBMIT.values(), ids=AFTER_SUBMIT)
def test_an_http_client_after_the_answer(
    level: Any, status: str, plan: DlrPlan, policy: DlrPolicy
) -> None:
    assert plan_after_submit(http_request(level=level), replied(status), policy) == plan


def test_a_refusal_at_level_2_is_told_only_where_every_end_is() -> None:
    # covers: DLR-18 W-DLR-04
    request, refused = http_request(level=2), replied("ESME_RSUBMITFAIL")
    assert plan_after_submit(request, refused, SILENT) == DlrPlan()
    assert plan_after_submit(request, refused, TELLING) == DlrPlan(
        callback=LEVEL_1["ESME_RSUBMITFAIL"], forget=True
    )


@pytest.mark.parametrize("request_", [http_request(), smpp_request()], ids=["http", "smpp"])
def test_ids_of_further_segments_are_mapped_too(request_: DlrRequest) -> None:
    plan = plan_after_submit(request_, replied(more_smpp_msgids=(M2,)), SILENT)
    assert plan.map_smpp_msgids == (M1, M2)


def test_an_answer_without_an_id_maps_nothing_and_is_told() -> None:
    plan = plan_after_submit(http_request(level=3), replied(smpp_msgid=None), SILENT)
    assert plan == DlrPlan(callback=LEVEL_1["ESME_ROK"])


MAPPED = DlrPlan(map_smpp_msgids=(M1,))
ON_SUCCESS = DlrPolicy(receipt_on_success=True)
AFTER_SMPP_SUBMIT = {
    # contract/dlr.md §3.2
    # covers: W-DLR-05
    "1 ok": (1, "ESME_ROK", SILENT, MAPPED),
    "2 ok": (2, "ESME_ROK", SILENT, MAPPED),
    "1 ok, told": (
        1,
        "ESME_ROK",
        ON_SUCCESS,
        DlrPlan(callback=smpp_told("ESME_ROK"), map_smpp_msgids=(M1,)),
    ),
    "2 ok, told": (
        2,
        "ESME_ROK",
        ON_SUCCESS,
        DlrPlan(callback=smpp_told("ESME_ROK"), map_smpp_msgids=(M1,)),
    ),
    "1 error": (1, "ESME_RSUBMITFAIL", SILENT, DlrPlan()),
    "1 error, every end told": (
        1,
        "ESME_RSUBMITFAIL",
        TELLING,
        DlrPlan(callback=smpp_told("ESME_RSUBMITFAIL"), forget=True),
    ),
    "2 error": (
        2,
        "ESME_RSUBMITFAIL",
        SILENT,
        DlrPlan(callback=smpp_told("ESME_RSUBMITFAIL")),
    ),
    "2 error, every end told": (
        2,
        "ESME_RSUBMITFAIL",
        TELLING,
        DlrPlan(callback=smpp_told("ESME_RSUBMITFAIL"), forget=True),
    ),
    "2 a status Jasmin has no name for": (
        2,
        "RESERVEDSTATUS",
        SILENT,
        DlrPlan(callback=smpp_told("ESME_RUNKNOWNERR")),
    ),
}


@pytest.mark.parametrize(
    ("wish", "status", "policy", "plan"), AFTER_SMPP_SUBMIT.values(), ids=AFTER_SMPP_SUBMIT
)
def test_an_esme_after_the_answer(wish: Any, status: str, policy: DlrPolicy, plan: DlrPlan) -> None:
    assert plan_after_submit(smpp_request(receipt=wish), replied(status), policy) == plan


# ---------------------------------------------------------------- receipts


LEVEL_2 = http_dlr(
    message_status="DELIVRD",
    level=2,
    connector="m13",
    id_smsc="M13",
    sub="001",
    dlvrd="001",
    subdate="2611231200",
    donedate="2611231201",
    err="000",
    text="hello",
)


@pytest.mark.parametrize("level", [2, 3])
def test_an_http_client_is_told_of_a_receipt(level: Any) -> None:
    # covers: DLR-02 DLR-03 DLR-17
    plan = plan_after_receipt(http_request(level=level), receipt())
    assert plan == DlrPlan(callback=LEVEL_2, finish_segment=True)


def test_level_1_is_not_told_of_receipts() -> None:
    assert plan_after_receipt(http_request(level=1), receipt()) == DlrPlan(finish_segment=True)


STATES = [*sorted(TOLD_STATES), "ENROUTE", "BADSTAT", "FAILED0"]
FORWARDED = {
    # contract/dlr.md §5, §9: which requests hear of a state
    1: TOLD_STATES,
    2: TOLD_STATES - {"ACCEPTD", "DELIVRD"},
}


@pytest.mark.parametrize("stat", STATES)
@pytest.mark.parametrize("wish", [1, 2])
def test_an_esme_is_told_of_what_it_asked_for(wish: Any, stat: str) -> None:
    plan = plan_after_receipt(smpp_request(receipt=wish), receipt(stat=stat, err="042"))
    told = smpp_told(stat, "042") if stat in FORWARDED[wish] else None
    assert plan == DlrPlan(callback=told, finish_segment=stat in FINAL_STATES)


@pytest.mark.parametrize("stat", STATES)
def test_only_final_states_end_a_segment(stat: str) -> None:
    # covers: DLR-13
    plan = plan_after_receipt(http_request(level=2), receipt(stat=stat))
    assert (plan.callback is not None) == (stat in TOLD_STATES)
    assert plan.finish_segment == (stat in {"DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "REJECTD"})
    assert not plan.forget


# ---------------------------------------------------------------- order, expiry


def test_who_hears_of_the_answer_hears_of_it_first() -> None:
    assert waits_for_reply(http_request(level=3), SILENT)
    assert not waits_for_reply(http_request(level=2), SILENT)
    assert not waits_for_reply(smpp_request(), SILENT)
    assert waits_for_reply(smpp_request(), ON_SUCCESS)


def test_level_1_is_over_with_the_answer() -> None:
    assert not wants_receipts(http_request(level=1))
    assert wants_receipts(http_request(level=2))
    assert wants_receipts(smpp_request())


def test_an_expired_request_ends_with_a_final_state() -> None:
    expired = plan_after_expiry(http_request(level=3), by_budget=False)
    assert expired == http_dlr(
        message_status="EXPIRED",
        level=2,
        sub="ND",
        dlvrd="ND",
        subdate="ND",
        donedate="ND",
        err="ND",
    )
    level_1 = plan_after_expiry(http_request(level=1), by_budget=True)
    assert level_1 == http_dlr(message_status="UNKNOWN")
    assert plan_after_expiry(smpp_request(), by_budget=True) == smpp_told("UNKNOWN")


# ---------------------------------------------------------------- recordings


def test_after_each_recorded_answer_the_same_is_told() -> None:
    # covers: DLR-01 DLR-03 DLR-18 DLR-20
    compared = 0
    for recorded in recorded_dlrs.answers():
        assert isinstance(recorded.event, SubmitReplied)
        plan = plan_after_submit(recorded.request, recorded.event, SILENT)
        assert recorded_dlrs.headers_of(plan.callback) == recorded.callback, recorded.flow
        compared += 1
    assert compared == 34


def test_after_each_recorded_receipt_the_same_is_told() -> None:
    # covers: DLR-02 DLR-08 DLR-09 DLR-10 DLR-17
    compared = 0
    for recorded in recorded_dlrs.receipts():
        assert isinstance(recorded.event, ReceiptArrived)
        plan = plan_after_receipt(recorded.request, recorded.event)
        assert recorded_dlrs.headers_of(plan.callback) == recorded.callback, recorded.flow
        compared += 1
    assert compared == 51
