"""A message in pieces: the header and body frames that follow a basic.deliver or basic.return."""

from jasmin_compat.adapters import amqp_frames as frames

_NOTHING = -1
_HEADER = -2


class ContentReader:
    """Puts header and body frames together, once told that they follow."""

    def __init__(self) -> None:
        self._missing = _NOTHING
        """Octets of the body that have not come, or one of the marks above."""
        self._header = b""
        self._parts: list[bytes] = []

    @property
    def is_expecting(self) -> bool:
        return self._missing != _NOTHING

    def expect(self) -> None:
        self._missing = _HEADER

    def take(self, kind: int, data: bytes, start: int, end: int) -> tuple[bytes, bytes] | None:
        """Header payload and body when they are complete, else None.

        Raises:
            BrokenFrame: another frame came, or more than the header announced.
        """
        if kind == frames.HEADER and self._missing == _HEADER:
            self._header = data[start:end]
            self._missing = frames.read_body_size(self._header)
        elif kind == frames.BODY and self._missing >= end - start:
            self._missing -= end - start
            self._parts.append(data[start:end])
        else:
            raise frames.BrokenFrame(f"frame of kind {kind} inside a message")
        return None if self._missing else self._complete()

    def _complete(self) -> tuple[bytes, bytes]:
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._missing = _NOTHING
        return self._header, body
