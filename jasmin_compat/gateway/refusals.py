"""Why a message is not accepted: one class per reason; each server maps them in one table."""

from jasmin_compat.gateway.interceptors import Statuses
from jasmin_compat.gateway.messages import ConnectorId, MsgId


class Refused(Exception):
    """The message is not taken over; the sender is told why (contract/http-api.md §20)."""


class BadHexContent(Refused):
    """The octets of a message are not hexadecimal digits in pairs."""

    def __init__(self, shown: str) -> None:
        super().__init__(shown)
        self.shown = shown
        """As Jasmin shows it: a Python repr, `b'zz'`."""


class Malformed(Refused):
    """A value passed the check of its syntax, but means nothing: no text, no time, no tag."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAuthorized(Refused):
    """The sender may not do this; `reason` is Jasmin's (contract/http-api.md §7.2)."""

    def __init__(self, username: str, reason: str) -> None:
        super().__init__(username, reason)
        self.username = username
        self.reason = reason


class ValueFiltered(Refused):
    """A value filter of the sender does not match (contract/http-api.md §7.3)."""

    def __init__(self, username: str, value_filter: str) -> None:
        super().__init__(username, value_filter)
        self.username = username
        self.value_filter = value_filter


class InterceptorNotSet(Refused):
    """An interceptor is to see it, and scripts are not run here."""


class InterceptorAway(Refused):
    """An interceptor is to see it, and no process is there to run it."""


class InterceptionFailed(Refused):
    """The script of an interceptor failed, or said neither yes nor no."""


class Intercepted(Refused):
    """The script of an interceptor refused it."""

    def __init__(self, statuses: Statuses) -> None:
        super().__init__(statuses)
        self.statuses = statuses


class Unsendable(Refused):
    """It cannot be put into a PDU for this connector; `reason` says which value is why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooFast(Refused):
    """The sender's throughput is exceeded."""

    def __init__(self, username: str, *, since_s: float, spacing_s: float) -> None:
        super().__init__(username, since_s, spacing_s)
        self.username = username
        self.since_s = since_s
        """The last message came so long ago."""
        self.spacing_s = spacing_s
        """The next may come so long after it."""


class NotCharged(Refused):
    """The sender has not enough left, or what it has could not be read or written."""

    def __init__(self, username: str, *, bid: str, amount: float, parts: int) -> None:
        super().__init__(username, bid, amount, parts)
        self.username = username
        self.bid = bid
        """Of the bill that is not paid."""
        self.amount = amount
        """For each part, what the SMSC's answer would cost among it."""
        self.parts = parts


class NoRoute(Refused):
    """No MT route takes the message."""


class NoConnector(Refused):
    """The route names a connector that does not exist."""

    def __init__(self, cid: ConnectorId) -> None:
        super().__init__(cid)
        self.cid = cid


class NoBoundConnector(Refused):
    """None of the route's connectors, each for when the one before fails, is bound."""


class NotRemembered(Refused):
    """The store did not take the sender's wish for reports, so it could not be kept."""

    def __init__(self, msgid: MsgId) -> None:
        super().__init__(msgid)
        self.msgid = msgid


class NotQueued(Refused):
    """The broker did not confirm the message."""

    def __init__(self, msgid: MsgId, cid: ConnectorId) -> None:
        super().__init__(msgid, cid)
        self.msgid = msgid
        self.cid = cid
