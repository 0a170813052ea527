"""Find the row of a table for a message, the operator's own code asked where a filter is such."""

from collections.abc import Mapping
from datetime import datetime

from jasmin_compat.gateway.filters import EvalPyFilter
from jasmin_compat.gateway.messages import MtRoutable
from jasmin_compat.gateway.refusals import Malformed
from jasmin_compat.gateway.routes import mt_facts
from jasmin_compat.gateway.search import Ask, R, search
from jasmin_compat.ports import ScriptFailed, Scripts, ScriptsAway


async def search_mt(
    table: Mapping[int, R], routable: MtRoutable, scripts: Scripts, *, at: datetime
) -> R | None:
    """The first row for the message; `at` is naive local time.

    Raises:
        Malformed: code of a filter failed, or could not be run; Jasmin calls it an unknown error.
    """
    facts = mt_facts(routable, at=at)
    found = search(table, facts)
    decided: dict[EvalPyFilter, bool] = {}
    while isinstance(found, Ask):
        try:
            decided[found.filter] = await scripts.evaluate(found.filter.code, routable, at=at)
        except (ScriptFailed, ScriptsAway) as error:
            raise Malformed(str(error)) from error
        found = search(table, facts, decided)
    return None if found is None else found[1]
