"""What an SMSC delivers: receipts go to the lookup, messages to the router (contract/mo.md §1-2).

The SMSC hears ESME_ROK only when the broker has taken it over; else an error that makes it send
again, where Jasmin says ESME_ROK and loses it (W-MO-01).
"""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.messages import (
    ConnectorId,
    MoReceived,
    MsgId,
    ReceiptArrived,
    SmppMsgId,
)
from jasmin_compat.gateway.reassembly import joined, name_of_whole, segment_to_join
from jasmin_compat.ports import QueueError, QueueFull, Queues, Store, StoreAway, Unpublishable
from jasmin_compat.smpp.pdus import DataSm, DeliverSm
from jasmin_compat.smpp.receipts import Receipt, code_receipt_id, read_receipt
from jasmin_compat.smpp.split import Segment
from jasmin_compat.smpp.statuses import (
    ESME_RMSGQFUL,
    ESME_ROK,
    ESME_RX_P_APPN,
    ESME_RX_T_APPN,
)
from jasmin_compat.wire import log_lines
from jasmin_compat.wire.amqp_messages import QueueMessage
from jasmin_compat.wire.dlr_messages import write_lookup
from jasmin_compat.wire.mo_messages import read_mo_part, write_mo, write_mo_part
from jasmin_compat.wire.pickled_tlvs import is_custom

log: Final = logging.getLogger("jasmin-sm-listener")


@dataclass(slots=True)
class InboundCounts:
    """deliver_sm and data_sm of one connector since start."""

    receipts: int = 0
    """Handed to the lookup."""
    messages: int = 0
    """Of subscribers, handed to the router; segments each."""
    joined: int = 0
    """Long messages handed to the router whole, beside their segments."""
    refused_full: int = 0
    """The queue held all it may; the SMSC is to send again."""
    refused_away: int = 0
    """The broker was away, or the store for a segment; the SMSC is to send again."""
    refused_for_good: int = 0
    """Too long for a queue message; the SMSC is not to send again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundPorts:
    """What taking in the messages of one connector needs from outside."""

    connector: Callable[[], SmppConnector]
    queues: Queues
    store: Store
    new_msgid: Callable[[ConnectorId], MsgId]
    local_now: Callable[[], datetime]
    """Naive local time, as Jasmin writes it."""


class Inbound:
    """Takes what the SMSC of one connector delivers (ports.InboundMessages).

    Publishes in the order of calls, as long as the broker takes them at once.
    """

    def __init__(self, ports: InboundPorts, *, log_privacy: bool) -> None:
        self.counts = InboundCounts()
        self._ports = ports
        self._log_privacy = log_privacy

    async def receive(self, cid: ConnectorId, pdu: DeliverSm | DataSm) -> int:
        for tlv in pdu.tlvs:
            if is_custom(tlv):
                log.info("%s", log_lines.tlv_received(cid, tlv, log_privacy=self._log_privacy))
        receipt = read_receipt(pdu)
        if receipt is not None:
            arrived = self._arrived(cid, pdu, receipt)
            status = await self._publish(cid, write_lookup(arrived))
            self.counts.receipts += status == ESME_ROK
            return status
        return await self._receive_message(cid, pdu)

    async def _receive_message(self, cid: ConnectorId, pdu: DeliverSm | DataSm) -> int:
        segment = segment_to_join(pdu)
        if segment is not None:
            return await self._receive_segment(cid, pdu, segment)
        mo = self._received(cid, pdu)
        status = await self._publish_message(mo)
        self.counts.messages += status == ESME_ROK
        return status

    async def _receive_segment(
        self, cid: ConnectorId, pdu: DeliverSm | DataSm, segment: Segment
    ) -> int:
        """The whole, if this completes it, and then the segment: some routes take one, some the
        other (contract/mo.md §5)."""
        status = await self._join(cid, pdu, segment)
        if status != ESME_ROK:
            return status
        mo = replace(self._received(cid, pdu), will_be_concatenated=True)
        status = await self._publish(cid, write_mo(mo))
        if status == ESME_ROK:
            self.counts.messages += 1
            log.info(
                "DeliverSmContent[%s] is part of long msg of (%s), will be enqueued after "
                "concatenation.",
                mo.msgid,
                segment.total,
            )
        return status

    async def _join(self, cid: ConnectorId, pdu: DeliverSm | DataSm, segment: Segment) -> int:
        store, whole = self._ports.store, name_of_whole(cid, pdu, segment)
        try:
            kept = await store.keep_part(whole, segment.number, write_mo_part(pdu))
        except StoreAway:
            self.counts.refused_away += 1
            return ESME_RX_T_APPN
        if len(kept) < segment.total:
            return ESME_ROK
        parts = {number: read_mo_part(octets) for number, octets in kept.items()}
        mo = replace(self._received(cid, joined(parts)), concatenated=True)
        status = await self._publish_message(mo)
        if status == ESME_ROK:
            self.counts.joined += 1
            with contextlib.suppress(StoreAway):  # they expire by themselves
                await store.drop_parts(whole)
        return status

    def _received(self, cid: ConnectorId, pdu: DeliverSm | DataSm) -> MoReceived:
        msgid, now = self._ports.new_msgid(cid), self._ports.local_now()
        return MoReceived(msgid=msgid, cid=cid, pdu=pdu, received_at=now)

    async def _publish_message(self, mo: MoReceived) -> int:
        status = await self._publish(mo.cid, write_mo(mo))
        if status == ESME_ROK:
            log.info("%s", log_lines.mo_received(mo, log_privacy=self._log_privacy))
        return status

    def _arrived(
        self, cid: ConnectorId, pdu: DeliverSm | DataSm, receipt: Receipt
    ) -> ReceiptArrived:
        is_data = isinstance(pdu, DataSm)  # Jasmin converts no ids there (contract/dlr.md §4.2)
        bases = 0 if is_data else self._ports.connector().dlr_msgid
        return ReceiptArrived(
            smpp_msgid=SmppMsgId(code_receipt_id(receipt.raw_id, bases)),
            cid=cid,
            pdu="data_sm" if is_data else "deliver_sm",
            raw_id=receipt.raw_id,
            stat=receipt.stat,
            sub=receipt.sub,
            dlvrd=receipt.dlvrd,
            submit_date=receipt.submit_date,
            done_date=receipt.done_date,
            err=receipt.err,
            text=receipt.text,
        )

    async def _publish(self, cid: ConnectorId, message: QueueMessage) -> int:
        try:
            await self._ports.queues.publish(message)
        except QueueFull:
            self.counts.refused_full += 1
            return ESME_RMSGQFUL
        except Unpublishable as error:
            return self._refused_for_good(cid, error)
        except QueueError:
            self.counts.refused_away += 1
            return ESME_RX_T_APPN  # an ESME's temporary error (SMPP 3.4 §5.1.3)
        return ESME_ROK

    def _refused_for_good(self, cid: ConnectorId, error: Unpublishable) -> int:
        self.counts.refused_for_good += 1
        log.error("[cid:%s] What the SMSC delivered cannot be queued: %s", cid, error)
        return ESME_RX_P_APPN
