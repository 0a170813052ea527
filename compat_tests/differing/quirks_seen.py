"""Which differences between Jasmin's answer and ours have a line in QUIRKS.md."""

from collections.abc import Callable

from compat_tests.differing.gateways import CLOSED, NO_ANSWER, Seen
from compat_tests.differing.requests import Request, octets_of

ADDRESS_OCTETS = 20
LINE_OCTETS = 16_384
FORBIDDEN = 403
"""Too fast, or not paid: ours has refused before."""

Named = Callable[[Request, Seen, Seen], bool]
"""Whether a difference is this one: the request, what Jasmin made of it, what ours did."""


def _sent_by_ours_only(theirs: Seen, ours: Seen) -> bool:
    """The same answer, but Jasmin's message never arrived."""
    same = (theirs.status_line, theirs.headers, theirs.body) == (
        ours.status_line,
        ours.headers,
        ours.body,
    )
    return same and not theirs.submits and bool(ours.submits)


def _tenths(request: Request, theirs: Seen, ours: Seen) -> bool:
    return request.of("validity-period") is not None and _sent_by_ours_only(theirs, ours)


def _lost(theirs: Seen) -> bool:
    return theirs.status == 200 and not theirs.submits


def _addresses(request: Request) -> list[bytes]:
    return [octets_of(request.of(name)) for name in ("to", "from") if request.of(name) is not None]


def _long_address(request: Request, theirs: Seen, ours: Seen) -> bool:
    too_long = any(len(address) > ADDRESS_OCTETS for address in _addresses(request))
    told = _refused(ours, b"address is longer than 20 octets.")
    return too_long and told and (_lost(theirs) or theirs.status == FORBIDDEN)


def _number_as_sender(request: Request, theirs: Seen, ours: Seen) -> bool:
    return isinstance(request.of("from"), int | float) and _sent_by_ours_only(theirs, ours)


def _no_sender(request: Request, theirs: Seen, ours: Seen) -> bool:
    is_odd = isinstance(request.of("from"), list | dict)
    return is_odd and _lost(theirs) and _refused(ours, b"neither text nor a number.")


def _nul_in_address(request: Request, theirs: Seen, ours: Seen) -> bool:
    has_nul = any(b"\0" in address for address in _addresses(request))
    told = _refused(ours, b"address has a NUL octet.")
    return has_nul and told and theirs.status in {200, FORBIDDEN}


def _refused(ours: Seen, text: bytes) -> bool:
    """By 400; a HEAD has no text."""
    return ours.status == 400 and (text in ours.body or not ours.body)


def _never_answered(request: Request, theirs: Seen, ours: Seen) -> bool:
    """Content of a JSON type that has no octets, in a coding that is not converted."""
    odd = [value for _, value in request.arguments if not isinstance(value, str | bytes)]
    return theirs == NO_ANSWER and bool(odd) and ours.status >= 400


def _no_json(request: Request, theirs: Seen, ours: Seen) -> bool:
    """An answer in JSON that would show octets which are no UTF-8."""
    octets = [value for _, value in request.arguments if isinstance(value, bytes)]
    is_json = request.path in {"/rate", "/balance"}
    broke = theirs.status == 500 and (b"Processing Failed" in theirs.body or not theirs.body)
    return is_json and bool(octets) and broke and ours.status == 400


def _another_fault(request: Request, theirs: Seen, ours: Seen) -> bool:
    """Both refuse a request with an odd JSON type."""
    odd = [value for _, value in request.arguments if not isinstance(value, str | bytes)]
    return bool(odd) and theirs.status >= 400 and ours.status >= 400


def _url_without_octets(request: Request, theirs: Seen, ours: Seen) -> bool:
    is_odd = isinstance(request.of("dlr-url"), list | dict)
    return is_odd and _refused(ours, b"Argument [dlr-url] has an invalid value")


def _long_line(request: Request, theirs: Seen, ours: Seen) -> bool:
    """Beyond Twisted's bound the connection is closed without a word."""
    line = request.octets.partition(b"\r\n")[0]
    return len(line) > LINE_OCTETS and theirs == CLOSED and ours.status == 400


QUIRKS: dict[str, tuple[Named, ...]] = {
    "Q19": (_tenths,),
    "Q22": (_long_address, _number_as_sender, _no_sender),
    "Q23": (_nul_in_address,),
    "Q140": (_never_answered,),
    "Q141": (_no_json,),
    "Q143": (_url_without_octets,),
    "Q142": (_another_fault,),
    "Q144": (_long_line,),
}


def name_of(request: Request, theirs: Seen, ours: Seen) -> str | None:
    """The number of the quirk that this difference is."""
    named = (n for n, tests in QUIRKS.items() if any(t(request, theirs, ours) for t in tests))
    return next(named, None)
