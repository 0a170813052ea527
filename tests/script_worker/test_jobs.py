"""Jobs in this process: what the environment of a script is."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from jasmin_compat.adapters.script_workers import _job
from jasmin_compat.script_worker.jobs import MAX_SCRIPTS, Jobs
from jasmin_compat.script_worker.modules import install
from jasmin_compat.wire.script_jobs import Done, Failed, Job, NeedsSource
from tests import builders
from tests.builders import NOW


@pytest.fixture(autouse=True)
def names() -> Iterator[None]:
    before = set(sys.modules)
    install()
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def job(code: str, kind: str = "intercept", **fields: Any) -> Job:
    made = _job(kind, code, builders.routable(), NOW)
    return Job(**({name: getattr(made, name) for name in Job.__dataclass_fields__} | fields))


# covers: INT-12G
def test_modules_are_there_without_an_import() -> None:
    code = "\n".join(f"{name}.__doc__" for name in ("hashlib", "re", "json", "math", "struct"))
    assert isinstance(Jobs().run(job(code + "\ndatetime.datetime")), Done)


def test_functions_see_the_names_of_an_interceptor_and_not_of_a_filter() -> None:
    code = "def f(): return routable\nresult = f() is routable"
    assert isinstance(Jobs().run(job(code)), Done)
    failed = Jobs().run(job(code, "evaluate"))
    assert isinstance(failed, Failed)
    assert "routable" in failed.reason


# covers: W-INT-04
def test_scripts_are_known_by_digest_and_forgotten_at_the_bound() -> None:
    jobs = Jobs()
    first = job("pass")
    unsent = job("pass", source=None)
    assert jobs.run(unsent) == NeedsSource()
    assert isinstance(jobs.run(first), Done)
    assert isinstance(jobs.run(unsent), Done)
    for number in range(MAX_SCRIPTS):
        jobs.run(job(f"{number}"))
    assert jobs.run(unsent) == NeedsSource()


def test_an_interrupt_is_not_the_scripts() -> None:
    with pytest.raises(KeyboardInterrupt):
        Jobs().run(job("raise KeyboardInterrupt"))


# covers: ROUTE-18
def test_what_a_filter_raises_is_told_as_its_text() -> None:
    assert Jobs().run(job("1 / 0", "evaluate")) == Failed("division by zero")
    assert Jobs().run(job("1 / 0")) == Failed("<class 'ZeroDivisionError'>: division by zero")
