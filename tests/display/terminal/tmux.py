"""A real terminal: one window of tmux."""

import os
import subprocess
from pathlib import Path

from tests.waiting import until


class Tmux:
    """One window of a tmux server of our own."""

    def __init__(self, folder: Path, columns: int, rows: int, terminal: str, command: str) -> None:
        self._socket = str(folder / "tmux")
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        configuration = folder / "tmux.conf"
        configuration.write_text(f'set -g default-terminal "{terminal}"\n', "utf-8")
        size = ("-x", str(columns), "-y", str(rows))
        subprocess.run(
            ("tmux", "-S", self._socket, "-f", configuration, "new-session", "-d", *size, command),
            env=environment,
            check=True,
        )

    def press(self, *keys: str) -> None:
        """Press keys, named as tmux does."""
        self._tmux("send-keys", *keys)

    def shows(self, *words: str) -> None:
        """Wait until all these words are on the screen."""
        until(lambda: all(word in self.screen() for word in words), 20)

    def screen(self) -> str:
        """What the window shows."""
        return self._tmux("capture-pane", "-p")

    def close(self) -> None:
        """End the program and the server."""
        subprocess.run(("tmux", "-S", self._socket, "kill-server"), check=False)

    def _tmux(self, *arguments: str) -> str:
        run = subprocess.run(
            ("tmux", "-S", self._socket, *arguments), check=True, capture_output=True
        )
        return run.stdout.decode()
