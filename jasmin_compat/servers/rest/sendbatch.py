"""`/secure/sendbatch`: from a body to queued messages, and the answer (contract §19.4)."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from jasmin_compat.flows.batch import NotAllQueued, queue_batch
from jasmin_compat.gateway.batches import BatchMessage
from jasmin_compat.gateway.refusals import Malformed
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import BadCredentials, UserId, authenticate
from jasmin_compat.ports import Queues
from jasmin_compat.servers.http.answers import Answer
from jasmin_compat.servers.http.params import Arguments
from jasmin_compat.servers.http.send_arguments import as_ascii
from jasmin_compat.servers.rest import answers
from jasmin_compat.servers.rest.answers import RestAnswer
from jasmin_compat.servers.rest.batches import (
    BadBatch,
    BadSchedule,
    Batch,
    BatchLimits,
    TooMuch,
    read_batch,
)
from jasmin_compat.servers.rest.login import Login
from jasmin_compat.servers.rest.parameters import BadText, balance_arguments


class NoJson(Exception):
    """The body cannot be parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPorts:
    """What taking a batch needs from outside."""

    balance: Callable[[Arguments], Answer]
    """The resource of the HTTP API: who may not see a balance may not send a batch."""
    site: Callable[[], Site]
    queues: Queues
    unix: Callable[[], float]
    local_now: Callable[[], datetime]
    """Naive local time."""
    new_batch_id: Callable[[], str]


class SendBatch:
    """The resource."""

    def __init__(self, ports: BatchPorts, limits: BatchLimits) -> None:
        self._ports = ports
        self._limits = limits

    async def answer(self, login: Login, octets: bytes) -> RestAnswer:
        """Answered when the broker has all of it."""
        refused = self._refused(login)
        if refused is not None:
            return refused
        try:  # aside, as a large one takes long
            batch = await asyncio.to_thread(self._read, octets, login)
        except NoJson:
            return answers.unparsable(octets)
        except BadSchedule as wrong:
            return answers.error(412, wrong.title, wrong.description)
        except BadBatch:
            return answers.BROKEN
        except TooMuch as most:
            return answers.error(413, "413 Payload Too Large", f"The batch holds more than {most}")
        return await self._queue(batch, login)

    def _refused(self, login: Login) -> RestAnswer | None:
        failed_login = None
        try:
            balance = self._ports.balance(balance_arguments(login))
        except BadText:  # nobody's
            pass
        else:
            if balance.status == HTTPStatus.OK:
                return None
            failed_login = balance.failed_login
        text = f"Authentication failed for user: {login.username}"
        answer = answers.error(412, "Authentication failed", text)
        return replace(answer, failed_login=failed_login)

    def _read(self, octets: bytes, login: Login) -> Batch:
        try:
            body = json.loads(octets)
        except (ValueError, RecursionError) as error:
            raise NoJson from error
        return read_batch(
            body,
            login,
            now=self._ports.local_now(),
            limits=self._limits,
        )

    async def _queue(self, batch: Batch, login: Login) -> RestAnswer:
        batch_id = self._ports.new_batch_id()
        messages = await asyncio.to_thread(self._messages, batch, batch_id, login)
        try:
            await queue_batch(
                messages, queues=self._ports.queues, at_once=self._limits.published_at_once
            )
        except NotAllQueued as error:
            return answers.error(
                500,
                "Cannot queue batch",
                f"{error.queued} of {len(messages)} messages were queued; they will be sent",
            )
        answer: dict[str, object] = {"batchId": batch_id, "messageCount": len(messages)}
        if batch.countdown_s > 0:
            answer["scheduled"] = f"{batch.countdown_s}s"
        return answers.data(answer)

    def _messages(self, batch: Batch, batch_id: str, login: Login) -> list[BatchMessage]:
        due = self._ports.unix() + batch.countdown_s if batch.countdown_s else 0.0
        uids = {login: self._ports.site().uids.get(login.username)}
        for draft in batch.drafts:
            if draft.login not in uids:
                uids[draft.login] = self._uid(draft.login)
        return [
            BatchMessage(
                batch_id=batch_id,
                number=number,
                uid=uids[draft.login],
                username=draft.login.username,
                to=draft.to,
                params=draft.params,
                callback_url=batch.callback_url,
                errback_url=batch.errback_url,
                due=due,
            )
            for number, draft in enumerate(batch.drafts, 1)
        ]

    def _uid(self, login: Login) -> UserId | None:
        """Of credentials that a message brings itself."""
        try:
            return authenticate(self._ports.site(), login.username, as_ascii(login.password)).uid
        except (BadCredentials, Malformed):
            return None
