"""A TCP line that can go dead without closing, as behind a pulled cable or a stalled process."""

import selectors
import socket
import threading
from contextlib import suppress


class DeadLine:
    """Passes everything on to a port of this machine until it is `cut`.

    What was connected then stays connected and never hears anything again, even after `mend`; what
    connects while it is cut is accepted and never answered.
    """

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.unanswered = 0
        self._ends: dict[socket.socket, socket.socket | None] = {}
        self._is_cut = False
        self._closing = False
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="line")
        self._thread.start()

    def cut(self) -> None:
        """From now on nothing passes, and nothing closes."""
        with self._turn:
            self._is_cut = True
            self._ends = dict.fromkeys(self._ends)

    def mend(self) -> None:
        """Whoever connects from now on is heard."""
        with self._turn:
            self._is_cut = False

    def close(self) -> None:
        """Close every connection."""
        self._closing = True
        self._thread.join()
        self._listener.close()
        for end in self._ends:
            end.close()

    def _run(self) -> None:
        while not self._closing:
            with self._turn, selectors.DefaultSelector() as selector:
                selector.register(self._listener, selectors.EVENT_READ)
                for end, other in self._ends.items():
                    if other is not None:
                        selector.register(end, selectors.EVENT_READ)
                for key, _ in selector.select(0.01):
                    if key.fileobj is self._listener:
                        self._accept()
                    elif isinstance(key.fileobj, socket.socket):
                        self._pass_on(key.fileobj)

    def _accept(self) -> None:
        near = self._listener.accept()[0]
        if self._is_cut:
            self._ends[near] = None
            self.unanswered += 1
            return
        try:
            far = socket.create_connection(self._to)
        except OSError:
            near.close()
            return
        self._ends[near], self._ends[far] = far, near

    def _pass_on(self, end: socket.socket) -> None:
        other = self._ends.get(end)
        if other is None:
            return
        try:
            data = end.recv(65536)
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            for closed in (end, other):
                self._ends.pop(closed)
                with suppress(OSError):
                    closed.close()
