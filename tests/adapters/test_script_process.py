"""A worker's process; tests/adapters/test_script_workers.py has it run what goes wrong."""

from jasmin_compat.adapters.script_process import (
    ProcessPolicy,
    environment_for_scripts,
    start_process,
)
from jasmin_compat.adapters.script_workers import _job
from jasmin_compat.gateway.charging import Left
from jasmin_compat.wire.script_jobs import MAX_SCRIPTS, Done
from tests import builders
from tests.builders import NOW
from tests.waiting import is_running, until


async def test_it_is_started_asked_and_ended() -> None:
    process = await start_process(ProcessPolicy())
    left = Left(balance=None, submit_sm_count=None)
    code = "import resource\nresult = resource.getrlimit(resource.RLIMIT_AS) == (1 << 29, 1 << 29)"
    job = _job("evaluate", code, builders.routable(), NOW, left=left)
    assert (await process.ask(job)).reply == Done(result=True)
    assert process.is_alive()
    assert process.kill()
    await process.ended()
    assert not process.is_alive()
    assert not process.kill()
    await until(lambda: not is_running(process.pid))


async def test_digests_are_forgotten_at_the_bound() -> None:
    process = await start_process(ProcessPolicy())
    process._known |= {str(number) for number in range(MAX_SCRIPTS)}
    left = Left(balance=None, submit_sm_count=None)
    job = _job("evaluate", "result = True", builders.routable(), NOW, left=left)
    for _ in range(2):
        assert (await process.ask(job)).reply == Done(result=True)
        assert process._known == {job.digest}
    process.kill()
    await process.ended()


# covers: W-INT-01
def test_only_variables_without_secrets_are_passed_on() -> None:
    ours = {"PATH": "/bin", "REDIS_CLIENT_PASSWORD": "secret", "DB": "url", "PYTHONPATH": "/opt"}
    seen = environment_for_scripts(ours, ())
    assert seen.keys() == {"PATH", "PYTHONPATH"}
    assert seen["PYTHONPATH"].endswith(":/opt")
    assert environment_for_scripts(ours, ("DB", "NONE"))["DB"] == "url"
