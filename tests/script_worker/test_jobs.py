"""Jobs in this process: what the environment of a script is."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from jasmin_compat.adapters.script_workers import _job
from jasmin_compat.gateway.charging import Left
from jasmin_compat.script_worker.jobs import MAX_TOLD, Jobs
from jasmin_compat.script_worker.modules import install
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
from tests import builders
from tests.builders import NOW


@pytest.fixture(autouse=True)
def names() -> Iterator[None]:
    before, streams = dict(sys.modules), (sys.stdout, sys.stderr)
    install()
    yield
    sys.stdout, sys.stderr = streams
    for name in set(sys.modules) - set(before):
        del sys.modules[name]
    sys.modules.update(before)  # the real smpp.pdu3, where a test has it


def job(code: str, kind: Any = "intercept", **fields: Any) -> Job:
    left = Left(balance=None, submit_sm_count=None)
    return replace(_job(kind, code, builders.routable(), NOW, left=left), **fields)


class Runs(Jobs):
    """With a clock of ten readings a second."""

    def __init__(self) -> None:
        super().__init__(now_s=(n / 10 for n in range(10**6)).__next__, has_children=lambda: False)

    def reply(self, job: Job) -> Reply:
        return self.run(job).reply


# covers: INT-12G
def test_modules_are_there_without_an_import() -> None:
    code = "\n".join(f"{name}.__doc__" for name in ("hashlib", "re", "json", "math", "struct"))
    assert isinstance(Runs().reply(job(code + "\ndatetime.datetime")), Done)


def test_functions_see_the_names_of_an_interceptor_and_not_of_a_filter() -> None:
    code = "def f(): return routable\nresult = f() is routable"
    assert isinstance(Runs().reply(job(code)), Done)
    failed = Runs().reply(job(code, "evaluate"))
    assert isinstance(failed, Failed)
    assert "routable" in failed.reason


# covers: W-INT-04
def test_scripts_are_known_by_digest_and_forgotten_at_the_bound() -> None:
    jobs = Runs()
    first = job("pass")
    unsent = job("pass", source=None)
    assert jobs.reply(unsent) == NeedsSource()
    assert isinstance(jobs.reply(first), Done)
    assert isinstance(jobs.reply(unsent), Done)
    for number in range(MAX_SCRIPTS):
        jobs.reply(job(f"{number}"))
    assert jobs.reply(unsent) == NeedsSource()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise KeyboardInterrupt", "<class 'KeyboardInterrupt'>: "),
        ("raise SystemExit(3)", "<class 'SystemExit'>: 3"),
        ("routable = {}", "<class 'TypeError'>: routable is {}"),
        ("del routable", "<class 'TypeError'>: routable is None"),
        (
            "class E(Exception):\n  def __str__(self): 1 / 0\nraise E",
            "<class 'E'>: (its text: <class 'ZeroDivisionError'>)",
        ),
    ],
)
def test_whatever_a_script_raises_is_an_answer(code: str, reason: str) -> None:
    assert Runs().reply(job(code)) == Failed(reason)


def test_what_is_told_is_bounded() -> None:
    failed = Runs().reply(job("raise ValueError('x' * 10_000)"))
    assert isinstance(failed, Failed)
    assert len(failed.reason) == MAX_TOLD
    stopped = Runs().reply(job("http_status = 1 << 70"))
    assert stopped == Stopped(http_status=str(1 << 70), smpp_status=None)


def test_what_a_script_prints_belongs_to_its_message() -> None:
    jobs = Runs()
    ran = jobs.run(job("import sys\nprint('one')\nprint('two', file=sys.stderr)"))
    assert ran == Ran(reply=ran.reply, took_s=pytest.approx(0.1), printed="one\ntwo\n")
    assert len(jobs.run(job("print('x' * 10_000)")).printed) == MAX_TOLD
    assert jobs.run(job("import sys\nsys.stdout.close()\nsys.stdout = None")).printed == ""
    assert jobs.run(job("print('there')")).printed == "there\n"


# covers: ROUTE-18
def test_what_a_filter_raises_is_told_as_its_text() -> None:
    assert Runs().reply(job("1 / 0", "evaluate")) == Failed("division by zero")
    assert Runs().reply(job("1 / 0")) == Failed("<class 'ZeroDivisionError'>: division by zero")
