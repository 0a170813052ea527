"""Bills as Jasmin pickles them into the header submit_sm_bill (contract/amqp-topology.md §3.1).

Jasmin takes the user's id and the amounts from it. The whole account travels along because its
class wants it, but not the digest of the password: everybody on the broker could read that
(W-BILL-08).
"""

from dataclasses import dataclass
from functools import lru_cache

from jasmin_compat.gateway.users import User
from jasmin_compat.smpp.twins import quick_init
from jasmin_compat.wire import pickle_opcodes as opcodes
from jasmin_compat.wire.jasmin_classes import Instance
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


_AUTHORIZATIONS = (
    *("http_send", "http_bulk", "http_balance", "http_rate", "smpps_send", "http_long_content"),
    *("set_dlr_level", "http_set_dlr_method", "set_source_address", "set_priority"),
    *("set_validity_period", "set_hex_content", "set_schedule_delivery_time"),
)
_DENIED = frozenset(("http_bulk",))
_FILTERS = {
    "destination_address": b".*",
    "source_address": b".*",
    "priority": b"^[0-3]$",
    "validity_period": rb"^\d+$",
    "content": b".*",
}
_QUOTAS = (
    *("balance", "early_decrement_balance_percent", "submit_sm_count"),
    *("http_throughput", "smpps_throughput"),
)
_NO_PASSWORD = bytes(16)
"""No password has this digest."""


def _of(class_name: str, module: str, *attributes: tuple[str, bytes]) -> bytes:
    return opcodes.instance(opcodes.name(f"jasmin.routing.{module}", class_name), attributes)


def _default_credentials() -> tuple[tuple[str, bytes], ...]:
    """What Jasmin gives a user of whom nothing else was said."""
    filters = (
        (name, opcodes.call(opcodes.name("re", "_compile"), opcodes.octets(p), opcodes.integer(0)))
        for name, p in _FILTERS.items()
    )
    mt_credential = _of(
        "MtMessagingCredential",
        "jasminApi",
        (
            "authorizations",
            opcodes.dict_of(
                (name, opcodes.boolean(name not in _DENIED)) for name in _AUTHORIZATIONS
            ),
        ),
        ("value_filters", opcodes.dict_of(filters)),
        ("defaults", opcodes.dict_of((("source_address", opcodes.NONE),))),
        ("quotas", opcodes.dict_of((name, opcodes.NONE) for name in _QUOTAS)),
    )
    authorizations = (("bind", opcodes.boolean(True)), ("ip", opcodes.text("0.0.0.0/0")))
    smpps_credential = _of(
        "SmppsCredential",
        "jasminApi",
        ("authorizations", opcodes.dict_of(authorizations)),
        ("quotas", opcodes.dict_of((("max_bindings", opcodes.NONE),))),
    )
    return ("mt_credential", mt_credential), ("smpps_credential", smpps_credential)


_CREDENTIALS = _default_credentials()


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
    written = _of(
        "SubmitSmBill",
        "Bills",
        ("bid", b""),
        ("user", _account(user)),
        ("amounts", opcodes.dict_of(amounts)),
        ("actions", opcodes.dict_of(counting)),
    )
    head, tail = written.split(mark, 1)
    return opcodes.PROTOCOL + head + mark, tail + opcodes.STOP


def _account(user: User) -> bytes:
    group = _of(
        "Group",
        "jasminApi",
        ("gid", opcodes.text(user.gid)),
        ("enabled", opcodes.boolean(True)),  # a disabled group sends nothing
    )
    return _of(
        "User",
        "jasminApi",
        ("uid", opcodes.text(user.uid)),
        ("group", group),
        ("enabled", opcodes.boolean(user.enabled)),
        ("username", opcodes.text(user.username)),
        ("password", opcodes.octets(_NO_PASSWORD)),
        *_CREDENTIALS,
    )


def read_bill(octets: bytes) -> PickledBill:
    """What we wrote, or a Jasmin.

    Raises:
        BadBill: anything else.
    """
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
