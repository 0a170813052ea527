"""`smppccm`: connectors are made, changed, started and stopped."""

from jasmin_compat.gateway.site import Kind, Put, Site, apply
from jasmin_compat.servers.jcli.console import MainDialogue
from jasmin_compat.servers.jcli.dialogue import Visit
from jasmin_compat.servers.jcli.smpp_connectors import smppccm_command
from tests.builders import CID, connector
from tests.servers.jcli.offices import FakeAdministration, FakeOffice, Typist


def _at_work() -> tuple[FakeOffice, Typist]:
    site = apply(Site(), (Put(Kind.CONNECTOR, CID, connector()),))
    fake = FakeOffice(FakeAdministration(site))
    return fake, Typist(smppccm_command(fake.office()))


# covers: JCLI-17
async def test_a_connector_is_started_and_stopped_once() -> None:
    _, typist = _at_work()
    assert await typist.types("smppccm -0 con1", "smppccm -1 con1", "smppccm -1 con1") == (
        "Failed stopping connector, check log for details\njcli : "
        "Successfully started connector id:con1\njcli : "
        "Failed starting connector, check log for details\njcli : "
    )
    assert "#con1                                started BOUND_TRX        1      0    \n" in (
        await typist.types("smppccm -l")
    )
    assert await typist.types("smppccm -0 con1") == (
        "Successfully stopped connector id:con1\njcli : "
    )


async def test_what_is_not_saved_does_not_start() -> None:
    fake, typist = _at_work()
    fake.admin.disk_is_full = True
    assert await typist.types("smppccm -1 con1") == (
        "Failed starting connector, check log for details\nNo space left on device\njcli : "
    )


# covers: W-MT-33
async def test_an_update_says_that_it_restarts_before_it_does() -> None:
    fake, typist = _at_work()
    await typist.types("smppccm -1 con1")
    heard: list[str] = []
    dialogue = MainDialogue(
        [smppccm_command(fake.office())], Visit(number=3, peer="a:1", say=heard.append)
    )
    for line in ("smppccm -u con1", "elink_interval 5", "ok"):
        said = await dialogue.take(line)
    assert (heard, said.text) == ([], "Successfully updated connector [con1]\njcli : ")
    for line in ("smppccm -u con1", "port 2776", "ok"):
        said = await dialogue.take(line)
    assert heard == ["Restarting connector [con1] for updates to take effect ...\n"]
    assert fake.admin.site.connectors[CID].port == 2776
    for line in ("smppccm -u con1", "port 2776", "ok"):
        await dialogue.take(line)
    for line in ("smppccm -u con1", "elink_interval 6", "ok"):
        await dialogue.take(line)
    assert len(heard) == 1


# covers: JCLI-21
async def test_mistakes_are_told_one_at_a_time_and_change_nothing() -> None:
    fake, typist = _at_work()
    said = await typist.types("smppccm -u con1", "cid x", "port x", "coding 99", "ok")
    assert said == (
        "Updating connector id [con1]: (ok: save, ko: exit)\n> "
        "Connector id can not be modified !\n> > > Error: port must be an integer\n> "
    )
    assert fake.admin.site.connectors == {CID: connector()}


async def test_our_own_keys_are_taken_and_shown_where_they_differ() -> None:
    _, typist = _at_work()
    assert (await typist.types("smppccm -s con1")).endswith("custom_tlvs none\njcli : ")
    await typist.types("smppccm -u con1", "window 1", "ok")
    assert (await typist.types("smppccm -s con1")).endswith("custom_tlvs none\nwindow 1\njcli : ")
