"""Every command of the console, in the order `help` lists them."""

from jasmin_compat.servers.jcli.console import Command
from jasmin_compat.servers.jcli.filters import filter_command
from jasmin_compat.servers.jcli.groups import group_command
from jasmin_compat.servers.jcli.http_connectors import httpccm_command
from jasmin_compat.servers.jcli.interceptors import MO_INTERCEPTOR, MT_INTERCEPTOR
from jasmin_compat.servers.jcli.office import Office
from jasmin_compat.servers.jcli.profiles import load_command, persist_command
from jasmin_compat.servers.jcli.routers import MO_ROUTER, MT_ROUTER
from jasmin_compat.servers.jcli.rows import rows_command
from jasmin_compat.servers.jcli.smpp_connectors import smppccm_command
from jasmin_compat.servers.jcli.stats import stats_command
from jasmin_compat.servers.jcli.users import user_command


def commands(office: Office) -> tuple[Command, ...]:
    return (
        persist_command(office),
        load_command(office),
        user_command(office),
        group_command(office),
        filter_command(office),
        rows_command(MO_INTERCEPTOR, office),
        rows_command(MT_INTERCEPTOR, office),
        rows_command(MO_ROUTER, office),
        rows_command(MT_ROUTER, office),
        smppccm_command(office),
        httpccm_command(office),
        stats_command(office),
    )
