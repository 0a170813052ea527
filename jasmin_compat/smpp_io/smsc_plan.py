"""How the simulated SMSC behaves: ids, refusals, delays, receipts; chosen, not yet done."""

from dataclasses import dataclass
from random import Random
from typing import Literal
from uuid import UUID

from jasmin_compat.smpp import commands
from jasmin_compat.smpp.pdus import DataSm, DeliverSm, SubmitSm, Tlv
from jasmin_compat.smpp.receipts import (
    Dialect,
    DlrMsgIdBases,
    Report,
    write_receipt,
    write_receipt_tlvs,
)
from jasmin_compat.smpp.split import user_data
from jasmin_compat.smpp.statuses import ESME_ROK

RECEIPT = 0x04
"""esm_class of a delivery receipt (SMPP 3.4 §5.2.12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """Message ids: a counter written in its style, or random ones."""

    style: Literal["decimal", "hex", "uuid"] = "decimal"
    prefix: str = ""
    width: int = 1
    first: int = 1

    def nth(self, n: int, random: Random) -> str:
        """The id of the n-th accepted message, n from 1."""
        if self.style == "uuid":
            return self.prefix + str(UUID(int=random.getrandbits(128), version=4))
        kind = "d" if self.style == "decimal" else "x"
        return f"{self.prefix}{self.first + n - 1:0{self.width}{kind}}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Which submits get another answer than ESME_ROK."""

    status: int | None
    """None: no answer at all."""
    every: int = 1
    """Only each n-th of those it concerns."""
    share: float = 1.0
    """Of those, at random."""
    to: str = ""
    """Only destinations that start so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Whether, when and how the fate of messages is told."""

    when: Literal["requested", "always", "never"] = "requested"
    delay_s: float = 1.0
    states: tuple[tuple[str, float], ...] = (("DELIVRD", 1.0),)
    """Final states and their weights."""
    first_state: str | None = None
    """Told before the final one, without delay; ACCEPTD or ENROUTE."""
    form: Literal["text", "tlv", "both"] = "both"
    dialect: Dialect = "standard"
    pdu: Literal["deliver_sm", "data_sm"] = "deliver_sm"
    id_bases: DlrMsgIdBases = 0
    """1: the id of a receipt is the decimal form of a hexadecimal one; 2: the reverse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmscPlan:
    """Everything the simulator may be told. May be replaced while it runs."""

    ids: Ids = Ids()
    refusals: tuple[Refusal, ...] = ()
    """The first that applies decides."""
    bind_status: int = ESME_ROK
    password: str | None = None
    """Demanded in binds; None takes any."""
    delay_s: float = 0.0
    """Before each submit_sm_resp."""
    delay_spread_s: float = 0.0
    """At most so much longer, at random: responses come out of order then."""
    receipts: Receipts = Receipts()
    retry_s: float = 5.0
    """Before a receipt or message that was refused or not answered is sent again."""
    window: int = 10
    """Receipts and messages on the wire without an answer, over all ESMEs."""


class Refusals:
    """Applies the refusals of a plan; counts for `every`."""

    def __init__(self) -> None:
        self._seen: dict[Refusal, int] = {}

    def status_for(self, plan: SmscPlan, destination: str, random: Random) -> int | None:
        for refusal in plan.refusals:
            if destination.startswith(refusal.to):
                seen = self._seen[refusal] = self._seen.get(refusal, 0) + 1
                if seen % refusal.every == 0 and random.random() < refusal.share:
                    return refusal.status
        return ESME_ROK


def final_state(receipts: Receipts, random: Random) -> str:
    words, weights = zip(*receipts.states, strict=True)
    return str(random.choices(words, weights)[0])


def wants_report(receipts: Receipts, submit: SubmitSm | DataSm, state: str) -> bool:
    """registered_delivery 1 asks for every final state, 2 only for failures (§5.2.17)."""
    if receipts.when != "requested":
        return receipts.when == "always"
    asked = submit.registered_delivery & 0b11
    return asked == 1 or (asked == 2 and state != "DELIVRD")


def receipt_of(
    receipts: Receipts,
    submit: SubmitSm | DataSm,
    report: Report,
) -> tuple[int, DeliverSm | DataSm]:
    """The command and body that tell a message's sender of its fate."""
    report = Report(
        message_id=_told_id(report.message_id, receipts.id_bases),
        stat=report.stat,
        submitted_at=report.submitted_at,
        done_at=report.done_at,
        err="000" if report.stat in ("DELIVRD", "ACCEPTD", "ENROUTE") else "001",
        text=user_data(submit).decode("latin-1"),
    )
    told = DeliverSm(
        source_addr_ton=submit.dest_addr_ton,
        source_addr_npi=submit.dest_addr_npi,
        source_addr=submit.destination_addr,
        dest_addr_ton=submit.source_addr_ton,
        dest_addr_npi=submit.source_addr_npi,
        destination_addr=submit.source_addr,
        esm_class=RECEIPT,
        short_message=b"" if receipts.form == "tlv" else write_receipt(report, receipts.dialect),
        tlvs=() if receipts.form == "text" else write_receipt_tlvs(report),
    )
    if receipts.pdu == "deliver_sm":
        return commands.DELIVER_SM, told
    return commands.DATA_SM, _as_data_sm(told, write_receipt_tlvs(report))


def message_from(sender: str, recipient: str, content: bytes, data_coding: int) -> DeliverSm:
    """A message of a subscriber."""
    return DeliverSm(
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr=sender.encode(),
        dest_addr_npi=1,
        destination_addr=recipient.encode(),
        data_coding=data_coding,
        short_message=content,
    )


def _told_id(message_id: str, bases: DlrMsgIdBases) -> str:
    if bases == 1:
        return str(int(message_id, 16))
    return f"{int(message_id):x}" if bases == 2 else message_id


def _as_data_sm(told: DeliverSm, tlvs: tuple[Tlv, ...]) -> DataSm:
    """data_sm has no text of its own: its receipts are TLVs."""
    return DataSm(
        source_addr_ton=told.source_addr_ton,
        source_addr_npi=told.source_addr_npi,
        source_addr=told.source_addr,
        dest_addr_ton=told.dest_addr_ton,
        dest_addr_npi=told.dest_addr_npi,
        destination_addr=told.destination_addr,
        esm_class=told.esm_class,
        tlvs=tlvs,
    )
