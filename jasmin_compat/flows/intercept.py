"""Have an interceptor see a message before it is routed: routing.md §6, http-api.md §8."""

from datetime import datetime

from jasmin_compat.flows.search import search_mt
from jasmin_compat.gateway.interceptors import Statuses
from jasmin_compat.gateway.messages import MtRoutable
from jasmin_compat.gateway.refusals import (
    Intercepted,
    InterceptionFailed,
    InterceptorAway,
    InterceptorNotSet,
)
from jasmin_compat.gateway.site import Site
from jasmin_compat.ports import ScriptFailed, Scripts, ScriptsAway


async def intercept_mt(
    routable: MtRoutable, site: Site, scripts: Scripts, *, is_enabled: bool, at: datetime
) -> MtRoutable | None:
    """The message as the script leaves it; None where no interceptor is for it.

    Raises:
        InterceptorNotSet: one is, and scripts are not run here.
        InterceptorAway, InterceptionFailed, Intercepted, Malformed.
    """
    if not site.mt_interceptors:
        return None
    interceptor = await search_mt(site.mt_interceptors, routable, scripts, at=at)
    if interceptor is None:
        return None
    if not is_enabled:
        raise InterceptorNotSet
    try:
        result = await scripts.intercept(interceptor.code, routable, at=at)
    except ScriptsAway as error:
        raise InterceptorAway from error
    except ScriptFailed as error:
        raise InterceptionFailed from error
    if isinstance(result, Statuses):
        raise Intercepted(result)
    return result
