"""Scripts where no process is to run any."""

from datetime import datetime

from jasmin_compat.gateway.interceptors import Statuses
from jasmin_compat.gateway.messages import MtRoutable
from jasmin_compat.ports import ScriptsAway

_WHY = "no script workers are set up"


class NoScripts:
    """ports.Scripts."""

    async def evaluate(self, code: str, routable: MtRoutable, *, at: datetime) -> bool:
        raise ScriptsAway(_WHY)

    async def intercept(
        self, code: str, routable: MtRoutable, *, at: datetime
    ) -> MtRoutable | Statuses:
        raise ScriptsAway(_WHY)
