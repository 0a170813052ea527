"""The accounts of each outage, gateway beside gateway, and what golden/amqp_loss_*.json says.

The recordings were made of 0.12-dev with fewer messages, and keep less: what they do not tell is
shown as `-`. Of `idle` and `drop` they have probes, of which those count that came before somebody
restarted a connector at the console; what is left in queues is of SMPP senders, too.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from compat_tests.outage import SLOW_S, Account

GOLDEN = Path(__file__).with_name("golden")
OUTAGES = {
    "idle": "The broker stops and starts while next to nothing is sent; then ten a second:",
    "load": "The broker stops for eight seconds under ten messages a second:",
    "drop": "The broker closes all connections under ten messages a second, and stays:",
}
RECORDED = "recorded 0.12"
CONSUMED = ("submit.sm.con1", "DLRLookup-dlrlookupd-01", "dlr_thrower")

Figures = Mapping[str, float | None]


def table(folders: Mapping[str, Path]) -> list[str]:
    """A block for each outage that some target has an account of (`--outage-accounts`)."""
    return [line for name in OUTAGES for line in _block(name, folders)]


def _block(name: str, folders: Mapping[str, Path]) -> Iterator[str]:
    columns: dict[str, Figures] = {
        target: json.loads((folder / f"{name}.json").read_text())
        for target, folder in folders.items()
        if (folder / f"{name}.json").exists()
    }
    if not columns:
        return
    columns[RECORDED] = recorded(name)
    yield ""
    yield OUTAGES[name]
    yield f"{'':23}" + "".join(f"{column:>15}" for column in columns)
    for field in fields(Account):
        cells = "".join(f"{_shown(column.get(field.name)):>15}" for column in columns.values())
        yield f"{field.name.replace('_', ' '):23}{cells}"


def _shown(figure: float | None) -> str:
    return "-" if figure is None else f"{round(figure, 1):g}"


def recorded(name: str) -> Figures:
    """What the recording says, under the names of Account."""
    recording = json.loads(gzip.decompress((GOLDEN / f"amqp_loss_{name}.json.gz").read_bytes()))
    marks = list(_untouched(recording["timeline"]))
    snapshot = next(mark["broker"] for mark in reversed(marks) if mark.get("broker"))
    return {
        **(_load(recording) if "load" in recording else _probes(marks)),
        "left_in_queues": sum(queue["messages_ready"] for queue in _consumed(snapshot)),
        "queues_consumed": sum(queue["consumers"] > 0 for queue in _consumed(snapshot)),
    }


def _untouched(timeline: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Until somebody restarts a connector."""
    for mark in timeline:
        if str(mark.get("what")).startswith("restart connector"):
            return
        yield mark


def _consumed(snapshot: dict[str, Any]) -> list[dict[str, Any]]:
    return [queue for queue in snapshot["queues"] if queue["name"] in CONSUMED]


def _load(recording: dict[str, Any]) -> Figures:
    load = recording["load"]
    returned_at = next(m["t"] for m in recording["timeline"] if m.get("what") == "start_app done")
    successes = (
        request["t"] + request["elapsed"] - returned_at
        for request in load["requests_log"]
        if request["t"] > returned_at and _is_success(request["body"])
    )
    accepted = load["success_with_uuid"]
    made = load["callbacks_level1"] + load["callbacks_level2"]
    return {
        "asked": load["requests"],
        "accepted": accepted,
        "odd": load["success_with_other_text"],
        "refused": load["requests"] - load["accepted"],
        "slow": sum((request["elapsed"] or 0) > SLOW_S for request in load["requests_log"]),
        "submitted": load["accepted_reached_smsc"],
        "lost": load["accepted_lost"],
        "submitted_twice": len(load["duplicates_at_smsc"]),
        "callbacks_due": 2 * accepted,
        "callbacks_made": made,
        "callbacks_lost": 2 * accepted - made,
        "callbacks_twice": len(load["duplicate_callbacks"]),
        "first_success_s": min(successes, default=None),
    }


def _probes(marks: list[dict[str, Any]]) -> Figures:
    probes = [mark["probe"] for mark in marks if "probe" in mark]
    bodies = [str(probe["http"]) for probe in probes]
    accepted = sum(_is_success(body) for body in bodies)
    answered = sum(body.startswith("Success") for body in bodies)
    submitted = sum(
        not text.startswith("smpps") for probe in probes for text in probe["reached_smsc"]
    )
    return {
        "asked": len(probes),
        "accepted": accepted,
        "odd": answered - accepted,
        "refused": len(probes) - answered,
        "slow": sum(probe["http_elapsed"] > SLOW_S for probe in probes),
        "submitted": submitted,
        "lost": answered - submitted,
    }


def _is_success(body: str) -> bool:
    """With a message id."""
    return body.startswith('Success "') and len(body) == len('Success ""') + 36
