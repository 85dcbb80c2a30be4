"""What a person in front of a virtual machine has: its keyboard, screen and loudspeaker.

Keyboard and screen are QEMU's own port (QEMU Machine Protocol); the loudspeaker is a file.
"""

import array
import json
import socket
from pathlib import Path
from typing import Any

_ANSWER_S = 60.0
_KEYS = {"\n": "ret"}
_HEADER_BYTES = 44
_FRAME_BYTES = 4


class Front:
    """The front of the machine whose port is the socket `qmp` and whose sound goes to `heard`."""

    def __init__(self, qmp: Path, heard: Path) -> None:
        self.qmp = qmp
        self.heard = heard

    def type(self, text: str) -> None:
        """Press one key after the other: small letters, digits, and Enter as a line's end."""
        for letter in text:
            self._ask("send-key", keys=[{"type": "qcode", "data": _KEYS.get(letter, letter)}])

    def picture(self, path: Path) -> None:
        """Leave what the screen shows now at `path`, as a PNG."""
        self._ask("screendump", filename=str(path), format="png")

    def loudest(self) -> int:
        """The largest sample since the machine has power, of 32767."""
        sound = self.heard.read_bytes()[_HEADER_BYTES:]
        samples = array.array("h", sound[: len(sound) // _FRAME_BYTES * _FRAME_BYTES])
        return max(map(abs, samples), default=0)

    def _ask(self, command: str, **arguments: Any) -> None:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(_ANSWER_S)
            line.connect(str(self.qmp))
            with line.makefile("rw", encoding="utf-8") as talk:
                for order in (
                    {"execute": "qmp_capabilities"},
                    {"execute": command, "arguments": arguments},
                ):
                    talk.write(f"{json.dumps(order)}\n")
                    talk.flush()
                    answer: dict[str, Any] = {}
                    while not answer.keys() & {"return", "error"}:  # a greeting, or an event
                        answer = json.loads(talk.readline())
                    assert "error" not in answer, answer
