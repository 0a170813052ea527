"""Telnet as twisted.conch speaks it: octets in; typed octets, our answers, window sizes out.

RFC 854 and 1143; the options are those of `TelnetBootstrapProtocol`. What makes Twisted raise, and
so drop the connection (unknown commands, an empty subnegotiation), is ignored here.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

SE, SB, WILL, WONT, DO, DONT, IAC = 240, 250, 251, 252, 253, 254, 255
ECHO, SGA, NAWS, LINEMODE = 1, 3, 31, 34
CR, LF, NUL = 0x0D, 0x0A, 0x00

_ASKED_OF_PEER = (LINEMODE, NAWS, SGA)
_OFFERED = ECHO
_GRANTED = frozenset({ECHO, SGA})
"""What we do when asked to."""
_LINEMODE_TRAPSIG = bytes([IAC, SB, LINEMODE, 1, 2, IAC, SE])
_NAWS_OCTETS = 4
_SUBNEGOTIATION_OCTETS = 512
"""What comes beyond is not kept."""

NEGOTIATION = b"".join(bytes([IAC, DO, option]) for option in _ASKED_OF_PEER) + bytes(
    [IAC, WILL, _OFFERED]
)
"""The first octets of a connection."""


@dataclass(frozen=True, slots=True)
class Typed:
    """Octets for the application; a line end is one octet, CR or LF."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """Octets for the peer."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Resized:
    """The peer told the size of its window, which does not matter; that it did, does."""


Event = Typed | Answer | Resized


class _State(Enum):
    DATA = auto()
    AFTER_CR = auto()
    COMMAND = auto()
    OPTION = auto()
    SUBNEGOTIATION = auto()
    SUBNEGOTIATION_IAC = auto()


@dataclass(slots=True)
class _Side:
    """The options of one side: those in force, and those asked for and not yet answered."""

    asked: set[int]
    on: set[int] = field(default_factory=set)


class Telnet:
    """One connection's parser and its options."""

    def __init__(self) -> None:
        self._state = _State.DATA
        self._command = 0
        self._subnegotiation = bytearray()
        self._peer = _Side(asked=set(_ASKED_OF_PEER))
        self._us = _Side(asked={_OFFERED})

    def take(self, octet: int) -> Event | None:
        """What one more octet brings about."""
        match self._state:
            case _State.DATA:
                return self._take_data(octet)
            case _State.AFTER_CR:
                return self._take_after_cr(octet)
            case _State.COMMAND:
                return self._take_command(octet)
            case _State.OPTION:
                self._state = _State.DATA
                return self._negotiate(octet)
            case _State.SUBNEGOTIATION | _State.SUBNEGOTIATION_IAC:
                return self._take_subnegotiation(octet)

    def _take_data(self, octet: int) -> Typed | None:
        if octet == IAC:
            self._state = _State.COMMAND
            return None
        if octet == CR:
            self._state = _State.AFTER_CR
            return None
        return Typed(bytes([octet]))

    def _take_after_cr(self, octet: int) -> Typed:
        """CR LF is LF, CR NUL is CR; before anything else the CR counts by itself."""
        self._state = _State.COMMAND if octet == IAC else _State.DATA
        match octet:
            case 0x0A:
                return Typed(b"\n")
            case 0x00 | 0xFF:
                return Typed(b"\r")
            case _:
                return Typed(bytes([CR, octet]))

    def _take_command(self, octet: int) -> Typed | None:
        self._state = _State.DATA
        if octet == IAC:
            return Typed(bytes([IAC]))
        if octet == SB:
            self._state = _State.SUBNEGOTIATION
            self._subnegotiation.clear()
        elif octet in (WILL, WONT, DO, DONT):
            self._state = _State.OPTION
            self._command = octet
        return None

    def _take_subnegotiation(self, octet: int) -> Resized | None:
        if self._state is _State.SUBNEGOTIATION and octet == IAC:
            self._state = _State.SUBNEGOTIATION_IAC
            return None
        if self._state is _State.SUBNEGOTIATION_IAC and octet == SE:
            self._state = _State.DATA
            is_size = self._subnegotiation[:1] == bytes([NAWS])
            return Resized() if is_size and len(self._subnegotiation) == 1 + _NAWS_OCTETS else None
        self._state = _State.SUBNEGOTIATION
        if len(self._subnegotiation) < _SUBNEGOTIATION_OCTETS:
            self._subnegotiation.append(octet)
        return None

    def _negotiate(self, option: int) -> Answer | None:
        match self._command:
            case 251:
                return _answer(self._peer_will(option))
            case 252:
                return _answer(_stop(self._peer, option, DONT))
            case 253:
                return _answer(self._we_do(option))
            case _:
                return _answer(_stop(self._us, option, WONT))

    def _peer_will(self, option: int) -> bytes:
        if option in self._peer.on:
            return b""
        was_asked = option in self._peer.asked
        self._peer.asked.discard(option)
        if option not in _ASKED_OF_PEER:
            return bytes([IAC, DONT, option])
        self._peer.on.add(option)
        mode = _LINEMODE_TRAPSIG if option == LINEMODE else b""
        return mode if was_asked else mode + bytes([IAC, DO, option])

    def _we_do(self, option: int) -> bytes:
        if option in self._us.on:
            return b""
        was_asked = option in self._us.asked
        self._us.asked.discard(option)
        if option not in _GRANTED:
            return bytes([IAC, WONT, option])
        self._us.on.add(option)
        return b"" if was_asked else bytes([IAC, WILL, option])


def _stop(side: _Side, option: int, command: int) -> bytes:
    """The peer refuses an option, or wants it off; only the latter is answered."""
    side.asked.discard(option)
    if option not in side.on:
        return b""
    side.on.discard(option)
    return bytes([IAC, command, option])


def _answer(octets: bytes) -> Answer | None:
    return Answer(octets) if octets else None
