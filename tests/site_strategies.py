"""Sites of any content, for round trips by Hypothesis."""

from typing import Any

from hypothesis import strategies as st

from jasmin_compat.gateway.connectors import SmppConnector
from jasmin_compat.gateway.credentials import (
    AUTHORIZATIONS,
    MtCredential,
    Quotas,
    SmppsCredential,
    ValueFilters,
)
from jasmin_compat.gateway.filters import (
    ConnectorFilter,
    DateIntervalFilter,
    DestinationAddrFilter,
    EvalPyFilter,
    Filter,
    GroupFilter,
    ShortMessageFilter,
    SourceAddrFilter,
    TagFilter,
    TimeIntervalFilter,
    TransparentFilter,
    UserFilter,
)
from jasmin_compat.gateway.http_connectors import HttpConnector
from jasmin_compat.gateway.interceptors import Interceptor
from jasmin_compat.gateway.routes import Route, Target
from jasmin_compat.gateway.site import Edit, Kind, Put, Site, apply
from jasmin_compat.gateway.tlv_rules import TYPES, TlvRule, tlv_rules_text
from jasmin_compat.gateway.users import Group, User

NAME_CHARS = "abcXYZ019_-"
NAMES = st.text(NAME_CHARS, min_size=1, max_size=15)
CIDS = st.text(NAME_CHARS, min_size=3, max_size=25)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
PATTERNS = st.sampled_from([".*", "^1", r"^\d+$", "[a-z]{2}|\u20ac", "yes", "07", "# x: 'y'"])
CODES = st.sampled_from(["pass", "", "result = True\n", "if x:\n\ty = '\u20ac'\n\n# end", "no"])
SECONDS = st.integers(0, 10**6) | st.floats(0, 10**6)


def wire_texts(max_chars: int) -> st.SearchStrategy[str]:
    ascii_texts = st.text(st.characters(min_codepoint=1, max_codepoint=126), max_size=max_chars)
    return ascii_texts.filter(lambda text: text.lower() != "none")


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


GROUPS = st.builds(Group, gid=NAMES, enabled=st.booleans())
AMOUNTS = st.floats(allow_nan=False).map(lambda amount: amount + 0.0)  # no -0.0
MT = st.builds(
    MtCredential,
    granted=st.frozensets(st.sampled_from(sorted(AUTHORIZATIONS))),
    value_filters=st.builds(
        ValueFilters,
        destination_address=PATTERNS,
        source_address=PATTERNS,
        priority=PATTERNS,
        validity_period=PATTERNS,
        content=PATTERNS,
    ),
    source_address=maybe(st.text("Ab 1+-", min_size=1).map(str.strip).filter(bool)),
    quotas=st.builds(
        Quotas,
        balance=maybe(AMOUNTS),
        early_decrement_balance_percent=maybe(st.floats(1, 100)),
        submit_sm_count=maybe(st.integers()),
        http_throughput=maybe(st.floats(0)),
        smpps_throughput=maybe(st.floats(0)),
    ),
)
SMPPS = st.builds(
    SmppsCredential,
    bind=st.booleans(),
    ip=st.sampled_from(["0.0.0.0/0", "10.0.0.1/8, ::1", "127.0.0.1"]),
    max_bindings=maybe(st.integers()),
)
USERS = st.builds(
    User,
    uid=NAMES,
    gid=NAMES,
    username=NAMES,
    password_md5=st.binary(min_size=16, max_size=16),
    enabled=st.booleans(),
    mt=MT,
    smpps=SMPPS,
)


def intervals(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=2, max_size=2, unique=True).map(sorted)


TIMES = st.times().map(lambda at: at.replace(microsecond=0))
BOTH_WAYS: st.SearchStrategy[Filter] = st.one_of(
    st.just(TransparentFilter()),
    st.builds(SourceAddrFilter, PATTERNS),
    st.builds(DestinationAddrFilter, PATTERNS),
    st.builds(ShortMessageFilter, PATTERNS),
    intervals(st.dates()).map(lambda days: DateIntervalFilter(*days)),
    intervals(TIMES).map(lambda times: TimeIntervalFilter(*times)),
    st.builds(EvalPyFilter, CODES),
    st.builds(TagFilter, st.sampled_from(["12", "vip", "-1", "yes"])),
)
MT_FILTERS: st.SearchStrategy[Filter] = st.one_of(
    BOTH_WAYS, st.builds(UserFilter, NAMES), st.builds(GroupFilter, NAMES)
)
MO_FILTERS: st.SearchStrategy[Filter] = BOTH_WAYS | st.builds(ConnectorFilter, CIDS)
FILTERS: st.SearchStrategy[Filter] = MT_FILTERS | MO_FILTERS

TLV_RULES = st.lists(
    st.builds(
        TlvRule,
        st.integers(0, 0xFFFF),
        st.sampled_from(TYPES),
        maybe(st.integers(1, 99)),
        st.booleans(),
    ),
    max_size=2,
).map(lambda rules: tlv_rules_text(tuple(rules)))
CONNECTORS = st.builds(
    SmppConnector,
    cid=CIDS,
    host=wire_texts(20),
    port=st.integers(1, 65535),
    username=wire_texts(15),
    log_rotate=st.sampled_from(["midnight", "W6", "H"]),
    password=wire_texts(16),
    system_type=wire_texts(12),
    log_file=maybe(wire_texts(20)),
    log_level=st.sampled_from([10, 20, 30, 40, 50]),
    log_privacy=st.booleans(),
    bind_timeout_s=SECONDS,
    addr_npi=st.sampled_from([0, 1, 18]),
    bind_operation=st.sampled_from(["transceiver", "transmitter", "receiver"]),
    source_addr=maybe(wire_texts(20)),
    protocol_id=maybe(st.integers(0, 255)),
    validity_period=maybe(wire_texts(5)),
    submit_throughput=st.integers(-5, 500) | st.floats(-5, 500),
    dlr_expiry_s=st.integers(0, 10**6),
    dlr_msgid=st.sampled_from([0, 1, 2]),
    reconnect_on_loss=st.booleans(),
    custom_tlvs=TLV_RULES,
    service_type=wire_texts(5),
    window=st.integers(1, 100),
    ssl=st.just(True),
    ssl_verify=st.booleans(),
)
HTTP_CONNECTORS = st.builds(
    HttpConnector,
    cid=CIDS,
    url=st.sampled_from(["http://localhost", "https://a.example.com:8080/x?y=%20#z"]),
    method=st.sampled_from(["GET", "post", "Post"]),
)


@st.composite
def routes(
    draw: st.DrawFn, targets: st.SearchStrategy[Target], filters: st.SearchStrategy[Filter]
) -> tuple[int, Route]:
    """An order and a route that may have it."""
    selection = draw(st.sampled_from(["default", "static", "random", "failover"]))
    one = selection in {"default", "static"}
    led = draw(st.lists(targets, min_size=1 if one else 2, max_size=1 if one else 3))
    if selection == "failover":
        led = [t for t in led if t.kind == led[0].kind] * 2
    order = 0 if selection == "default" else draw(st.integers(1, 10**6))
    kept = () if order == 0 else tuple(draw(st.lists(filters, max_size=2)))
    is_rated = led[0].kind == "smppc"
    rate = draw(st.floats(0, 10**6)) if is_rated else 0.0
    return order, Route(selection=selection, targets=tuple(led), filters=kept, rate=rate)


def interceptors(filters: st.SearchStrategy[Filter]) -> st.SearchStrategy[tuple[int, Interceptor]]:
    """An order and an interceptor that may have it."""
    default = CODES.map(lambda code: (0, Interceptor(selection="default", code=code)))
    made = st.builds(
        Interceptor,
        selection=st.just("static"),
        code=CODES,
        filters=st.lists(filters, max_size=2).map(tuple),
    )
    return default | st.tuples(st.integers(1, 10**6), made)


def _targets(kind: str, cids: list[str]) -> list[st.SearchStrategy[Any]]:
    return [st.sampled_from(cids).map(lambda cid: Target(kind, cid))] if cids else []  # type: ignore[arg-type]


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """A site in which everything named exists."""
    few = {"max_size": 3}
    edit: list[Any] = []
    groups = draw(st.lists(GROUPS, min_size=1, unique_by=lambda g: g.gid, **few))  # type: ignore[arg-type]
    edit += [Put(Kind.GROUP, g.gid, g) for g in groups]
    gids = st.sampled_from([g.gid for g in groups])
    users = st.lists(USERS, unique_by=(lambda u: u.uid, lambda u: u.username), **few)  # type: ignore[arg-type]
    for user in draw(users):
        member = User(**{f: getattr(user, f) for f in User.__slots__} | {"gid": draw(gids)})
        edit.append(Put(Kind.USER, user.uid, member))
    edit += [
        Put(Kind.FILTER, k, f) for k, f in draw(st.dictionaries(NAMES, FILTERS, **few)).items()
    ]  # type: ignore[arg-type]
    smppc = draw(st.lists(CONNECTORS, unique_by=lambda c: c.cid, **few))  # type: ignore[arg-type]
    for connector in smppc:
        edit.append(Put(Kind.CONNECTOR, connector.cid, connector))
        if draw(st.booleans()):
            edit.append(Put(Kind.STARTED, connector.cid, True))
    web = draw(st.lists(HTTP_CONNECTORS, unique_by=lambda c: c.cid, **few))  # type: ignore[arg-type]
    edit += [Put(Kind.HTTP_CONNECTOR, c.cid, c) for c in web]
    mo_targets = st.one_of(*_targets("http", [c.cid for c in web]), *_targets("smpps", ["esme1"]))
    edit += _rows(draw, Kind.MO_ROUTE, routes(mo_targets, MO_FILTERS))
    if smppc:
        mt_targets = st.one_of(*_targets("smppc", [c.cid for c in smppc]))
        edit += _rows(draw, Kind.MT_ROUTE, routes(mt_targets, MT_FILTERS))
    edit += _rows(draw, Kind.MO_INTERCEPTOR, interceptors(MO_FILTERS))
    edit += _rows(draw, Kind.MT_INTERCEPTOR, interceptors(MT_FILTERS))
    return apply(Site(), tuple(edit))


def _rows(draw: st.DrawFn, kind: Kind, rows: st.SearchStrategy[Any]) -> Edit:
    return tuple(Put(kind, order, row) for order, row in draw(st.lists(rows, max_size=3)))
