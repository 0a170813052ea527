"""The certificate our HTTPS shows: TLS 1.2 at least, read again without a restart."""

import ssl
from typing import Final


class BadCertificate(Exception):
    """The files cannot be read, or are no certificate with its key."""


class Certificate:
    """Made of two PEM files, that of the certificate with its chain; they may be one."""

    def __init__(self, cert: str, key: str) -> None:
        """Raises: BadCertificate."""
        self._cert = cert
        self._key = key
        self.context: Final = self._read()

    def read_again(self) -> None:
        """New connections are shown what is in the files now; nothing changes if that is bad.

        Raises: BadCertificate.
        """
        self._read()  # what is half good would spoil the context in use
        _load(self.context, self._cert, self._key)

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        _load(context, self._cert, self._key)
        return context


def _load(context: ssl.SSLContext, cert: str, key: str) -> None:
    try:
        context.load_cert_chain(cert, key, password=lambda: "")  # asks nobody at the terminal
    except ssl.SSLError as error:
        raise BadCertificate(f"{cert}, {key}: {error.reason or 'no PEM, or encrypted'}") from error
    except OSError as error:
        raise BadCertificate(f"{cert}, {key}: {error.strerror}") from error
