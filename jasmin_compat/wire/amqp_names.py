"""Names on the broker: Jasmin's exchanges, queues, keys and consumer tags, and ours beside them.

Jasmin's are API (contract/amqp-topology.md §2): other programs bind to them. Ours start with
`jasmin_compat.`, end with `.dead`, or are headers `x-jc-…`.
"""

from dataclasses import dataclass
from typing import Final

MESSAGING: Final = "messaging"
BILLING: Final = "billing"
"""Topic exchanges, both."""
DEFAULT_EXCHANGE: Final = ""
"""Routes to the queue named by the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A queue, and what feeds it."""

    queue: str
    exchange: str
    routing_key: str
    """May hold a topic wildcard; `deliver.sm.*`."""


# routing keys

DLR_SUBMIT_SM_RESP: Final = "dlr.submit_sm_resp"
DLR_DELIVER_SM: Final = "dlr.deliver_sm"
"""For receipts in deliver_sm and in data_sm."""
DLR_THROWER_HTTP: Final = "dlr_thrower.http"
DLR_THROWER_SMPPS: Final = "dlr_thrower.smpps"
MO_THROWER_HTTP: Final = "deliver_sm_thrower.http"
MO_THROWER_SMPPS: Final = "deliver_sm_thrower.smpps"


def submit_key(cid: str) -> str:
    """Of messages waiting for a connector; its queue has the same name."""
    return f"submit.sm.{cid}"


def submit_resp_key(cid: str) -> str:
    """Of copies of submit_sm_resp; no queue of ours is bound to it."""
    return f"submit.sm.resp.{cid}"


def mo_key(cid: str) -> str:
    """Of messages a connector received."""
    return f"deliver.sm.{cid}"


def bill_key(uid: str) -> str:
    """Of what is to be charged now that the SMSC has taken a message."""
    return f"bill_request.submit_sm_resp.{uid}"


# queues, bindings, consumer tags

ROUTER_MO: Final = Binding(
    queue="RouterPB_deliver_sm_all", exchange=MESSAGING, routing_key="deliver.sm.*"
)
ROUTER_BILLS: Final = Binding(
    queue="RouterPB_bill_request_submit_sm_resp_all",
    exchange=BILLING,
    routing_key="bill_request.submit_sm_resp.*",
)
DLR_THROWER: Final = Binding(queue="dlr_thrower", exchange=MESSAGING, routing_key="dlr_thrower.*")
MO_THROWER: Final = Binding(
    queue="deliver_sm_thrower", exchange=MESSAGING, routing_key="deliver_sm_thrower.*"
)

ROUTER_MO_TAG: Final = "RouterPB-delivers"
ROUTER_BILLS_TAG: Final = "RouterPB-billrequests"
DLR_THROWER_TAG: Final = "DLRThrower"
MO_THROWER_TAG: Final = "deliverSmThrower"


def submit_binding(cid: str) -> Binding:
    """The queue of a connector."""
    return Binding(queue=submit_key(cid), exchange=MESSAGING, routing_key=submit_key(cid))


def submit_tag(cid: str) -> str:
    return f"SMPPClientFactory-{cid}"


def lookup_binding(pid: str) -> Binding:
    """The queue of the DLR lookups that share a `[dlr] pid`; each pid gets a copy of every DLR."""
    return Binding(queue=lookup_tag(pid), exchange=MESSAGING, routing_key="dlr.*")


def lookup_tag(pid: str) -> str:
    """Consumer tag and queue name are the same text."""
    return f"DLRLookup-{pid}"


# ours

DELAY_STEPS_S: Final = (1, 2, 5, 10, 30, 60, 180, 300)
"""A queue for each: what waits in one waits about as long as its neighbours."""

TO: Final = "x-jc-to"
"""The queue a delayed message goes back to."""
DUE: Final = "x-jc-due"
"""When it leaves the queue it waits in, in unix seconds."""
UNTIL: Final = "x-jc-until"
"""When it is wanted, if that is later than the longest step."""
REASON: Final = "x-jc-reason"
"""Why a message ended in a dead-letter queue."""
DIED: Final = "x-jc-died"
"""When, in unix seconds."""
FIRST_EXCHANGE: Final = "x-jc-exchange"
FIRST_KEY: Final = "x-jc-key"
"""Where a message had been published before it took the default exchange: see wire/detours."""
AGAIN: Final = "x-jc-again"
"""Somebody may have had the message before, and the broker does not know it of this copy: of `dead`
letters put back, what a tool `moved`, what was `published` again because a confirm was lost."""
TRIES: Final = "x-jc-tries"
"""Attempts before this one."""
FIRST: Final = "x-jc-first"
"""Unix seconds of the first attempt."""
CRASHES: Final = "x-jc-crashes"
"""How often a handler broke on the message."""
WAITS: Final = "x-jc-waits"
"""How often a message was put off because the store was away."""
REQUEST: Final = "x-jc-dlr"
"""The DLR request of a submit that was accepted while the store was away (`[dlr] store_away
wait`): the fields of `dlr:<msgid>`, URL-encoded."""
IDS: Final = "x-jc-ids"
"""SMSC ids of further segments, separated by spaces."""
EXACT: Final = "x-jc-exact-"
"""`x-jc-exact-url` holds what the header `url` could not: see wire/field_tables."""


BATCH_MESSAGES: Final = Binding(
    queue="jasmin_compat.batch",
    exchange=DEFAULT_EXCHANGE,
    routing_key="jasmin_compat.batch",
)
"""Messages of batches, each to one recipient."""
BATCH_REPORTS: Final = Binding(
    queue="jasmin_compat.batch.reports",
    exchange=DEFAULT_EXCHANGE,
    routing_key="jasmin_compat.batch.reports",
)
"""Calls that tell what became of them."""
HELD_DLRS: Final = Binding(
    queue="jasmin_compat.held.dlr_smpps",
    exchange=DEFAULT_EXCHANGE,
    routing_key="jasmin_compat.held.dlr_smpps",
)
"""Receipts for SMPP senders while no SMPP server delivers them."""
BATCH_TAG: Final = "jasmin_compat-batch"
BATCH_REPORTS_TAG: Final = "jasmin_compat-batch-reports"


def delay_queue(step_s: int) -> str:
    """Where a message waits about `step_s` seconds (one of DELAY_STEPS_S)."""
    return f"jasmin_compat.delay.{step_s}"


def outlives_broker(queue: str) -> bool:
    """Whether the queue and what is in it are to survive a restart of the broker, whatever the
    durability of the site: nobody knows how long receipts are held."""
    return queue in _KEPT


def dead_queue(queue: str) -> str:
    """Where messages of `queue` end that cannot go on."""
    return f"{queue}.dead"


def aside_queue(queue: str) -> str:
    """Where messages of `queue` lie while it is made anew (`jasmin-compat migrate-broker`)."""
    return f"jasmin_compat.aside.{queue}"


_KEPT: Final = frozenset((HELD_DLRS.queue, aside_queue(HELD_DLRS.queue)))


MOVING: Final = "jasmin_compat.moving"
"""A fanout exchange through which `jasmin-compat migrate-broker` moves messages."""


def exchange_of(routing_key: str) -> str:
    """Where a message with this key was published first, if nothing else says so."""
    if routing_key.startswith("bill_request."):
        return BILLING
    is_theirs = routing_key.startswith(("submit.sm.", "deliver.sm.", "dlr.", *_THROWERS))
    return MESSAGING if is_theirs else DEFAULT_EXCHANGE


_THROWERS: Final = ("dlr_thrower.", "deliver_sm_thrower.")
