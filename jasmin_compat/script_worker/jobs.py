"""One job: a message and a script, run in Jasmin's environment (contract/routing.md §2, §6.2)."""

import datetime
import hashlib
import json
import math
import pickle
import re
import struct
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from jasmin_compat.script_worker.jasmin_names import RoutableSubmitSm
from jasmin_compat.wire.script_jobs import Done, Failed, Job, NeedsSource, Reply, Stopped

MAX_SCRIPTS = 1000
"""Compiled and kept; then all are forgotten."""
PROTOCOL = 2
"""Of what goes back; wire/pickles.py reads it."""


@dataclass(slots=True)
class Jobs:
    """Runs jobs, one after the other."""

    _compiled: dict[str, CodeType] = field(default_factory=dict)

    def run(self, job: Job) -> Reply:
        """Whatever the script raises is an answer; SystemExit too."""
        try:
            code = self._code(job)
            if code is None:
                return NeedsSource()
            return _evaluate(code, job) if job.kind == "evaluate" else _intercept(code, job)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # what scripts raise, it is theirs
            # Of a filter the sender is shown the text, of an interceptor the operator this.
            return Failed(str(error) if job.kind == "evaluate" else f"{type(error)}: {error}")

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
    result = names["result"]
    return Done(result=result if isinstance(result, bool) else False)


def _intercept(code: CodeType, job: Job) -> Reply:
    names: dict[str, Any] = {
        "hashlib": hashlib,
        "re": re,
        "json": json,
        "datetime": datetime,
        "math": math,
        "struct": struct,
        "routable": _routable(job),
        "smpp_status": None,
        "http_status": None,
        "extra": {},
    }
    exec(code, names)
    if names["smpp_status"] is not None or names["http_status"] is not None:
        return Stopped(
            smpp_status=_plain(names["smpp_status"]),
            http_status=_plain(names["http_status"]),
            extra=_extra(names["extra"]),
        )
    routable = names["routable"]
    return Done(
        pdu=pickle.dumps(routable.pdu, PROTOCOL),
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
    return value if value is None or isinstance(value, int) else repr(value)


def _extra(extra: object) -> dict[str, Any]:
    if not isinstance(extra, dict):
        return {}
    return {
        str(key): value.decode(errors="replace") if isinstance(value, bytes) else value
        for key, value in extra.items()
        if value is None or isinstance(value, bytes | str | int | float)
    }
