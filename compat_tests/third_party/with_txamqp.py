"""A stranger's program as they are written: txAMQP, prefetch 50, acks by hand, a line per message.

Run by the real Jasmin's python. txAMQP drops its connection on a header type it does not know:
then this ends, and says so.
"""

import json
import sys
from typing import Any

import txamqp.spec
from reading import line_of
from twisted.internet import defer, endpoints, reactor
from twisted.internet.protocol import Factory
from txamqp.client import Closed, TwistedDelegate
from txamqp.protocol import AMQClient
from txamqp.queue import Closed as QueueClosed
from wanted import PREFETCH, PROGRAMS, Wanted, arguments


def say(line: str) -> None:
    print(line, flush=True)


@defer.inlineCallbacks
def consume(client: AMQClient, wanted: Wanted, *, durable: bool) -> Any:
    yield client.start({"LOGIN": "guest", "PASSWORD": "guest"})
    channel = yield client.channel(1)
    yield channel.channel_open()
    yield channel.queue_declare(queue=wanted.queue, durable=durable)
    for key in wanted.keys:
        yield channel.queue_bind(queue=wanted.queue, exchange=wanted.exchange, routing_key=key)
    yield channel.basic_qos(prefetch_count=PREFETCH)
    yield channel.basic_consume(queue=wanted.queue, no_ack=False, consumer_tag=wanted.tag)
    messages = yield client.queue(wanted.tag)
    say(json.dumps({"ready": wanted.queue}))
    while True:
        message = yield messages.get()
        content = message.content
        body = content.body if isinstance(content.body, bytes) else content.body.encode()
        say(line_of(message.routing_key, content.properties, body))
        yield channel.basic_ack(delivery_tag=message.delivery_tag)


@defer.inlineCallbacks
def main() -> Any:
    chosen = arguments()
    factory = Factory()
    spec = txamqp.spec.load(chosen.spec)
    factory.buildProtocol = lambda _address: AMQClient(TwistedDelegate(), chosen.vhost, spec)
    broker = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", chosen.port)
    try:
        client = yield broker.connect(factory)
        yield consume(client, PROGRAMS[chosen.program], durable=chosen.durable)
    except (Closed, QueueClosed, OSError) as error:
        say(json.dumps({"disconnected": repr(error)}))
    if reactor.running:
        reactor.stop()


if __name__ == "__main__":
    reactor.callWhenRunning(main)
    reactor.run()
    sys.exit(1)
