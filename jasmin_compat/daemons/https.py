"""HTTPS of a listening port, where its section names a certificate."""

import ssl
from typing import Protocol

from jasmin_compat.daemons.frame import CannotStart, Frame
from jasmin_compat.servers.certificate import BadCertificate, Certificate


class Section(Protocol):
    """[http-api] or [rest-api]."""

    @property
    def tls_cert(self) -> str | None: ...
    @property
    def tls_key(self) -> str | None: ...


def https(frame: Frame, section: Section, *, part: str) -> ssl.SSLContext | None:
    """None for plain HTTP; SIGHUP has the certificate read again.

    Raises: CannotStart.
    """
    if section.tls_cert is None or section.tls_key is None:
        return None
    try:
        certificate = Certificate(section.tls_cert, section.tls_key)
    except BadCertificate as reason:
        raise CannotStart(part, reason) from reason

    def read_again() -> None:
        try:
            certificate.read_again()
        except BadCertificate as reason:
            frame.say.warning(f"{part} keeps its certificate: {reason}")
        else:
            frame.say.told(f"{part} has read its certificate again.")

    frame.at_hangup.append(read_again)
    return certificate.context
