"""Credentials as the console sets them, against a real Jasmin's answers."""

import math
from collections.abc import Iterable
from typing import Any

import pytest

from jasmin_compat.gateway.credential_changes import (
    CredentialChange,
    CredentialKind,
    changed_mt,
    changed_smpps,
    mt_values,
    read_change,
    smpps_values,
)
from jasmin_compat.gateway.credentials import (
    GRANTED,
    MT_DEFAULT,
    SMPPS_DEFAULT,
    MtCredential,
    Quotas,
    SmppsCredential,
)
from jasmin_compat.gateway.unusable import Unusable
from tests.console_recordings import answers_to

RECORDED = [
    pytest.param(scenario, kind, line, answer, id=f"{scenario}: {line}")
    for scenario in ("user-cred-add", "user-update")
    for kind in ("mt_messaging_cred", "smpps_cred")
    for line, answer in answers_to(scenario, kind)
]


def mt(*lines: str, of: MtCredential = MT_DEFAULT, of_existing: bool = False) -> MtCredential:
    kind: CredentialKind = "mt_messaging_cred"
    return changed_mt(of, [read_change(kind, line, of_existing=of_existing) for line in lines])


def smpps(*lines: str, of: SmppsCredential = SMPPS_DEFAULT, of_existing: bool = False) -> Any:
    kind: CredentialKind = "smpps_cred"
    return changed_smpps(of, [read_change(kind, line, of_existing=of_existing) for line in lines])


def test_the_recording_is_there() -> None:
    assert len(RECORDED) > 80


# covers: JCLI-10 JCLI-21
@pytest.mark.parametrize(("scenario", "kind", "line", "answer"), RECORDED)
def test_a_line_is_answered_as_by_jasmin(
    scenario: str, kind: CredentialKind, line: str, answer: str
) -> None:
    text = ""
    try:
        read_change(kind, line, of_existing=scenario == "user-update")
    except Unusable as wrong:
        text = f"Error: {wrong}"
    if line == "quota balance nan":  # no number; in Jasmin a balance that is never used up
        answer = "Error: balance is not a valid value (nan), it must be None or a positive number"
    assert text == answer


@pytest.mark.parametrize("pattern", ["[", "(", "*", "(?P<a>x)(?P<a>y)", "a{99999999999}"])
# covers: W-CFG-06
def test_a_bad_pattern_is_told_and_not_the_end_of_the_session(pattern: str) -> None:
    with pytest.raises(Unusable) as wrong:
        read_change("mt_messaging_cred", f"valuefilter content {pattern}")
    assert str(wrong.value) == f"content is not a regex pattern: {pattern}"


def test_each_value_lands_where_it_belongs() -> None:
    changed = mt(
        "authorization http_bulk yes",
        "AUTHORIZATION DLR_LEVEL f",
        "valuefilter dst_addr ^1",
        "defaultvalue src_addr SUN HOTEL",
        "quota balance 10.5",
        "quota early_percent 25",
        "quota sms_count 7",
        "quota http_throughput inf",
    )
    assert changed.granted == (GRANTED | {"http_bulk"}) - {"set_dlr_level"}
    assert changed.value_filters.destination_address == "^1"
    assert changed.source_address == "SUN HOTEL"
    assert changed.quotas == Quotas(
        balance=10.5,
        early_decrement_balance_percent=25.0,
        submit_sm_count=7,
        http_throughput=math.inf,
    )
    assert mt("quota balance none", "quota sms_count NONE", of=changed).quotas == Quotas(
        early_decrement_balance_percent=25.0, http_throughput=math.inf
    )
    bound = smpps(
        "authorization bind no", "authorization ip ::1, 10.0.0.1/8", "quota max_bindings 2"
    )
    assert bound == SmppsCredential(bind=False, ip="::1, 10.0.0.1/8", max_bindings=2)


def of(changes: Iterable[str], start: float | None) -> float | None:
    begin = MtCredential(quotas=Quotas(balance=start))
    return mt(*changes, of=begin, of_existing=True).quotas.balance


# covers: JCLI-11 W-CFG-07
@pytest.mark.parametrize(
    ("lines", "before", "after"),
    [
        (["quota balance +5"], 20.0, 25.0),
        (["quota balance -5.5"], 25.0, 19.5),
        (["quota balance -1000"], 19.5, -980.5),
        (["quota balance +10"], None, 10.0),
        (["quota balance +0"], 20.0, 20.0),
        (["quota balance -0"], 20.0, 20.0),
        (["quota balance +0"], None, None),
        (["quota balance 3"], 20.0, 3.0),
    ],
    ids=str,
)
def test_a_quota_of_an_existing_user_may_be_raised_and_lowered(
    lines: list[str], before: float | None, after: float | None
) -> None:
    assert of(lines, before) == after


def test_counts_stay_whole() -> None:
    existing = MtCredential(quotas=Quotas(submit_sm_count=100))
    changed = mt("quota sms_count +10", of=existing, of_existing=True)
    assert repr(changed.quotas.submit_sm_count) == "110"
    assert smpps("quota max_bindings +2", of=SmppsCredential(max_bindings=2), of_existing=True) == (
        SmppsCredential(max_bindings=4)
    )


def test_a_new_users_plus_is_part_of_the_number() -> None:
    assert read_change("mt_messaging_cred", "quota balance +1") == CredentialChange(
        "Quota", "balance", 1.0
    )


# covers: JCLI-11 W-CFG-07
@pytest.mark.parametrize("value", ["+316", "-316"])
def test_texts_that_begin_with_a_sign_are_texts(value: str) -> None:
    """Jasmin leaves the first out in silence and drops the session for the second."""
    assert mt(f"defaultvalue src_addr {value}", of_existing=True).source_address == value


def test_values_come_in_the_consoles_order() -> None:
    shown = [f"{section.lower()} {key}" for section, key, _ in mt_values(MT_DEFAULT)]
    recorded = [
        line.split(" ", 1)[1].rsplit(" ", 1)[0]
        for line in answers_to("user-add-errors", "user -s other")[0][1].splitlines()
        if line.startswith("mt_messaging_cred")
    ]
    assert shown == recorded
    assert [v for _, _, v in smpps_values(SMPPS_DEFAULT)] == [True, "0.0.0.0/0", None]
