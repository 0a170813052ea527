"""Message ids: random UUIDs, or those of a site's plug-in (contract/amqp-topology.md §3.9)."""

import os
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

_POOL_OCTETS = 4096
"""Asking the kernel once for 256 ids: 0.9 us an id, where `str(uuid.uuid4())` costs 3.3."""
_VARIANT = "89ab"

MsgIdSource = Callable[[str, str | None, str, str | None], str]
"""f(pdu_type, uid, source_cid, destination_cid): Jasmin's signature."""


class BadMsgId(Exception):
    """The plug-in gave what cannot be a message id: AMQP takes 1 to 255 octets of text."""


class RandomIds:
    """Random UUIDs (version 4) as text of 36 characters. Not to be shared across a fork."""

    def __init__(self, octets: Callable[[int], bytes] = os.urandom) -> None:
        self._octets = octets
        self._pool = b""
        self._at = 0

    def __call__(self) -> str:
        if self._at == len(self._pool):
            self._pool, self._at = self._octets(_POOL_OCTETS), 0
        text = self._pool[self._at : self._at + 16].hex()
        variant = _VARIANT[self._pool[self._at + 8] & 3]
        self._at += 16
        # RFC 9562 §5.4: the version is digit 12, the variant the two high bits of digit 16
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


class MsgIds:
    """Ids for messages. With a plug-in it decides each of them."""

    def __init__(self, plugin: MsgIdSource | None = None) -> None:
        self._plugin = plugin
        self._random = RandomIds()

    def of_submit(self, *, uid: str, source: str, cid: str) -> str:
        """For an MT message. Raises: BadMsgId, and whatever the plug-in raises."""
        if self._plugin is None:
            return self._random()
        return _checked(self._plugin("submit_sm", uid, source, cid))

    def of_deliver(self, *, cid: str) -> str:
        """For an MO message. Raises: BadMsgId, and whatever the plug-in raises."""
        if self._plugin is None:
            return self._random()
        return _checked(self._plugin("deliver_sm", None, cid, None))


def _checked(msgid: object) -> str:
    if not isinstance(msgid, str) or not 1 <= len(msgid.encode()) <= 255:
        raise BadMsgId(repr(msgid))
    return msgid


def msgid_plugin(found: Callable[..., object] = entry_points) -> MsgIdSource | None:
    """The first entry point `msgid` of group `jasmin.content` of any installed package."""
    points = found(group="jasmin.content", name="msgid")
    first: EntryPoint | None = next(iter(points), None)  # type: ignore[call-overload]
    return first.load() if first is not None else None
