"""A session's wire without I/O: octets received become lines, text becomes octets to send.

The layers are those of Jasmin: telnet, the keyboard's escape sequences, the line editor. Each line
end becomes CR CR CR LF, since insults and both telnet layers of Twisted expand it once.
"""

from collections import deque

from jasmin_compat.servers.jcli.editor import INSERT_MODE, Editor, LineLimits
from jasmin_compat.servers.jcli.keys import Keyboard
from jasmin_compat.servers.jcli.telnet import NEGOTIATION, Answer, Resized, Telnet, Typed

RESET = "\x1bc"


class Terminal:
    """Starts with what a new connection is sent.

    Lines are taken one by one, so that the answer to each is written before what was typed after
    it is echoed: `receive`, then `next_line` until there is none, sending the output in between.
    """

    def __init__(self, limits: LineLimits) -> None:
        self.editor = Editor(write=self.write, limits=limits)
        self._telnet = Telnet()
        self._keyboard = Keyboard()
        self._received: deque[int] = deque()
        self._typed: deque[int] = deque()
        self._output = bytearray(NEGOTIATION)
        self.write(RESET + INSERT_MODE)

    def receive(self, octets: bytes) -> None:
        self._received.extend(octets)

    def next_line(self) -> str | None:
        """The next whole line among what was received; None once all of it is taken in."""
        while True:
            while self._typed:
                key = self._keyboard.press(self._typed.popleft())
                if key is not None and (line := self.editor.press(key)) is not None:
                    return line
            if not self._received:
                return None
            self._hear(self._received.popleft())

    def _hear(self, octet: int) -> None:
        match self._telnet.take(octet):
            case Typed(octets):
                self._typed.extend(octets)
            case Answer(octets):
                self._output += octets
            case Resized():
                self.editor.redraw()
            case None:
                pass

    def write(self, text: str) -> None:
        # UTF-8 has no octet 255: nothing to double for telnet
        octets = text.encode("utf-8", "backslashreplace")
        self._output += octets.replace(b"\n", b"\r\r\r\n")

    def take_output(self) -> bytes:
        """What is to be sent; it is not kept."""
        output = bytes(self._output)
        self._output.clear()
        return output
