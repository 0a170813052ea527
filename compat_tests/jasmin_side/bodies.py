"""Queue messages of Jasmin's own classes, and what pickles become there. Run by its python.

python bodies.py make SEED COUNT    so many messages of each kind, one JSON line each
python bodies.py describe           of each JSON line {"name": pickle in hex, …} on standard
                                    input, one with the objects as describe.py tells them
python bodies.py again              … one with the pickles this Jasmin makes of them
"""

import io
import json
import pickle
import random
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from describe import describe
from jasmin.managers.content import (
    DLR,
    DeliverSmContent,
    DLRContentForHttpapi,
    DLRContentForSmpps,
    SubmitSmContent,
    SubmitSmRespBillContent,
    SubmitSmRespContent,
)
from jasmin.protocols.smpp.operations import SMPPOperationFactory
from jasmin.routing.Bills import SubmitSmBill
from jasmin.routing.content import RoutedDeliverSmContent
from jasmin.routing.jasminApi import (
    Connector,
    Group,
    HttpConnector,
    SmppServerSystemIdConnector,
    User,
)
from jasmin.routing.Routables import RoutableDeliverSm
from smpp.pdu import pdu_types as types
from smpp.pdu.operations import DataSM, DeliverSM, SubmitSM, SubmitSMResp
from smpp.pdu.smpp_time import FixedOffset, SMPPRelativeTime
from txamqp.codec import Codec
from txamqp.content import Content

PICKLE_PROTOCOL = 2
"""`pickle_protocol` of its configuration."""


class Maker:
    """Makes things up, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one(self, *choices: Any) -> Any:
        return self._random.choice(choices)

    def member(self, enumeration: Any) -> Any:
        return self._random.choice(list(enumeration))

    def some(self, enumeration: Any) -> list[Any]:
        return [member for member in enumeration if self._random.random() < 0.4]

    def number(self, octets: int = 1) -> int:
        return self._random.randrange(1 << 8 * octets)

    def octets(self, most: int) -> bytes:
        return self._random.randbytes(self._random.randint(0, most))

    def text(self, most: int, alphabet: str = "abcXYZ0189 ._-") -> str:
        size = self._random.randint(1, most)
        return "".join(self._random.choice(alphabet) for _ in range(size))

    def moment(self) -> datetime:
        return datetime(2026, 1, 1) + timedelta(seconds=self._random.randrange(10**8))

    # ---- PDUs

    def addresses(self) -> dict[str, Any]:
        return {
            "service_type": self.one(b"", b"CMT"),
            "source_addr_ton": self.member(types.AddrTon),
            "source_addr_npi": self.member(types.AddrNpi),
            "source_addr": self.text(20).encode(),
            "dest_addr_ton": self.member(types.AddrTon),
            "dest_addr_npi": self.member(types.AddrNpi),
            "destination_addr": self.text(20, "0123456789").encode(),
            "esm_class": types.EsmClass(
                self.member(types.EsmClassMode),
                self.member(types.EsmClassType),
                self.some(types.EsmClassGsmFeatures),
            ),
            "registered_delivery": types.RegisteredDelivery(
                self.member(types.RegisteredDeliveryReceipt),
                self.some(types.RegisteredDeliverySmeOriginatedAcks),
                self.one(True, False),
            ),
            "data_coding": self.data_coding(),
        }

    def data_coding(self) -> Any:
        scheme = types.DataCodingScheme
        return self.one(
            types.DataCoding(scheme.DEFAULT, self.member(types.DataCodingDefault)),
            types.DataCoding(
                scheme.GSM_MESSAGE_CLASS,
                types.DataCodingGsmMsg(
                    self.member(types.DataCodingGsmMsgCoding),
                    self.member(types.DataCodingGsmMsgClass),
                ),
            ),
            types.DataCoding(scheme.RAW, self.one(0x0B, 0x7F, 0xE5)),
        )

    def message(self) -> dict[str, Any]:
        return {
            **self.addresses(),
            "protocol_id": self.number(),
            "priority_flag": self.member(types.PriorityFlag),
            "schedule_delivery_time": None,
            "validity_period": None,
            "replace_if_present_flag": self.member(types.ReplaceIfPresentFlag),
            "sm_default_msg_id": self.number(),
            "short_message": self.octets(254),
        }

    def time(self) -> Any:
        return self.one(
            None,
            self.moment(),
            self.moment().replace(tzinfo=FixedOffset(self.one(60, -105), None)),
            SMPPRelativeTime(0, self.number() % 12, self.number() % 30, 1, 2, 3),
        )

    def parameters(self) -> dict[str, Any]:
        every = {
            "user_message_reference": self.number(2),
            "source_port": self.number(2),
            "destination_port": self.number(2),
            "sar_msg_ref_num": self.number(2),
            "sar_total_segments": self.number(),
            "sar_segment_seqnum": self.number(),
            "user_response_code": self.number(),
            "payload_type": self.member(types.PayloadType),
            "privacy_indicator": self.member(types.PrivacyIndicator),
            "language_indicator": self.member(types.LanguageIndicator),
            "message_payload": self.octets(500),
            "callback_num": types.CallbackNum(
                self.member(types.CallbackNumDigitModeIndicator),
                self.member(types.AddrTon),
                self.member(types.AddrNpi),
                b"12345",
            ),
            "source_subaddress": types.Subaddress(types.SubaddressTypeTag.NSAP_EVEN, b"123"),
        }
        return {name: value for name, value in every.items() if self.one(True, False, False)}

    def custom_tlvs(self) -> list[tuple[Any, ...]]:
        octets = self.octets(40)
        return self.one(
            [],
            [(0x1400, len(octets), "OctetString", octets)],
            [(0x1401, 4, "Int4", self.number(4)), (0x1402, None, "COctetString", b"id")],
        )

    def submit_over_smpp(self) -> Any:
        first: Any = None
        for _ in range(self.one(1, 1, 3)):
            pdu = SubmitSM(self.number(2), **self.message(), **self.parameters())
            pdu.params["schedule_delivery_time"] = self.time()
            pdu.params["validity_period"] = self.time()
            pdu.custom_tlvs = self.custom_tlvs()
            if first is not None:
                pdu.nextPdu = first
            first = pdu
        return first

    def submit_over_http(self) -> Any:
        """By the class its HTTP API makes them with."""
        factory = SMPPOperationFactory(long_content_split=self.one("udh", "sar"))
        coding = self.one(0, 3, 4, 8)
        content = self.octets(self.one(10, 600))
        given = {} if self.one(True, False) else {"source_addr": self.text(11)}
        pdu = factory.SubmitSM(content, coding, destination_addr=self.text(12, "0123"), **given)
        priority = self.one(None, "LEVEL_1", "LEVEL_3")
        if priority is not None:
            pdu.params["priority_flag"] = priority
        return pdu

    def received(self) -> Any:
        if self.one(True, False):
            pdu = DeliverSM(self.number(2), **self.message(), **self.parameters())
        else:
            pdu = DataSM(self.number(2), **self.addresses(), **self.parameters())
        pdu.custom_tlvs = self.custom_tlvs()
        pdu.dlr = None
        return pdu

    # ---- what goes along

    def bill(self) -> bytes:
        user = User(self.text(16, "abc1"), Group(self.text(16, "gh2")), "name", "password")
        user.mt_credential.setQuota("balance", self.one(None, 10.5, 3))
        user.mt_credential.setQuota("submit_sm_count", self.one(None, 5))
        user.mt_credential.setAuthorization("http_bulk", True)
        user.mt_credential.setValueFilter("content", "^a+$")
        bill = SubmitSmBill(user)
        bill.setAmount("submit_sm", self.one(0.0, 1.25, 3.0))
        bill.setAmount("submit_sm_resp", self.one(0.0, 0.1))
        bill.setAction("decrement_submit_sm_count", self.one(0, 1))
        return pickle.dumps(bill, PICKLE_PROTOCOL)

    def receivers(self) -> list[Any]:
        count = self.one(1, 2)
        if self.one(True, False):
            return [
                HttpConnector(
                    self.text(8, "abc") + "xyz", f"http://h.test/{n}", self.one("GET", "POST")
                )
                for n in range(count)
            ]
        return [SmppServerSystemIdConnector(self.text(15, "abc1")) for _ in range(count)]


Made = tuple[str, str, Content]
"""Exchange, routing key, and the message itself."""


def submit_sm(make: Maker) -> Made:
    source = make.one("httpapi", "smppsapi")
    pdu = make.submit_over_http() if source == "httpapi" else make.submit_over_smpp()
    more = {} if make.one(True, False) else {"expiration": str(make.moment())}
    content = SubmitSmContent(
        "uid",
        pickle.dumps(pdu, PICKLE_PROTOCOL),
        "submit.sm.resp.con1",
        submit_sm_bill=make.one(None, make.bill()),
        priority=make.one(0, 1, 4),
        source_connector=source,
        **more,
    )
    return "messaging", "submit.sm.con1", content


def submit_sm_resp(make: Maker) -> Made:
    statuses = [each for each in types.CommandStatus if each.name.startswith("ESME_")]
    status = make.one(types.CommandStatus.ESME_ROK, make.one(*statuses))
    pdu = SubmitSMResp(make.number(2), status)
    pdu.params = {"message_id": make.text(20).encode()} if status.name == "ESME_ROK" else {}
    content = SubmitSmRespContent(pdu, "msgid", pickleProtocol=PICKLE_PROTOCOL)
    return "messaging", "submit.sm.resp.con1", content


def dlr(make: Maker) -> Made:
    if make.one(True, False):
        status = make.one(types.CommandStatus.ESME_ROK, types.CommandStatus.ESME_RSUBMITFAIL)
        smpp_msgid = make.text(20, "0aF").encode() if status.name == "ESME_ROK" else None
        given = DLR(types.CommandId.submit_sm_resp, "msgid", status, smpp_msgid=smpp_msgid)
        return "messaging", "dlr.submit_sm_resp", given
    details = {
        "dlvrd": "001",
        "sub": "ND",
        "sdate": "2601011200",
        "ddate": "ND",
        "err": make.one("000", "ND", "0AB"),
        "text": make.text(20),
        "id": make.one(b"123", "123"),
        "stat": "DELIVRD",
    }
    kind = make.one(types.CommandId.deliver_sm, types.CommandId.data_sm)
    given = DLR(kind, make.text(10), "DELIVRD", cid="con1", dlr_details=details)
    return "messaging", "dlr.deliver_sm", given


def dlr_for_http(make: Maker) -> Made:
    given: dict[str, Any] = {"dlr_connector": "con1", "method": make.one("GET", "POST")}
    level = make.one(1, 2)
    if level == 2:
        given |= {"id_smsc": make.text(10), "sub": "001", "dlvrd": "001", "subdate": "2601011200"}
        given |= {"donedate": "2601011201", "err": make.one("000", "0AB"), "text": make.text(20)}
    status = "ESME_ROK" if level == 1 else make.one("DELIVRD", "UNDELIV", "REJECTD")
    content = DLRContentForHttpapi(status, "msgid", "http://h.test/dlr?a=b", level, **given)
    return "messaging", "dlr_thrower.http", content


def dlr_for_smpps(make: Maker) -> Made:
    content = DLRContentForSmpps(
        make.one("ESME_RSUBMITFAIL", "DELIVRD", "EXPIRED"),
        "msgid",
        make.text(15, "abc"),
        make.text(20),
        make.text(20, "0123"),
        make.moment(),
        *(make.member(types.AddrTon), make.member(types.AddrNpi)),
        *(make.member(types.AddrTon), make.member(types.AddrNpi)),
        **make.one({}, {"err": "001"}),
    )
    return "messaging", "dlr_thrower.smpps", content


def deliver_sm(make: Maker) -> Made:
    content = DeliverSmContent(
        RoutableDeliverSm(make.received(), Connector("con1"), make.moment()),
        "con1",
        pickleProtocol=PICKLE_PROTOCOL,
        concatenated=make.one(True, False),
        will_be_concatenated=make.one(True, False),
    )
    return "messaging", "deliver.sm.con1", content


def routed(make: Maker) -> Made:
    receivers = make.receivers()
    kind = "failover" if len(receivers) > 1 else "simple"
    content = RoutedDeliverSmContent(make.received(), "msgid", "con1", receivers, kind)
    return "messaging", f"deliver_sm_thrower.{receivers[0]._type}", content


def late_bill(make: Maker) -> Made:
    content = SubmitSmRespBillContent("bid", "uid", make.one(0.1, 3.0, 4.5))
    return "billing", "bill_request.submit_sm_resp.uid", content


KINDS: tuple[Callable[[Maker], Made], ...] = (
    *(submit_sm, submit_sm_resp, dlr, dlr_for_http, dlr_for_smpps, deliver_sm, routed, late_bill),
)


def line_of(made: Made) -> dict[str, Any]:
    exchange, key, content = made
    properties = dict(content.properties)
    headers = properties.pop("headers", {})
    out = io.BytesIO()
    Codec(out).encode_table(headers)
    body = content.body if isinstance(content.body, bytes) else content.body.encode()
    pickles = {name: value for name, value in headers.items() if isinstance(value, bytes)}
    if key.startswith(("submit.sm.", "deliver.sm.", "deliver_sm_thrower.")):
        pickles["body"] = body
    return {
        "exchange": exchange,
        "key": key,
        "properties": properties,
        "table": out.getvalue().hex(),
        "body": body.hex(),
        "pickles": {name: octets.hex() for name, octets in pickles.items()},
    }


def make(seed: int, count: int) -> Iterator[dict[str, Any]]:
    maker = Maker(seed)
    for kind in KINDS:
        for _ in range(count):
            yield line_of(kind(maker))


def described() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        pickles = json.loads(line)
        yield {name: describe(pickle.loads(bytes.fromhex(p))) for name, p in pickles.items()}


def again() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        objects = {n: pickle.loads(bytes.fromhex(p)) for n, p in json.loads(line).items()}
        yield {n: pickle.dumps(found, PICKLE_PROTOCOL).hex() for n, found in objects.items()}


if __name__ == "__main__":
    mode, *numbers = sys.argv[1:]
    modes = {"make": lambda: make(*map(int, numbers)), "describe": described, "again": again}
    for each in modes[mode]():
        print(json.dumps(each))
