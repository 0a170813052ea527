"""An SMPP sender that asks for receipts, on smpplib: nobody's gateway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Any

import smpplib.client
import smpplib.consts

from compat_tests.sites import ALICE

POLL_S = 0.05


class SmppSender:
    """Bound as transceiver."""

    def __init__(self, port: int) -> None:
        self.msgids: list[str] = []
        """It was given, in the order of its messages."""
        self.receipts: list[str] = []
        """Texts it was sent, in their order."""
        self._client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
        self._client.set_message_sent_handler(self._on_sent)
        self._client.set_message_received_handler(self._on_received)

    @contextlib.asynccontextmanager
    async def bound(self) -> AsyncIterator[None]:
        self._client.connect()
        self._client.bind_transceiver(system_id=ALICE.username, password=ALICE.password)
        polling = asyncio.get_running_loop().create_task(self._poll())
        try:
            yield
        finally:
            polling.cancel()
            self._client.unbind()
            self._client.disconnect()

    async def send(self, destinations: Iterable[str]) -> None:
        for to in destinations:
            self._client.send_message(
                source_addr="1000",
                destination_addr=to,
                short_message=b"hello",
                registered_delivery=smpplib.consts.SMPP_SMSC_DELIVERY_RECEIPT_BOTH,
            )
            await asyncio.sleep(0.01)

    async def _poll(self) -> None:
        while True:
            self._client.poll()
            await asyncio.sleep(POLL_S)

    def _on_sent(self, pdu: Any) -> None:
        self.msgids.append(pdu.message_id.decode())

    def _on_received(self, pdu: Any) -> None:
        self.receipts.append(pdu.short_message.decode())
