"""Asking a program's own HTTP server whether it answers."""

import http.client
import ssl
from urllib.parse import urlsplit

_ANSWER_S = 5.0


def answers(url: str) -> bool:
    """Whether the server at `url` gives any answer at all, within seconds.

    It is our own, on this machine, so with `https` nobody's certificate is looked at.
    """
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.netloc)
    try:
        connection.request("GET", parts.path or "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _connection(scheme: str, address: str) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(address, timeout=_ANSWER_S)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(address, timeout=_ANSWER_S, context=context)
