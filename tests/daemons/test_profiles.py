"""Nothing is kept, and whoever persists is told so."""

import pytest

from jasmin_compat.daemons.profiles import NoProfiles
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import SiteNotSaved


async def test_nothing_is_kept() -> None:
    with pytest.raises(SiteNotSaved):
        await NoProfiles().write("jcli-prod", Site())
    assert await NoProfiles().read("jcli-prod") is None
