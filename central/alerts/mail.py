"""E-mail over SMTP, never without TLS (RFC 8314; STARTTLS by RFC 3207)."""

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from central.alerts.message import Message
from central.alerts.sending import PATIENCE_S, SendError, read_secret
from central.alerts.settings import MailServer
from runtime.settings import SettingsError

_WHOLE_S = 60.0


class Mail:
    """Writes to one address through a server. Raises SettingsError for a password or an
    authority's certificate that cannot be read."""

    def __init__(self, server: MailServer, address: str) -> None:
        self._server = server
        self._address = address
        self._password = read_secret(server.password_file) if server.password_file else ""
        try:
            self._tls = ssl.create_default_context(cafile=server.ca_file)
        except OSError as error:
            raise SettingsError(f"{server.ca_file}: no certificate of an authority") from error

    def send(self, message: Message) -> None:
        """Hand over one e-mail. Raises SendError."""
        try:
            with self._open() as smtp:
                if self._server.user is not None:
                    smtp.login(self._server.user, self._password)
                smtp.send_message(self._letter(message))
        except smtplib.SMTPResponseException as error:
            raise SendError(f"{self._server.host}: answered {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise SendError(f"{self._server.host}: {type(error).__name__}") from error

    def _open(self) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        if self._server.security == "tls":
            return _BoundedSmtp(host, port, self._tls)
        smtp = _BoundedSmtp(host, port)
        try:
            smtp.starttls(context=self._tls)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _letter(self, message: Message) -> EmailMessage:
        """The same news has the same Message-ID, so that a mailbox shows it once."""
        letter = EmailMessage()
        letter["From"] = self._server.sender
        letter["To"] = self._address
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(datetime.fromtimestamp(message.at_ms // 1000, UTC))
        letter["Message-ID"] = f"<{message.id}@{self._server.sender.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text)
        return letter


class _BoundedSmtp(smtplib.SMTP):
    """A connection, over TLS from the first byte if `tls` is given, that is over a minute after it
    stood: no read of a server that drips is ever late, so the exchange as a whole has to be timed.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._first_tls = tls
        self._line: socket.socket | None = None
        self._ending = threading.Timer(_WHOLE_S, self._end)
        self._ending.daemon = True
        try:
            super().__init__(host, port, timeout=PATIENCE_S)
        except BaseException:
            self.close()
            raise

    def __exit__(self, *raised: Any) -> None:
        """Say goodbye and close; what the other side answers to that takes no letter back."""
        with suppress(smtplib.SMTPException):
            super().__exit__(*raised)

    def close(self) -> None:
        """Close the connection, and time it no more."""
        super().close()
        self._ending.cancel()
        if self._line is not None:
            self._ending.join()
            self._line.close()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = socket.create_connection((host, port), timeout)
        self._line = line.dup()  # which TLS does not take over
        self._ending.start()
        return self._first_tls.wrap_socket(line, server_hostname=host) if self._first_tls else line

    def _end(self) -> None:
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
