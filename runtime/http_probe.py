"""Asking a program's own HTTP server whether it answers."""

import http.client
from urllib.parse import urlsplit

from runtime.http_unverified import unverified

_ANSWER_S = 5.0


def answers(url: str) -> bool:
    """Whether the server at `url`, on this machine, gives any answer at all, within seconds."""
    connection = unverified(url, _ANSWER_S)
    try:
        connection.request("GET", urlsplit(url).path or "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
