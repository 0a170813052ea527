"""HTTP client connectors: where MO messages are delivered (contract/jcli.md §10)."""

import re
from dataclasses import dataclass

from jasmin_compat.gateway.messages import CallbackMethod, ConnectorId
from jasmin_compat.gateway.unusable import Unusable


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConnector:
    """One receiver of MO messages."""

    cid: ConnectorId
    url: str
    method: str
    """As it was written, `get` or `GET`: the console shows it so."""

    @property
    def verb(self) -> CallbackMethod:
        """The method of its requests."""
        return "GET" if self.method.upper() == "GET" else "POST"


_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"(?:(?:{_LABEL}\.)+[a-z0-9-]{{2,}}\.?|localhost|[0-9.]+|\[?[0-9a-f]*:[0-9a-f:]+\]?)"
_URL = re.compile(rf"https?://{_HOST}(?::[0-9]+)?(?:[/?]\S*)?", re.IGNORECASE | re.ASCII)


def http_connector_from(*, cid: str, url: str, method: str) -> HttpConnector:
    """Of the console's three keys.

    Raises:
        Unusable
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{3,25}", cid):
        raise Unusable("HttpConnector cid syntax is invalid")
    if method.upper() not in {"GET", "POST"}:
        raise Unusable("HttpConnector method syntax is invalid, must be GET or POST")
    if not _URL.fullmatch(url):
        raise Unusable("HttpConnector url syntax is invalid")
    return HttpConnector(cid=ConnectorId(cid), url=url, method=method)
