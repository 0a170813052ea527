"""No scripts at all."""

import pytest

from jasmin_compat.adapters.no_scripts import NoScripts
from jasmin_compat.ports import ScriptsAway
from tests import builders
from tests.builders import NOW


async def test_nothing_is_run() -> None:
    scripts, routable = NoScripts(), builders.routable()
    with pytest.raises(ScriptsAway):
        await scripts.evaluate("result = True", routable, at=NOW)
    with pytest.raises(ScriptsAway):
        await scripts.intercept("", routable, at=NOW)
