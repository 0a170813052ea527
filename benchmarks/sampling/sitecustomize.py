"""Counts whose code a process spends its CPU in; on the PYTHONPATH of what is measured.

SIGUSR1 begins: from then on the stack is looked at each millisecond of CPU, or as often as the
kernel's timer allows (4 ms at 250 Hz). SIGUSR2 ends it and writes the counts, by owner, as JSON to
the file that SAMPLES names.
"""

import json
import os
import signal
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY_S = 0.001
AMQP = ("/jasmin_compat/adapters/amqp", "/aiormq/", "/pamqp/", "/aio_pika/")
OWNERS = {
    "/jasmin_compat/servers/http/connections.py": "aiohttp",
    "/aiohttp/": "aiohttp",
    "/yarl/": "aiohttp",
    "/multidict/": "aiohttp",
    "/logging/": "logging",
    "/jasmin_compat/runtime/log": "logging",
    **{
        f"/jasmin_compat/{folder}": folder
        for folder in ("servers", "flows", "gateway", "wire", "smpp", "adapters", "runtime")
    },
}
"""By a part of the file's path; the innermost frame that has one owns the moment."""
counts: Counter[str] = Counter()
lines: Counter[str] = Counter()


def owner(frame: FrameType | None) -> tuple[str, str]:
    """Whose moment it is, and the function in which; all below AMQP's is AMQP's."""
    found, where = "", ""
    while frame is not None:
        path = frame.f_code.co_filename
        if any(part in path for part in AMQP):
            return "AMQP client", f"{Path(path).name}:{frame.f_code.co_qualname}"
        if not found:
            found = next((name for part, name in OWNERS.items() if part in path), "")
            where = f"{Path(path).name}:{frame.f_code.co_qualname}" if found else ""
        frame = frame.f_back
    return found or "event loop, C", where or "-"


def sample(_: int, frame: FrameType | None) -> None:
    who, where = owner(frame)
    counts[who] += 1
    lines[f"{who}  {where}"] += 1


def begin(*_: object) -> None:
    counts.clear()
    lines.clear()
    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)


def end(*_: object) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    samples = Path(os.environ["SAMPLES"])
    part = samples.with_suffix(".part")
    part.write_text(json.dumps({"owners": counts, "lines": lines}))
    part.rename(samples)


if "SAMPLES" in os.environ:
    signal.signal(signal.SIGUSR1, begin)
    signal.signal(signal.SIGUSR2, end)
