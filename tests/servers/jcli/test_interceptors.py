"""Interceptors at the console: their source is read once, and has to compile."""

from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.servers.jcli.interceptors import MO_INTERCEPTOR
from jasmin_compat.servers.jcli.rows import rows_command
from tests.servers.jcli.offices import FakeOffice, Typist


# covers: JCLI-16
async def test_a_script_is_read_from_where_it_is_said_to_be() -> None:
    fake = FakeOffice(sources={"http://x/mo.py": "a = 1\n", "/bad.py": "def (:\n"})
    typist = Typist(rows_command(MO_INTERCEPTOR, fake.office()))
    await typist.types("mointerceptor -a", "type DefaultInterceptor")
    assert await typist.types("script /mo.py", "script python3(/gone)") == (
        "Invalid syntax for script, must be python3(/path/to/script).\n> [IO]: no /gone\n> "
    )
    assert await typist.types("script python3(/bad.py)") == (
        "[Syntax]: invalid syntax (, line 1)\n> "
    )
    assert await typist.types("script python3(http://x/mo.py)", "ok") == (
        "> Successfully added MOInterceptor [DefaultInterceptor] with order:0\njcli : "
    )
    made = Interceptor(selection="default", code="a = 1\n")
    assert fake.admin.site.mo_interceptors == {0: made}
