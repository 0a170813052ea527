"""How much a site holds, for people to see at a glance."""

from jasmin_compat.gateway.site import Kind, Site

_WORDS = {
    Kind.GROUP: "groups",
    Kind.USER: "users",
    Kind.FILTER: "filters",
    Kind.CONNECTOR: "SMPP connectors",
    Kind.HTTP_CONNECTOR: "HTTP connectors",
    Kind.MT_ROUTE: "MT routes",
    Kind.MO_ROUTE: "MO routes",
    Kind.MT_INTERCEPTOR: "MT interceptors",
    Kind.MO_INTERCEPTOR: "MO interceptors",
}


def site_counts(site: Site) -> str:
    """Of each table, empty ones too: a 0 is what somebody looks for."""
    counts = [f"{len(getattr(site, kind.value))} {words}" for kind, words in _WORDS.items()]
    counts[list(_WORDS).index(Kind.CONNECTOR)] += f" ({len(site.started)} to start)"
    return ", ".join(counts)
