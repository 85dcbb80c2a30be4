"""An HTTP client of several threads, any of which may close it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx


class HttpClosed(Exception):  # noqa: N818 - read as a sentence: except HttpClosed
    """The client was closed before the request was made."""


class SharedHttp:
    """Lends an `httpx.Client`, and closes it when the last request under way has ended.

    Closed under a request, it would forget a connection that is only being made, and free a
    socket's number, for another file to get, while a thread reads from it.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._lock = threading.RLock()  # a forgotten stream may be collected under it
        self._borrowers = 0
        self.closed = threading.Event()

    @contextmanager
    def lent(self) -> Iterator[httpx.Client]:
        """The client for one request, or one stream. Raises HttpClosed after close()."""
        with self._lock:
            if self.closed.is_set():
                raise HttpClosed
            self._borrowers += 1
        try:
            yield self._client
        finally:
            with self._lock:
                self._borrowers -= 1
                self._close_unless_lent()

    def close(self) -> None:
        """Lend no more, without waiting for requests under way."""
        with self._lock:
            self.closed.set()
            self._close_unless_lent()

    def _close_unless_lent(self) -> None:
        if self.closed.is_set() and not self._borrowers:
            self._client.close()
