"""One job: a message and a script, run in Jasmin's environment (contract/routing.md §2, §6.2)."""

import datetime
import hashlib
import io
import json
import math
import os
import pickle
import re
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from typing_extensions import override

from jasmin_compat.script_worker.jasmin_names import RoutableSubmitSm
from jasmin_compat.wire.script_jobs import (
    MAX_SCRIPTS,
    Done,
    Failed,
    Job,
    NeedsSource,
    Ran,
    Reply,
    Stopped,
)

PROTOCOL = 2
"""Of what goes back; wire/pickles.py reads it."""
MAX_TOLD = 2000
"""Characters of an error, and of what a script prints, that go back."""


class Printed(io.TextIOBase):
    """Standard output and error of scripts: the beginning of what each prints, for the log.

    A script that prints without end would fill the disk that the gateway's own output goes to.
    """

    def __init__(self) -> None:
        self._kept = ""

    @override
    def write(self, text: str, /) -> int:
        self._kept += text[: MAX_TOLD - len(self._kept)]
        return len(text)

    @override
    def writable(self) -> bool:
        return True

    def take(self) -> str:
        kept, self._kept = self._kept, ""
        return kept


@dataclass(slots=True)
class Jobs:
    """Runs jobs, one after the other."""

    now_s: Callable[[], float]
    has_children: Callable[[], bool]
    """Whether processes that scripts have started still run."""
    _compiled: dict[str, CodeType] = field(default_factory=dict)
    _printed: Printed = field(default_factory=Printed)
    _pid: int = field(default_factory=os.getpid)

    def run(self, job: Job) -> Ran:
        """Whatever the script raises is an answer; SystemExit too."""
        sys.stdout = sys.stderr = self._printed  # whatever the script before has put there
        began_s = self.now_s()
        reply = self._reply(job)
        if os.getpid() != self._pid:  # the script forked, and this is its child
            os._exit(0)
        return Ran(
            reply=reply,
            took_s=self.now_s() - began_s,
            printed=self._printed.take(),
            has_children=self.has_children(),
        )

    def _reply(self, job: Job) -> Reply:
        try:
            code = self._code(job)
            if code is None:
                return NeedsSource()
            return _evaluate(code, job) if job.kind == "evaluate" else _intercept(code, job)
        except BaseException as error:  # noqa: BLE001  # what scripts raise, it is theirs
            # Of a filter the sender is shown the text, of an interceptor the operator this.
            text = _text_of(error)
            return Failed((text if job.kind == "evaluate" else f"{type(error)}: {text}")[:MAX_TOLD])

    def _code(self, job: Job) -> CodeType | None:
        code = self._compiled.get(job.digest)
        if code is None and job.source is not None:
            code = compile(job.source, "<script>", "exec")
            if len(self._compiled) >= MAX_SCRIPTS:
                self._compiled.clear()
            self._compiled[job.digest] = code
        return code


def _evaluate(code: CodeType, job: Job) -> Reply:
    """A filter has its names as locals, and functions of it do not see them, as in Jasmin."""
    names: dict[str, Any] = {"routable": _routable(job), "result": False}
    exec(code, {}, names)
    result = names.get("result")
    return Done(result=result if isinstance(result, bool) else False)


def _intercept(code: CodeType, job: Job) -> Reply:
    given = _routable(job)
    before = pickle.dumps(given.pdu, PROTOCOL)
    names: dict[str, Any] = {
        "hashlib": hashlib,
        "re": re,
        "json": json,
        "datetime": datetime,
        "math": math,
        "struct": struct,
        "routable": given,
        "smpp_status": None,
        "http_status": None,
        "extra": {},
    }
    exec(code, names)
    smpp_status, http_status = names.get("smpp_status"), names.get("http_status")
    if smpp_status is not None or http_status is not None:
        return Stopped(
            smpp_status=_plain(smpp_status),
            http_status=_plain(http_status),
            extra=_extra(names.get("extra")),
        )
    routable = names.get("routable")
    if not isinstance(routable, RoutableSubmitSm):
        raise TypeError(f"routable is {_plain(routable)}")
    after = pickle.dumps(routable.pdu, PROTOCOL)
    return Done(
        pdu=b"" if after == before else after,
        tags=tuple(map(str, routable.getTags())),
        locks=tuple(map(str, routable._pdu_locks)),
    )


def _routable(job: Job) -> RoutableSubmitSm:
    at = datetime.datetime.fromisoformat(job.at)
    pdu, user = pickle.loads(job.pdu), pickle.loads(job.user)  # the gateway wrote them
    routable = RoutableSubmitSm(pdu, user, at)
    for tag in job.tags:
        routable.addTag(tag)
    routable._pdu_locks.extend(job.locks)
    return routable


def _plain(value: object) -> int | str | None:
    """A status; what is none of SMPP or HTTP is a text, for the log."""
    if value is None or (isinstance(value, int) and abs(value) < 1 << 64):
        return value
    return repr(value)[:MAX_TOLD]


def _extra(extra: object) -> dict[str, Any]:
    if not isinstance(extra, dict):
        return {}
    return {
        str(key): value.decode(errors="replace") if isinstance(value, bytes) else value
        for key, value in extra.items()
        if value is None or isinstance(value, bytes | str | int | float)
    }


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as worse:  # noqa: BLE001  # of the script's own class
        return f"(its text: {type(worse)})"
