"""Running commands in a virtual machine through QEMU's guest agent, which needs no network."""

import base64
import json
import socket
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

_ANSWER_S = 60.0
_LOOK_S = 0.1


class GuestSilentError(Exception):
    """The machine does not answer."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command's end; `output` holds its error output as well."""

    code: int
    output: str


class GuestAgent:
    """The agent of the machine whose virtio port is the socket at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line: socket.socket | None = None
        self._heard = b""
        self._numbers = count(1)

    def answers(self) -> bool:
        """Whether the agent is there now; a machine that starts has none for a while."""
        try:
            number = next(self._numbers)
            # 0xff ends what an agent before it had half read.
            self._send({"execute": "guest-sync-delimited", "arguments": {"id": number}}, b"\xff")
            while self._receive() != {"return": number}:
                pass  # an answer to who asked before
        except (OSError, GuestSilentError):
            return False
        return True

    def run(self, command: str, given: str = "", timeout_s: float = 60.0) -> Finished:
        """Run `command` in a shell, as root. Raises GuestSilentError past `timeout_s`."""
        arguments: dict[str, Any] = {
            "path": "/bin/sh",
            "arg": ["-c", f"exec 2>&1; {command}"],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG=C.UTF-8"],
            "capture-output": True,
            "input-data": base64.b64encode(given.encode()).decode(),
        }
        process = self._ask("guest-exec", arguments)["pid"]
        until_s = time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            state = self._ask("guest-exec-status", {"pid": process})
            if state["exited"]:
                output = base64.b64decode(state.get("out-data", "")).decode("utf-8", "replace")
                return Finished(state.get("exitcode", -1), output.strip())
            time.sleep(_LOOK_S)
        raise GuestSilentError(f"{command!r} took more than {timeout_s:g} s")

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _ask(self, command: str, arguments: dict[str, Any]) -> Any:
        number = next(self._numbers)
        self._send({"execute": command, "arguments": arguments, "id": number})
        while (answer := self._receive()).get("id") != number:
            pass  # an answer that came too late
        if "return" not in answer:
            raise GuestSilentError(f"{command}: {answer}")
        return answer["return"]

    def _send(self, order: dict[str, Any], before: bytes = b"") -> None:
        if self._line is None:
            self._line, self._heard = _connected(self._path), b""
        self._line.sendall(before + json.dumps(order).encode() + b"\n")

    def _receive(self) -> dict[str, Any]:
        assert self._line is not None
        while b"\n" not in self._heard:
            part = self._line.recv(65_536)
            if not part:
                raise GuestSilentError("the machine is off")
            self._heard += part
        said, _, self._heard = self._heard.partition(b"\n")
        answer: dict[str, Any] = json.loads(said.lstrip(b"\xff"))
        return answer


def _connected(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(_ANSWER_S)
        line.connect(str(path))
    except OSError:
        line.close()
        raise
    return line
