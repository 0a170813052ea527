"""Where a session stands, from the connection to its end, and what that does to its timers."""

from jasmin_compat.smpp import operations
from jasmin_compat.smpp.operations import BOUND_STATES, UNBOUND_STATES, Role, SessionState
from jasmin_compat.smpp.timers import Timers


class Standing:
    """The state of either end of a session."""

    def __init__(self, role: Role, timers: Timers, now: float) -> None:
        self.state = SessionState.OPEN
        self.has_ended = False
        self._role = role
        self._peer = role.peer
        self._serves_as = SessionState.OPEN
        """What the peer's requests are held against: BOUND while we unbind, not while it does."""
        self._timers = timers
        if role is Role.SMSC:
            timers.init_since = now

    @property
    def is_bound(self) -> bool:
        return self.state in BOUND_STATES

    @property
    def serves_a_bind(self) -> bool:
        """Also while we unbind."""
        return self._serves_as in BOUND_STATES

    def may_send(self, command_id: int) -> bool:
        return operations.may_issue(self._role, self.state, command_id)

    def refusal(self, command_id: int) -> int | None:
        """The command_status that refuses a request of the peer; None when it may be served."""
        return operations.refusal(self._peer, self._serves_as, command_id)

    def ask_to_bind(self, command_id: int, now: float) -> None:
        """ESME: a bind went out."""
        self.state = operations.PENDING[command_id]
        self._timers.init_since = now

    def asked_to_bind(self, command_id: int) -> None:
        """SMSC: a bind came in; of several the first is shown."""
        if self.state is SessionState.OPEN:
            self.state = operations.PENDING[command_id]

    def bound(self, command_id: int) -> None:
        """The bind was accepted; nothing comes of it while either end unbinds."""
        if self.state in UNBOUND_STATES:
            self.state = self._serves_as = operations.BOUND[command_id]
            self._timers.is_bound = True
            self._timers.init_since = None

    def not_bound(self) -> None:
        """The bind was refused: another may be tried, by a peer within the time it has for it."""
        if self.state in UNBOUND_STATES:
            self.state = SessionState.OPEN
            if self._role is Role.ESME:
                self._timers.init_since = None

    def leave(self, now: float) -> None:
        """Our unbind went out."""
        self._go(SessionState.UNBIND_PENDING, now)

    def peer_leaves(self, now: float) -> None:
        """Its unbind came in: what it asks for from now on is refused."""
        self._serves_as = SessionState.UNBOUND
        self._go(SessionState.UNBIND_RECEIVED, now)

    def end(self) -> None:
        self.has_ended = True
        self.state = self._serves_as = SessionState.UNBOUND

    def _go(self, state: SessionState, now: float) -> None:
        self.state = state
        self._timers.is_bound = False
        self._timers.enquired_at = None
        self._timers.init_since = now
