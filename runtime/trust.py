"""Trust in a server of ours by its certificate, on machines whose clock may be wrong.

OpenSSL would judge a certificate's dates by the machine's clock, and a Pi that starts in 1970, or
at a site whose network lets no time through, would be locked out for ever. So OpenSSL checks
everything but dates, and the dates are checked here, before anything is sent: by the clock where
it is synchronised, else by the newest time that is certain: when our own certificate was made.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from cryptography import x509

from contract.stamp import Stamp
from runtime.clock import Clock
from runtime.settings import SettingsError

_HANDSHAKE_S = 30.0
_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of X509_VERIFY_PARAM_set_flags(3), which module ssl does not name."""


class DatesWrong(OSError):  # noqa: N818 - what is wrong are the dates
    """The server's certificate is over, or not valid yet."""


_NOT_TRUSTED = (ssl.SSLCertVerificationError, DatesWrong)


def client_context(
    ca_file: Path, cert_file: Path | None, key_file: Path | None, wall_clock: Clock
) -> ssl.SSLContext:
    """A context that trusts only `ca_file`, checks the host's name, and dates by `check_dates`.

    Raises OSError for files that are missing or cannot be used.
    """
    context = _ContextWithDates(cert_file, wall_clock)
    with _named(ca_file):
        context.load_verify_locations(ca_file)
    if cert_file is not None:
        with _named(cert_file):
            context.load_cert_chain(cert_file, key_file)
    return context


def context_beside_system(ca_file: Path | None, wall_clock: Clock) -> ssl.SSLContext:
    """A context that trusts whom the system does, and `ca_file` where one is named, checks the
    host's name, and dates by `check_dates`, which are not looked at while the clock is not
    synchronised.

    Raises OSError for a file that is missing or cannot be used.
    """
    context = _ContextWithDates(None, wall_clock)
    context.load_default_certs()
    if ca_file is not None:
        with _named(ca_file):
            context.load_verify_locations(ca_file)
    return context


def trust_in(url: str, ca_file: Path | None, wall_clock: Clock) -> ssl.SSLContext | bool:
    """Whom a client of `url` trusts: only `ca_file` where one is named, else whom the system does.

    Raises SettingsError for a `ca_file` with a `url` that is not https, OSError for one of no use.
    """
    if ca_file is None:
        return True
    if not url.startswith("https://"):
        raise SettingsError(f"hub = {url!r}: with ca_file it must begin with https://")
    return client_context(ca_file, None, None, wall_clock)


def check_dates(server: bytes | None, own_file: Path | None, now: Stamp) -> None:
    """Raise DatesWrong unless the certificate `server` (DER) is valid now, as far as can be told.

    `own_file` is our own certificate (PEM). Raises OSError and ValueError when that is unreadable.
    """
    if server is None:
        raise DatesWrong("the server has shown no certificate")
    shown = x509.load_der_x509_certificate(server)
    certain = datetime.fromtimestamp(now.wall_ms / 1000, UTC) if now.synced else _made(own_file)
    if certain is None:
        return
    if now.synced and certain < shown.not_valid_before_utc:
        raise DatesWrong(f"the server's certificate begins at {shown.not_valid_before_utc}")
    if certain > shown.not_valid_after_utc:
        raise DatesWrong(f"the server's certificate was over at {shown.not_valid_after_utc}")


def distrust(error: BaseException) -> BaseException | None:
    """Why the server was not trusted, if that is behind `error`; None for every other failure."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, _NOT_TRUSTED):
        cause = cause.__cause__ or cause.__context__
    return cause


def certificate_fault(error: BaseException) -> str:
    """What is wrong with the server's certificate, in the words of TLS; empty for nothing."""
    found = distrust(error)
    if isinstance(found, ssl.SSLCertVerificationError):
        return found.verify_message
    return "" if found is None else str(found)


class _ContextWithDates(ssl.SSLContext):
    """Hands out no socket before the server's dates are checked, and leaves none open that fails.

    (paho-mqtt 2.2 does, after a handshake that fails.)
    """

    own_file: Path | None
    wall_clock: Clock

    def __new__(cls, own_file: Path | None, wall_clock: Clock) -> Self:
        """One that trusts nobody yet, and looks at no dates but by `check_dates`."""
        context = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        context.own_file, context.wall_clock = own_file, wall_clock
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_flags = ssl.VerifyFlags(context.verify_flags | _NO_CHECK_TIME)
        return context

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        """As in the ssl module, with the handshake done."""
        sock.settimeout(min(_HANDSHAKE_S, sock.gettimeout() or _HANDSHAKE_S))
        wrapped = super().wrap_socket(sock, *args, **options)
        try:
            wrapped.do_handshake()
            check_dates(wrapped.getpeercert(True), self.own_file, self.wall_clock.stamp())
        except BaseException:
            wrapped.close()
            raise
        return wrapped


def _made(own_file: Path | None) -> datetime | None:
    if own_file is None:
        return None
    return x509.load_pem_x509_certificate(own_file.read_bytes()).not_valid_before_utc


@contextmanager
def _named(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(f"{file} cannot be used: {error.strerror or error}") from error
