"""HTTP connections that look at nobody's certificate.

For a server of our own on this machine, and for answers that prove themselves: then neither a clock
nor whoever speaks HTTPS has to be trusted.
"""

import http.client
import ssl
from urllib.parse import urlsplit


def unverified(url: str, timeout_s: float) -> http.client.HTTPConnection:
    """A connection to the server of `url`, which waits `timeout_s` seconds for each of its words;
    it is opened by its first request. Raises ValueError or http.client.InvalidURL for no URL."""
    parts = urlsplit(url)
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(parts.netloc, timeout=timeout_s, context=context)
