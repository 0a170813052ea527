"""A message of a batch goes through the same gate as one at `/send`, without its password."""

from collections.abc import Callable

from jasmin_compat.gateway.batches import Accepted, BatchMessage, Declined, Outcome, PutOff
from jasmin_compat.gateway.refusals import InterceptorAway, NotQueued, NotRemembered, Refused
from jasmin_compat.gateway.site import Site
from jasmin_compat.gateway.users import BadCredentials, User, is_enabled
from jasmin_compat.servers.http.answers import success
from jasmin_compat.servers.http.params import BadArguments
from jasmin_compat.servers.http.send import Send
from jasmin_compat.servers.rest.parameters import BadText, send_arguments

_MAY_PASS = (NotQueued, NotRemembered, InterceptorAway)
_NO_PASSWORD = "-"  # noqa: S105 RUF100
"""In the place of the one that was checked when the batch came."""


class BatchSending:
    """What flows/batch.py sends through."""

    def __init__(self, send: Send, *, site: Callable[[], Site]) -> None:
        self._send = send
        self._site = site

    async def __call__(self, message: BatchMessage) -> Outcome:
        try:
            arguments = send_arguments(
                {"username": message.username, "password": _NO_PASSWORD, **message.params}
            )
            msgid = await self._send.take_as(self._user(message), arguments)
        except BadText as error:
            return Declined(f"Unknown error: {error}")
        except (BadArguments, Refused, BadCredentials) as refused:
            text = self._send.refused(refused).body.decode(errors="replace")
            return PutOff(text) if isinstance(refused, _MAY_PASS) else Declined(text)
        return Accepted(success(msgid).body.decode())

    def _user(self, message: BatchMessage) -> User:
        """As the site has them now. Raises: BadCredentials."""
        site = self._site()
        user = None if message.uid is None else site.users.get(message.uid)
        if user is None or not is_enabled(site, user):
            raise BadCredentials(message.username)
        return user
