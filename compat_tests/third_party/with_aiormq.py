"""The same program for an environment without Jasmin: aiormq and smpp.pdu3, no bill's class."""

import asyncio
import json
from urllib.parse import quote

import aiormq
from aiormq.abc import DeliveredMessage
from reading import line_of
from wanted import PREFETCH, PROGRAMS, arguments


async def main() -> None:
    chosen = arguments()
    wanted = PROGRAMS[chosen.program]
    vhost = quote(chosen.vhost, safe="")
    connection = await aiormq.connect(f"amqp://guest:guest@127.0.0.1:{chosen.port}/{vhost}")
    channel = await connection.channel()

    async def show(message: DeliveredMessage) -> None:
        properties = message.header.properties
        given = {
            "message-id": properties.message_id,
            "reply-to": properties.reply_to,
            "priority": properties.priority,
            "headers": properties.headers or {},
        }
        print(line_of(message.routing_key or "", given, message.body), flush=True)
        await channel.basic_ack(message.delivery_tag or 0)

    await channel.queue_declare(wanted.queue, durable=chosen.durable)
    for key in wanted.keys:
        await channel.queue_bind(wanted.queue, wanted.exchange, key)
    await channel.basic_qos(prefetch_count=PREFETCH)
    await channel.basic_consume(wanted.queue, show, consumer_tag=wanted.tag)
    print(json.dumps({"ready": wanted.queue}), flush=True)
    await connection.closing
    print(json.dumps({"disconnected": "by the broker"}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
