"""Asking a program's own HTTP server whether it answers."""

import http.client
from urllib.parse import urlsplit

_ANSWER_S = 5.0


def answers(url: str) -> bool:
    """Whether the server at `url` gives any answer at all, within seconds."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_ANSWER_S)
    try:
        connection.request("GET", parts.path or "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
