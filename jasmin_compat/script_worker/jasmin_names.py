"""The names of Jasmin that scripts use: the routable, its user, connectors (routing.md §1, §6)."""

from datetime import datetime
from typing import Any

from typing_extensions import override

from jasmin_compat.script_worker.smpp_names import PDURequest

API = "jasmin.routing.jasminApi"
ROUTABLES = "jasmin.routing.Routables"


class jasminApiCredentialError(Exception):
    """A credential has no such key."""


class InvalidRoutableParameterError(Exception):
    """A routable was made of something else than a PDU and its user."""


class InvalidTagError(Exception):
    """A tag that is neither text nor number."""


class TagNotFoundError(Exception):
    """A tag the message does not carry."""


class InvalidLockError(Exception):
    """A param the PDU does not have."""


# ---------------------------------------------------------------- accounts


class Credential:
    """Reading only: what a script changes here, nobody takes over."""

    authorizations: dict[str, Any]
    value_filters: dict[str, Any]
    defaults: dict[str, Any]
    quotas: dict[str, Any]

    def getAuthorization(self, key: str) -> Any:
        return self._get("authorizations", key)

    def getValueFilter(self, key: str) -> Any:
        return self._get("value_filters", key)

    def getDefaultValue(self, key: str) -> Any:
        return self._get("defaults", key)

    def getQuota(self, key: str) -> Any:
        return self._get("quotas", key)

    def _get(self, table: str, key: str) -> Any:
        values = vars(self).get(table, {})
        if key not in values:
            raise jasminApiCredentialError(f"{key} is not one of {', '.join(values)}")
        return values[key]


class MtMessagingCredential(Credential):
    """Of messages to mobiles."""


class SmppsCredential(Credential):
    """Of binds."""


class Group:
    """Of users."""

    def __init__(self, gid: str) -> None:
        self.gid = gid
        self.enabled = True

    @override
    def __str__(self) -> str:
        return self.gid


class User:
    """The sender; its password's digest is zeros."""

    uid: str
    group: Group
    enabled: bool
    username: str
    mt_credential: MtMessagingCredential
    smpps_credential: SmppsCredential

    @override
    def __str__(self) -> str:
        return self.username


# ---------------------------------------------------------------- connectors


class Connector:
    """Where a message came by."""

    _type = "generic"
    _str = "Generic Connector"

    def __init__(self, cid: str) -> None:
        self.cid = cid

    @override
    def __str__(self) -> str:
        return f"{self._str}:\ncid = {self.cid}"

    @override
    def __repr__(self) -> str:
        return f"<{type(self).__name__} (cid={self.cid})>"


class SmppClientConnector(Connector):
    """To an SMSC."""

    _type = "smppc"
    _str = "Smpp Client Connector"


class SmppServerSystemIdConnector(Connector):
    """An SMPP sender."""

    _type = "smpps"
    _str = "Smpp Server Connector"


# ---------------------------------------------------------------- routables


class Routable:
    """A message on its way, as filters and scripts see it."""

    pdu: Any
    datetime: datetime

    def __init__(self) -> None:
        self.flushTags()

    def addTag(self, tag: Any) -> None:
        self._tags.append(_text_of(tag))

    def hasTag(self, tag: Any) -> bool:
        return _text_of(tag) in self._tags

    def getTags(self) -> list[str]:
        return self._tags

    def removeTag(self, tag: Any) -> None:
        if _text_of(tag) not in self._tags:
            raise TagNotFoundError(f"Trying to remove non existent tag: {tag}")
        self._tags.remove(_text_of(tag))

    def flushTags(self) -> None:
        self._tags: list[str] = []

    def getTlvParam(self, param_name: str, default: Any = None) -> Any:
        return self.pdu.params.get(param_name, default)

    def setTlvParam(self, param_name: str, value: Any) -> None:
        self.pdu.params[param_name] = value

    def getCustomTlvs(self) -> list[Any]:
        custom: list[Any] = self.pdu.custom_tlvs
        return custom

    def addCustomTlv(
        self, tag: Any, value_type: Any, value: Any, length: int | None = None
    ) -> None:
        self.pdu.custom_tlvs.append((tag, length, value_type, value))


def _text_of(tag: object) -> str:
    if not isinstance(tag, int | str):
        raise InvalidTagError(f"Non int or str tag given: ({type(tag)}):{tag}")
    return str(tag)


class RoutableSubmitSm(Routable):
    """To a mobile."""

    def __init__(self, PDU: Any, user: Any, date_time: datetime | None = None) -> None:
        super().__init__()
        _check(PDU, PDURequest, "PDU is not an instance of PDURequest")
        _check(user, User, "user is not an instance of jasmin.routing.jasminApi.User")
        self.pdu = PDU
        self.user = user
        self.datetime = date_time or datetime.now()  # local, as Jasmin's
        self.flushPduLocks()

    def lockPduParam(self, param: str) -> None:
        self._check_lock(param)
        self._pdu_locks.append(param)

    def pduParamIsLocked(self, param: str) -> bool:
        self._check_lock(param)
        return param in self._pdu_locks

    def flushPduLocks(self) -> None:
        self._pdu_locks: list[str] = []

    def _check_lock(self, param: str) -> None:
        if param not in self.pdu.params:
            raise InvalidLockError(f"Invalid locking param: {param}")


class RoutableDeliverSm(Routable):
    """From a mobile."""

    def __init__(self, PDU: Any, connector: Any, date_time: datetime | None = None) -> None:
        super().__init__()
        _check(PDU, PDURequest, "PDU is not an instance of PDURequest")
        _check(connector, Connector, "connector is not an instance of Connector")
        self.pdu = PDU
        self.connector = connector
        self.datetime = date_time or datetime.now()  # local, as Jasmin's


def _check(value: object, wanted: type, why: str) -> None:
    if not isinstance(value, wanted):
        raise InvalidRoutableParameterError(why)


OF_API = {
    made.__name__: made
    for made in (
        *(jasminApiCredentialError, MtMessagingCredential, SmppsCredential, Group, User),
        *(Connector, SmppClientConnector, SmppServerSystemIdConnector),
    )
}
OF_ROUTABLES = {
    made.__name__: made
    for made in (
        *(InvalidRoutableParameterError, InvalidTagError, TagNotFoundError, InvalidLockError),
        *(Routable, RoutableSubmitSm, RoutableDeliverSm),
    )
}
for module, names in ((API, OF_API), (ROUTABLES, OF_ROUTABLES)):
    for made in names.values():
        made.__module__ = module
