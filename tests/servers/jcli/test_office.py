"""A change that cannot be saved is said in Jasmin's words, with the reason, and logged."""

import logging

import pytest

from jasmin_compat.gateway.changes import add_connector, add_group
from jasmin_compat.gateway.unusable import Mistyped, NotDone
from jasmin_compat.gateway.users import Group, GroupId
from tests import builders
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


async def test_why_a_change_cannot_be_is_in_the_log_that_the_prompt_speaks_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    office, con1 = FakeOffice().office(), builders.connector()
    await office.change(VISIT, "adding connector", lambda site: add_connector(site, con1))
    with pytest.raises(NotDone) as refused, caplog.at_level(logging.ERROR, "jcli"):
        await office.change(VISIT, "adding connector", lambda site: add_connector(site, con1))
    assert str(refused.value) == "Failed adding connector, check log for details"
    assert caplog.messages == ["[sref:7] Failed adding connector: con1 is there already"]
