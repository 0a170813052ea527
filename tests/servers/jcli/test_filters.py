"""`filter`: what one session makes, all see; code is read once."""

from jasmin_compat.gateway.filters import EvalPyFilter, UserFilter
from jasmin_compat.servers.jcli.filters import filter_command
from tests.servers.jcli.offices import FakeOffice, Typist

OPENED = "Adding a new Filter: (ok: save, ko: exit)\n> "


# covers: JCLI-13 W-CFG-03
async def test_a_filter_is_seen_by_all_sessions() -> None:
    fake = FakeOffice()
    typist, other = Typist(filter_command(fake.office())), Typist(filter_command(fake.office()))
    await typist.types("filter -a", "fid f1", "type userfilter", "uid u1", "ok")
    assert fake.admin.site.filters == {"f1": UserFilter("u1")}
    assert await other.types("filter -s f1") == "UserFilter:\nuid = u1\njcli : "


# covers: JCLI-21
async def test_some_values_are_refused_at_once_and_some_with_the_filter() -> None:
    typist = Typist(filter_command(FakeOffice().office()))
    said = await typist.types("filter -a", "fid f1", "type SourceAddrFilter", "source_addr [")
    assert said.endswith("source_addr option is not a valid regular expression\n> ")
    assert (await typist.types("type UserFilter", "uid a b", "ok")).endswith(
        "> > Error: User uid syntax is invalid\n> "
    )


async def test_code_is_read_when_it_is_named_and_has_to_compile() -> None:
    fake = FakeOffice(sources={"/ok.py": "result = True\n", "/bad.py": "def (:\n"})
    typist = Typist(filter_command(fake.office()))
    await typist.types("filter -a", "fid f1", "type EvalPyFilter")
    assert await typist.types("pyCode /gone.py") == "[IO]: no /gone.py\n> "
    assert await typist.types("pyCode /bad.py") == "[Syntax]: invalid syntax (, line 1)\n> "
    await typist.types("pyCode /ok.py")
    fake.sources["/ok.py"] = "result = False\n"
    await typist.types("ok")
    assert fake.admin.site.filters == {"f1": EvalPyFilter("result = True\n")}
