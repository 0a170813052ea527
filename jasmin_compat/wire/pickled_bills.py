"""Bills as Jasmin pickles them into the header submit_sm_bill (contract/amqp-topology.md §3.1).

Jasmin takes the user's id and the amounts from it. The whole account travels along because its
class wants it, but not the digest of the password: everybody on the broker could read that
(W-BILL-08).
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from jasmin_compat.gateway.credentials import MT_DEFAULT, SMPPS_DEFAULT
from jasmin_compat.gateway.users import Group, User
from jasmin_compat.smpp.twins import quick_init
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import Instance
from jasmin_compat.wire.pickled_accounts import NO_PASSWORD, Accounts
from jasmin_compat.wire.pickles import RefusedPickle, unpickle


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PickledBill:
    """What a bill says. Amounts are for one part."""

    bid: str
    uid: str
    at_submit: float = 0.0
    """Charged before it was queued."""
    at_response: float = 0.0
    """To be charged when the SMSC takes it."""
    counts: bool = False
    """The user has a quota of messages."""


class BadBill(Exception):
    """A pickle that is refused, or no bill."""


def write_bill(bill: PickledBill, user: User) -> bytes:
    """`user` is the one the bill names."""
    head, tail = _around_bid(user, bill.at_submit, bill.at_response, bill.counts)
    return head + opcodes.text(bill.bid) + tail


@lru_cache(maxsize=1024)
def _around_bid(
    user: User, at_submit: float, at_response: float, counts: bool
) -> tuple[bytes, bytes]:
    """The same for every message of a user on a route, and ten times longer than what is not."""
    amounts = (
        ("submit_sm", opcodes.floating(at_submit)),
        ("submit_sm_resp", opcodes.floating(at_response)),
    )
    counting = (("decrement_submit_sm_count", opcodes.integer(counts)),)
    mark = opcodes.text("bid")
    items = (
        ("bid", b""),
        ("user", _account(user)),
        ("amounts", opcodes.dict_of(amounts)),
        ("actions", opcodes.dict_of(counting)),
    )
    written = opcodes.instance(opcodes.name("jasmin.routing.Bills", "SubmitSmBill"), items)
    head, tail = written.split(mark, 1)
    return opcodes.PROTOCOL + head + mark, tail + opcodes.STOP


def _account(user: User) -> bytes:
    group = Group(gid=user.gid)  # enabled: a disabled one sends nothing
    plain = replace(user, mt=MT_DEFAULT, smpps=SMPPS_DEFAULT)
    return Accounts(shares=False).user(plain, group, digest=NO_PASSWORD)


def read_bill(octets: bytes) -> PickledBill:
    """What we wrote, or a Jasmin. Of a user on a route all but the id is the same.

    Raises:
        BadBill: anything else.
    """
    head, mark, rest = octets.partition(_BID)
    bid, tail = rest[:_BID_OCTETS], rest[_BID_OCTETS:]
    if mark and len(bid) == _BID_OCTETS and bid.isascii():
        around = _read_around(head, tail)
        if around.bid == _SOME_BID:
            return replace(around, bid=bid.decode())
    return _read(octets)


_BID_OCTETS: Final = 36
"""Of a UUID."""
_BID: Final = b"X" + _BID_OCTETS.to_bytes(4, "little")
_SOME_BID: Final = "?" * _BID_OCTETS


@lru_cache(maxsize=1024)
def _read_around(head: bytes, tail: bytes) -> PickledBill:
    """With _SOME_BID in it, if the id is between them. Raises: BadBill."""
    return _read(head + _BID + _SOME_BID.encode() + tail)


def _read(octets: bytes) -> PickledBill:
    """Raises: BadBill."""
    try:
        bill = _state(unpickle(octets), "SubmitSmBill")
    except RefusedPickle as error:
        raise BadBill(str(error)) from error
    bid, uid = bill.get("bid"), _state(bill.get("user"), "User").get("uid")
    amounts, actions = bill.get("amounts"), bill.get("actions")
    if not isinstance(bid, str) or not isinstance(uid, str):
        raise BadBill("no ids")
    if not isinstance(amounts, dict) or not isinstance(actions, dict):
        raise BadBill("no amounts")
    return PickledBill(
        bid=bid,
        uid=uid,
        at_submit=_amount(amounts.get("submit_sm", 0)),
        at_response=_amount(amounts.get("submit_sm_resp", 0)),
        counts=bool(actions.get("decrement_submit_sm_count", 0)),
    )


def _state(found: object, class_name: str) -> dict[str, object]:
    if not isinstance(found, Instance) or found.name != class_name:
        raise BadBill(f"not a {class_name}")
    return found.state


def _amount(value: object) -> float:
    if not isinstance(value, int | float):
        raise BadBill("an amount is not a number")
    return float(value)
