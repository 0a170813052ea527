"""A change that cannot be saved is said in Jasmin's words, with the reason, and logged."""

import logging

import pytest

from jasmin_compat.gateway.changes import add_group
from jasmin_compat.gateway.unusable import Mistyped
from jasmin_compat.gateway.users import Group, GroupId
from tests.servers.jcli.offices import VISIT, FakeOffice


async def test_a_change_that_is_not_saved_is_said_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake = FakeOffice()
    fake.admin.disk_is_full = True
    group = Group(gid=GroupId("g1"))
    with pytest.raises(Mistyped) as refused, caplog.at_level(logging.ERROR, "jcli"):
        await fake.office().change(VISIT, "adding Group", lambda _site: add_group(group))
    assert str(refused.value) == (
        "Failed adding Group, check log for details\nNo space left on device"
    )
    assert caplog.messages == ["[sref:7] Failed adding Group: No space left on device"]
    assert fake.office().site.groups == {}
