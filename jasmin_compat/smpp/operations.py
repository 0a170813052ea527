"""Who may issue which request in which session state (SMPP 3.4 §2.2, §2.3)."""

from enum import Enum
from typing import Final, NamedTuple

from jasmin_compat.smpp import commands, statuses


class Role(Enum):
    """Which end of the session."""

    ESME = "ESME"
    SMSC = "SMSC"

    @property
    def peer(self) -> "Role":
        return Role.SMSC if self is Role.ESME else Role.ESME


class SessionState(Enum):
    """The states by the names Jasmin shows them under (contract/smpp-client.md §1)."""

    NONE = "NONE"
    """No connection (yet): said by who keeps the connection, never by a session."""
    OPEN = "OPEN"
    BIND_TX_PENDING = "BIND_TX_PENDING"
    BIND_RX_PENDING = "BIND_RX_PENDING"
    BIND_TRX_PENDING = "BIND_TRX_PENDING"
    BOUND_TX = "BOUND_TX"
    BOUND_RX = "BOUND_RX"
    BOUND_TRX = "BOUND_TRX"
    UNBIND_PENDING = "UNBIND_PENDING"
    UNBIND_RECEIVED = "UNBIND_RECEIVED"
    UNBOUND = "UNBOUND"


PENDING: Final = {
    commands.BIND_TRANSMITTER: SessionState.BIND_TX_PENDING,
    commands.BIND_RECEIVER: SessionState.BIND_RX_PENDING,
    commands.BIND_TRANSCEIVER: SessionState.BIND_TRX_PENDING,
}
BOUND: Final = {
    commands.BIND_TRANSMITTER: SessionState.BOUND_TX,
    commands.BIND_RECEIVER: SessionState.BOUND_RX,
    commands.BIND_TRANSCEIVER: SessionState.BOUND_TRX,
}
UNBOUND_STATES: Final = (SessionState.OPEN, *PENDING.values())
"""Before a bind is accepted."""
BOUND_STATES: Final = tuple(BOUND.values())
"""Tuples, here and below: finding an enumeration member in a set costs its hash, a Python call."""


class Issued(NamedTuple):
    """The states in which each role may issue a request."""

    by_esme: tuple[SessionState, ...]
    by_smsc: tuple[SessionState, ...]


_NEVER: Final[tuple[SessionState, ...]] = ()
_OPEN: Final = (SessionState.OPEN,)
_TX: Final = (SessionState.BOUND_TX, SessionState.BOUND_TRX)
_RX: Final = (SessionState.BOUND_RX, SessionState.BOUND_TRX)

MATRIX: Final[dict[int, Issued]] = {
    commands.BIND_TRANSMITTER: Issued(by_esme=_OPEN, by_smsc=_NEVER),
    commands.BIND_RECEIVER: Issued(by_esme=_OPEN, by_smsc=_NEVER),
    commands.BIND_TRANSCEIVER: Issued(by_esme=_OPEN, by_smsc=_NEVER),
    commands.OUTBIND: Issued(by_esme=_NEVER, by_smsc=_OPEN),
    commands.UNBIND: Issued(by_esme=BOUND_STATES, by_smsc=BOUND_STATES),
    commands.ENQUIRE_LINK: Issued(by_esme=BOUND_STATES, by_smsc=BOUND_STATES),
    commands.SUBMIT_SM: Issued(by_esme=_TX, by_smsc=_NEVER),
    commands.SUBMIT_MULTI: Issued(by_esme=_TX, by_smsc=_NEVER),
    commands.QUERY_SM: Issued(by_esme=_TX, by_smsc=_NEVER),
    commands.CANCEL_SM: Issued(by_esme=_TX, by_smsc=_NEVER),
    commands.REPLACE_SM: Issued(by_esme=_TX, by_smsc=_NEVER),
    commands.DATA_SM: Issued(by_esme=_TX, by_smsc=_RX),
    commands.DELIVER_SM: Issued(by_esme=_NEVER, by_smsc=_RX),
    commands.ALERT_NOTIFICATION: Issued(by_esme=_NEVER, by_smsc=_RX),
}


_BY: Final = {
    Role.ESME: {command_id: issued.by_esme for command_id, issued in MATRIX.items()},
    Role.SMSC: {command_id: issued.by_smsc for command_id, issued in MATRIX.items()},
}
_ALWAYS_SERVED: Final = commands.BINDS | {commands.UNBIND}


def may_issue(role: Role, state: SessionState, command_id: int) -> bool:
    """Whether a peer that goes by the specification takes this request from us now."""
    return state in _BY[role].get(command_id, _NEVER)


def refusal(issuer: Role, state: SessionState, command_id: int) -> int | None:
    """The command_status that refuses a request of the peer; None when it may be served.

    More is served than the matrix has: an SMSC that delivers on a transmitter bind, because its
    receipts would be lost; an unbind without a bind; a bind of who is bound, because Jasmin looks
    at the password first (ESME_RINVPASWD before ESME_RALYBND).
    """
    states = _BY[issuer].get(command_id, _NEVER)
    if not states:
        return statuses.ESME_RINVCMDID
    if state in states or (command_id in _ALWAYS_SERVED and state is not SessionState.UNBOUND):
        return None
    if issuer is Role.SMSC and state in BOUND_STATES and command_id != commands.OUTBIND:
        return None
    return statuses.ESME_RINVBNDSTS
