"""An address of this machine, had before anybody serves it."""

import socket
import ssl
from pathlib import Path

_BACKLOG = 128


class HttpAddress:
    """A TCP address that takes connections from now on; they wait until a server comes to them.

    With `certificate`, a file of key and chain (PEM), it is one of HTTPS.
    """

    def __init__(self, host: str, port: int, certificate: Path | None = None) -> None:
        """Bind it; port 0 takes a free one. Raises OSError when it cannot be had, or the
        certificate not used."""
        self.certificate = certificate
        self.check_certificate()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self.host: str
        self.port: int
        self.host, self.port = self.socket.getsockname()[:2]

    @property
    def url(self) -> str:
        """The address for clients on this machine."""
        scheme = "http" if self.certificate is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    def check_certificate(self) -> None:
        """Raises OSError when what the certificate's file holds now cannot be used."""
        if self.certificate is None:
            return
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate)
        except OSError as error:
            raise OSError(f"{self.certificate} cannot be used: {error}") from error

    def close(self) -> None:
        """Give it back."""
        self.socket.close()
