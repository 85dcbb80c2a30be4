"""An address of this machine, had before anybody serves it."""

import socket

_BACKLOG = 128


class HttpAddress:
    """A TCP address that takes connections from now on; they wait until a server comes to them."""

    def __init__(self, host: str, port: int) -> None:
        """Bind it; port 0 takes a free one. Raises OSError when it cannot be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self.host: str
        self.port: int
        self.host, self.port = self.socket.getsockname()[:2]

    def url(self, scheme: str) -> str:
        """The address for clients on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    def close(self) -> None:
        """Give it back."""
        self.socket.close()
