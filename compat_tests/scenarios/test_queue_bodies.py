"""What a gateway queues becomes, in the real Jasmin 0.11.0, the objects that Jasmin's becomes.

Messages recorded from a Jasmin, and such as its own classes make at random, are read by the gateway
under test and written again: the same headers octet for octet, and pickles that load into equal
objects, to the last attribute and type.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compat_tests.jasmin_side import describe
from compat_tests.targets.external import External
from compat_tests.targets.gateway import Target
from tests import golden

pytestmark = pytest.mark.jasmin
REPO = Path(__file__).parent.parent.parent
BODIES = REPO / "compat_tests" / "jasmin_side" / "bodies.py"
OF_EACH_KIND = 30

Line = dict[str, Any]
"""A message: exchange, key, properties, the octets of its table of headers, its body, and which of
these are pickles, octets all in hexadecimal."""

MAY_DIFFER = re.compile(
    r"\.seqNum(?:\[\d\])*: "  # of another session: given anew when the PDU is sent
    r"|\.params(?:\[\d+\])+: '(20\d\d-\S+\.\d)\d+' is not '\1"  # SMPP has tenths of a second
)
LEFT_OUT_OF_BILLS = re.compile(r"\.user\[1\]\.(password|mt_credential|smpps_credential)\[")


class JasminSide:
    """Jasmin's python."""

    def __init__(self, home: Path) -> None:
        self._python = (str(home / "bin" / "python"), "-W", "ignore", str(BODIES))

    def make(self, seed: int) -> list[Line]:
        return run(*self._python, "make", str(seed), str(OF_EACH_KIND))

    def again(self, lines: list[Line]) -> list[Line]:
        """The same messages with pickles of what this Jasmin loaded."""
        pickled = run(*self._python, "again", lines=[line["pickles"] for line in lines])
        return [{**line, "pickles": new} for line, new in zip(lines, pickled, strict=True)]

    def objects(self, lines: list[Line]) -> list[Line]:
        """What the pickles of each become."""
        return run(*self._python, "describe", lines=[line["pickles"] for line in lines])


def run(*command: str, lines: list[Line] | None = None) -> list[Line]:
    given = "".join(json.dumps(line) + "\n" for line in lines or [])
    done = subprocess.run(
        command, cwd=REPO, input=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def jasmin_side(jasmin_home: Path | None) -> JasminSide:
    assert jasmin_home is not None
    return JasminSide(jasmin_home)


Rewrite = Callable[[list[Line]], list[Line]]


@pytest.fixture(scope="module")
def rewrite(target: Target | External, jasmin_side: JasminSide) -> Rewrite:
    """Messages as the gateway under test writes them for what it read."""
    match target.name:
        case "ours":
            return lambda lines: run(sys.executable, "-m", "tests.wire.rewriting", lines=lines)
        case "jasmin":
            return jasmin_side.again
        case _:
            pytest.skip("what an external gateway queues is not ours to make")


def unlike(
    theirs: list[Line], ours: list[Line], jasmin: JasminSide, allowed: re.Pattern[str]
) -> set[str]:
    """What differs in messages, and in what they become in Jasmin."""
    found = set()
    objects = zip(jasmin.objects(theirs), jasmin.objects(ours), strict=True)
    for one, other, (becomes, ours_becomes) in zip(theirs, ours, objects, strict=True):
        assert becomes.keys() == ours_becomes.keys() == one["pickles"].keys()
        names = ["exchange", "key", "properties", "table"]
        for name in names if "body" in becomes else [*names, "body"]:
            if one[name] != other[name]:
                found.add(f"{one['key']} {name}: {one[name]} is not {other[name]}")
        for name, tree in becomes.items():
            differing = describe.differences(tree, ours_becomes[name])
            found |= {f"{name}{each}" for each in differing if not allowed.search(each)}
    return found


def recorded() -> list[Line]:
    """One message of each shape that daemons of a Jasmin published."""
    examples = [shape["example"] for shape in golden.load("amqp_wire")["message_shapes"]]
    return [line_of(each) for each in examples if each["method"] == "basic.publish"]


def line_of(example: dict[str, Any]) -> Line:
    properties = {
        name.replace("_", "-"): value
        for name, value in example["properties"].items()
        if name != "headers"
    }
    headers = example["properties"]["headers"]
    pickles = {name: field["hex"] for name, field in headers.items() if "hex" in field}
    body, key = example["body_hex"], example["args"]["routing_key"]
    if body.startswith("80"):
        pickles["body"] = body
    frame = bytes.fromhex(example["header_frame_hex"])[CLASS_WEIGHT_SIZE_FLAGS:]
    table = frame[: 4 + int.from_bytes(frame[:4])]
    return {
        "exchange": example["args"]["exchange"],
        "key": key,
        "properties": properties,
        "table": table.hex(),
        "body": body,
        "pickles": pickles,
    }


CLASS_WEIGHT_SIZE_FLAGS = 2 + 2 + 8 + 2


# covers: AMQP-01 AMQP-02
@pytest.mark.quirk("Q27", "Q159")
def test_recorded_messages_become_the_same_objects(
    rewrite: Rewrite, jasmin_side: JasminSide, mended: Callable[[str], bool]
) -> None:
    theirs = recorded()
    assert len(theirs) == 12

    assert unlike(theirs, rewrite(theirs), jasmin_side, allowed(mended)) == set()


# covers: AMQP-01 AMQP-02 W-BILL-08
@pytest.mark.quirk("Q27", "Q159")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_messages_of_jasmins_own_classes_become_the_same_objects(
    rewrite: Rewrite, jasmin_side: JasminSide, seed: int, mended: Callable[[str], bool]
) -> None:
    theirs = jasmin_side.make(seed)
    assert len({line["key"].rpartition(".")[0] for line in theirs}) >= 7

    assert unlike(theirs, rewrite(theirs), jasmin_side, allowed(mended)) == set()


def allowed(mended: Callable[[str], bool]) -> re.Pattern[str]:
    """Differences that are no fault."""
    if not (mended("Q27") and mended("Q159")):
        return re.compile(r"(?!)")  # none: it is Jasmin itself
    return re.compile(f"{MAY_DIFFER.pattern}|{LEFT_OUT_OF_BILLS.pattern}")
