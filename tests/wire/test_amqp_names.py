"""Names on the broker against those a real Jasmin declared and used."""

from jasmin_compat.wire import amqp_names as names
from tests import golden

CID = "con1"
BINDINGS = (
    names.ROUTER_MO,
    names.ROUTER_BILLS,
    names.DLR_THROWER,
    names.MO_THROWER,
    names.submit_binding(CID),
    names.submit_binding("con2"),
    names.lookup_binding("dlrlookupd-01"),
)
TAGS = (
    names.ROUTER_MO_TAG,
    names.ROUTER_BILLS_TAG,
    names.DLR_THROWER_TAG,
    names.MO_THROWER_TAG,
    names.submit_tag(CID),
    names.submit_tag("con2"),
    names.lookup_tag("dlrlookupd-01"),
)


def sent(method: str) -> list[dict[str, object]]:
    """Arguments of each `method` the recorded daemons sent while they started."""
    connections = golden.load("amqp_wire")["connections"]
    return [
        step["args"]
        for connection in connections
        for step in connection["startup"]
        if step["method"] == method and step["dir"] == "c->s"
    ]


def test_exchanges_are_those_jasmin_declares_both_topic() -> None:
    declared = {(args["exchange"], args["type"]) for args in sent("exchange.declare")}

    assert declared == {(exchange, "topic") for exchange in (names.MESSAGING, names.BILLING)}


def test_bindings_are_those_jasmin_makes() -> None:
    made = {(a["queue"], a["exchange"], a["routing_key"]) for a in sent("queue.bind")}

    assert {(b.queue, b.exchange, b.routing_key) for b in BINDINGS} == made


def test_consumers_have_the_tags_jasmin_gives_them() -> None:
    consumers = {(args["queue"], args["consumer_tag"]) for args in sent("basic.consume")}

    assert set(zip((b.queue for b in BINDINGS), TAGS, strict=True)) == consumers


def test_routing_keys_are_those_jasmin_publishes_with() -> None:
    flows = golden.load("flows_http_mt_dlr")["flows"] + golden.load("flows_smpps_mt")["flows"]
    used = {key for flow in flows for e in flow["amqp"] for key in e.get("routing_keys") or ()}

    assert {
        names.submit_key(CID),
        names.submit_resp_key(CID),
        names.DLR_SUBMIT_SM_RESP,
        names.DLR_DELIVER_SM,
        names.DLR_THROWER_HTTP,
        names.DLR_THROWER_SMPPS,
    } <= used
    assert names.mo_key(CID) in {
        key
        for flow in golden.load("flows_mo")["flows"]
        for e in flow["amqp"]
        for key in e.get("routing_keys") or ()
    }


def test_names_of_ours_cannot_be_a_jasmin_topic() -> None:
    assert [names.delay_queue(s) for s in names.DELAY_STEPS_S][::7] == [
        "jasmin_compat.delay.1",
        "jasmin_compat.delay.300",
    ]
    assert names.dead_queue(names.submit_key(CID)) == "submit.sm.con1.dead"


def test_the_exchange_follows_from_the_key() -> None:
    """For all that goes through Jasmin's exchanges and ours."""
    recordings = ("flows_http_mt_dlr", "flows_smpps_mt", "flows_mo")
    flows = [flow for name in recordings for flow in golden.load(name)["flows"]]
    published = {
        (e["exchange"], key)
        for flow in flows
        for e in flow["amqp"]
        for key in e.get("routing_keys") or ()
        if e.get("exchange")
    }
    assert {exchange for exchange, _ in published} >= {names.MESSAGING}
    for exchange, key in (*published, (names.BILLING, names.bill_key("u"))):
        assert names.exchange_of(key) == exchange
    for queue in (names.delay_queue(1), names.BATCH_MESSAGES.queue, "submit_sm"):
        assert names.exchange_of(queue) == names.DEFAULT_EXCHANGE
