"""The Lua scripts: each changes all records of one message in one step (design D7, D8)."""

import hashlib
import math
from dataclasses import dataclass
from importlib.resources import files

from jasmin_compat.gateway.dlr import LEND_S, TELL_S, DlrPolicy


@dataclass(frozen=True, slots=True)
class Script:
    """Its text for EVAL, its name on the server for EVALSHA."""

    text: bytes
    sha: bytes
    writes: bool = True


class Scripts:
    """All of them, the policy written into their head: its numbers need not travel each time."""

    def __init__(self, policy: DlrPolicy) -> None:
        numbers = {
            "MAX_RECORDS": policy.max_records,
            "MAX_OCTETS": policy.max_octets,
            "GRACE_S": math.ceil(policy.siblings_grace_s),
            "SENT_TTL_S": policy.sent_ttl_s,
            "TELLS": int(policy.tells_every_end),
            "TELL_S": TELL_S,
            "LEND_S": LEND_S,
            "MAX_UNTOLD": policy.max_untold,
        }
        head = f"local {', '.join(numbers)} = {', '.join(map(str, numbers.values()))}\n"
        self._common = head + _read("common")
        self.remember = self._script("remember")
        self.record_sent = self._script("record_sent")
        self.map_smpp_msgids = self._script("map_smpp_msgids")
        self.finish_segment = self._script("finish_segment")
        self.forget = self._script("forget")
        self.expired = self._script("expired")
        self.adopt = self._script("adopt")
        self.keep_part = _made(_read("keep_part"))
        self.find = _made(_read("find"), writes=False)

    def _script(self, name: str) -> Script:
        return _made(self._common + _read(name))


def _read(name: str) -> str:
    return (files("jasmin_compat.adapters") / "redis_lua" / f"{name}.lua").read_text()


def _made(text: str, *, writes: bool = True) -> Script:
    octets = text.encode()
    sha = hashlib.sha1(octets, usedforsecurity=False).hexdigest().encode()
    return Script(octets, sha, writes)
