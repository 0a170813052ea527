"""Search with code among the filters."""

from dataclasses import replace

import pytest

from jasmin_compat.flows.search import search_mt
from jasmin_compat.gateway.filters import EvalPyFilter
from jasmin_compat.gateway.refusals import Malformed
from jasmin_compat.ports import ScriptFailed, ScriptsAway
from tests import builders
from tests.builders import NOW
from tests.fakes import FakeScripts


def rows(*codes: str) -> dict[int, object]:
    return {
        order: replace(builders.default_route(), filters=(EvalPyFilter(code),))
        for order, code in enumerate(reversed(codes), start=1)
    }


# covers: ROUTE-18
async def test_each_code_is_asked_once_until_one_matches() -> None:
    scripts = FakeScripts({"no": False, "yes": True})
    table = rows("no", "no", "yes", "never")
    found = await search_mt(table, builders.routable(), scripts, at=NOW)  # type: ignore[type-var]
    assert found is table[2]
    assert scripts.run == ["no", "yes"]


@pytest.mark.parametrize("error", [ScriptFailed("division by zero"), ScriptsAway("busy")])
async def test_code_that_fails_is_an_unknown_error(error: Exception) -> None:
    with pytest.raises(Malformed, match=str(error)):
        await search_mt(
            rows("bad"),  # type: ignore[type-var]
            builders.routable(),
            FakeScripts({"bad": error}),
            at=NOW,
        )


async def test_no_row() -> None:
    assert await search_mt({}, builders.routable(), FakeScripts(), at=NOW) is None
